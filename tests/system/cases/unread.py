"""What systemd has read of the units: systemd 255 and later set NeedDaemonReload on every unit whenever any unit is enabled or disabled, so that it
tells nothing. Here the flag is had by another way: a time that is later than it was, and yet before the reading."""
import json

INSTALL = 'bext nginx masquerade install'
LOADED = 'systemctl show -P NeedDaemonReload nginx'
UNIT = '/lib/systemd/system/nginx.service'


def _flagged(machine):
    machine.run(f'touch -d "$(stat -c %y {UNIT}) + 1 minute" {UNIT}')
    assert machine.run(LOADED).out == 'yes\n'


def _state(machine):
    return json.loads(machine.run('bext nginx masquerade status --json', check=False).out)['state']


def _reading(machine):
    findings = json.loads(machine.run('bext nginx masquerade doctor --json', check=False).out)['findings']
    return next(one for one in findings if one['name'] == 'nginx.service is read')


def the_flag_alone_is_no_alarm(machine):
    machine.run('systemctl daemon-reload')
    machine.run(INSTALL)
    _flagged(machine)
    assert _state(machine) == 'installed'
    assert _reading(machine)['verdict'] == 'pass', _reading(machine)
    again = machine.run(INSTALL).out
    assert set(line.split()[0] for line in again.splitlines()) == {'kept'}, again
    machine.run('bext nginx masquerade uninstall')
    assert _state(machine) == 'not installed'


def what_was_changed_is_an_alarm(machine):
    machine.run('systemctl daemon-reload')
    machine.run(INSTALL)
    drop_in = '/etc/systemd/system/nginx.service.d/bext-masquerade.conf'
    for harm, mend in ((f'touch {UNIT}', 'true'), (f'touch {drop_in}', 'true'), (f'echo >> {drop_in}', f'sed -i "\\$d" {drop_in}'),
                       ('mkdir -p /run/systemd/system/nginx.service.d; echo "[Unit]" > /run/systemd/system/nginx.service.d/own.conf', 'rm -r /run/systemd/system/nginx.service.d')):
        machine.run(harm)
        assert _state(machine) == 'half installed', harm
        assert _reading(machine)['verdict'] == 'fail' and _reading(machine)['mend'] == 'systemctl daemon-reload', (harm, _reading(machine))
        machine.run(f'{mend}; systemctl daemon-reload')
        assert _state(machine) == 'installed' and _reading(machine)['verdict'] == 'pass', (harm, _reading(machine))


def after_the_last_change_of_a_unit_file_systemd_reads_all_again(machine):
    for command in ('bext nginx-takeover --auto-takeover --probation 0 --rehearsal 0', 'bext rollback --yes'):
        watch = machine.start('exec busctl monitor --json=short org.freedesktop.systemd1 > /root/calls')
        machine.wait_until(f'pgrep -x busctl && {LOADED}')
        machine.run(f'for i in $(seq 50); do {LOADED} > /dev/null; done')  # it is at work by then
        machine.run(command, timeout=60)
        machine.run('pkill -x busctl')
        machine.finish(watch, check=False)
        out = machine.get('/root/calls').decode()
        calls = [one['member'] for line in out.splitlines() if (one := json.loads(line)).get('type') == 'method_call' and one.get('interface') == 'org.freedesktop.systemd1.Manager']
        changes = [at for at, name in enumerate(calls) if name.endswith('UnitFiles')]
        assert changes and 'Reload' in calls[changes[-1]:], (command, calls)
