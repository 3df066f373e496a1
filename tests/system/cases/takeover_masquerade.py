"""From a takeover to masquerade: `bext nginx masquerade install` while bext.service serves, under load and interrupted, and back to plain nginx."""
import json

from service import Load, debians_nginx

GO = 'bext nginx-takeover --auto-takeover --probation 0'
INSTALL, UNINSTALL = 'bext nginx masquerade install', 'bext nginx masquerade uninstall'
# Where it can be cut off: masquerade's steps up to the drop-in, then the rollback's.
CUTS = ('diversion', 'diversion-done', 'shim', 'shim-written', 'shim-done', 'drop-in', 'drop-in-written', 'drop-in-done',
        'back-start', 'back-verify', 'back-bit', 'back-stop', 'back-clean')


def _plain(machine):
    """Everything that a takeover and masquerade change, but for the journal of the takeover. /etc/.updated is systemd's note of a boot."""
    return machine.run('find /etc /usr/sbin /lib/systemd /run/systemd/system /var/lib/bext/active /var/lib/bext/masquerade ! -path /etc/.updated -printf "%y %m %U:%G %p %l\\n" 2>/dev/null | sort;'
                       ' find /etc /usr/sbin /lib/systemd ! -path /etc/.updated -type f -exec sha256sum {} + | sort; dpkg-divert --list; systemctl is-enabled nginx bext bext-recover;'
                       ' systemctl is-active nginx bext; systemctl show nginx -p Type,DropInPaths,NeedDaemonReload; readlink /proc/$(cat /run/nginx.pid)/exe',
                       check=False).out


def _is_as(machine, before, when):
    after = _plain(machine)
    assert after == before, when + '\n' + '\n'.join(sorted(set(before.splitlines()) ^ set(after.splitlines())))


def _serves(machine, unit):
    """One unit is active, bext-server is its main process, and answers."""
    other = {'nginx': 'bext', 'bext': 'nginx'}[unit]
    assert machine.run(f'systemctl is-active {unit} {other}', check=False).out.split() == ['active', 'inactive'], unit
    program = machine.run(f'readlink /proc/$(systemctl show -P MainPID {unit})/exe').out.strip()
    assert program == '/usr/sbin/bext-server', program
    assert 'Welcome to nginx!' in machine.run('curl -sS http://127.0.0.1/').out


def _masqueraded(machine, enabled='enabled'):
    _serves(machine, 'nginx')
    told = json.loads(machine.run('bext takeover status --json').out)
    assert told['phase'] == 'RolledBack' and told['masquerade'] is True, told
    assert 'nginx.service is bext (masquerade)' in machine.run('bext takeover status').out
    assert machine.run('ls /var/lib/bext/active /etc/systemd/system/*.service.d/50-bext* /run/systemd/system/nginx.service.d', check=False).out == ''
    assert machine.run('systemctl is-enabled nginx bext bext-recover', check=False).out.split() == [enabled, 'disabled', 'disabled']
    assert machine.run('cat /run/nginx.pid').out == machine.run('systemctl show -P MainPID nginx').out
    assert '"state":"installed"' in machine.run('bext nginx masquerade status --json').out


def the_sockets_go_from_one_unit_to_the_other(machine):
    before = _plain(machine)
    machine.run(GO, timeout=60)
    assert 'would do    nginx.service serves on the sockets of bext.service' in machine.run(INSTALL + ' --dry-run').out
    refused = machine.run(INSTALL + ' --no-now', check=False)
    assert refused.status == 1 and 'without --no-now' in refused.err, refused
    assert 'bext rollback gives the ports back' in machine.run(UNINSTALL).out
    _serves(machine, 'bext')
    with Load(machine, kept=16, fresh=8) as load:
        machine.run(INSTALL, timeout=90)
    load.nothing_was_lost()
    assert len(load.servers) == 2, 'both have served'
    _masqueraded(machine)
    refused = machine.run(GO, check=False)
    assert refused.status == 1 and 'nginx.service is bext already (masquerade)' in refused.out, refused
    with Load(machine, kept=4, fresh=4) as load:
        machine.run('systemctl reload nginx; invoke-rc.d nginx upgrade; systemctl kill --kill-who=all -s KILL nginx')
        machine.wait_until('systemctl is-active nginx')
    assert load.counts['refused'] == 0, load.line
    machine.run('systemctl restart nginx')
    machine.reboot()
    _masqueraded(machine)
    with Load(machine, kept=8, fresh=8) as load:
        machine.run(UNINSTALL, timeout=60)
    assert load.counts['refused'] == 0 and load.counts['errors'] == 0, load.line
    _is_as(machine, before, 'afterwards')


def how_nginx_was_started_at_boot_is_what_it_is_again(machine):
    machine.run('systemctl disable nginx')
    before = _plain(machine)
    machine.run(GO, timeout=60)
    machine.run(INSTALL, timeout=60)
    _masqueraded(machine, enabled='disabled')
    machine.run(UNINSTALL, timeout=60)
    _is_as(machine, before, 'afterwards')


def killed_at_any_step_it_goes_on(machine):
    before = _plain(machine)
    for cut in machine.steps(CUTS, ('diversion-done', 'shim-written', 'drop-in', 'back-verify', 'back-bit', 'back-stop')):
        machine.run(GO, timeout=60)
        with Load(machine, kept=2, fresh=2, pause=5) as load:
            done = machine.run(f'BEXT_FAILPOINT={cut}:kill {INSTALL}', timeout=60, check=False)
            assert done.status in (137, -9), (cut, done)
            machine.run(INSTALL, timeout=60)
        load.nothing_was_lost()
        _masqueraded(machine)
        machine.run(UNINSTALL, timeout=60)
        _is_as(machine, before, cut)


def a_power_cut_at_any_step_leaves_one_server_and_the_next_run_goes_on(machine):
    before = _plain(machine)
    machine.run('sync')
    for cut in machine.steps(CUTS, ('shim-written', 'drop-in-done', 'back-stop')):
        machine.run(GO, timeout=60)
        machine.run(f'BEXT_FAILPOINT={cut}:kill {INSTALL}', timeout=60, check=False)
        machine.power_cut()
        _serves(machine, 'nginx' if cut in ('back-stop', 'back-clean') else 'bext')
        machine.run('bext recover')
        machine.run(INSTALL, timeout=60)
        _masqueraded(machine)
        machine.run(UNINSTALL, timeout=60)
        _is_as(machine, before, cut)


a_power_cut_at_any_step_leaves_one_server_and_the_next_run_goes_on.disk = 'ext4'


def a_step_that_fails_leaves_the_takeover(machine):
    machine.run(GO, timeout=60)
    before = machine.run('ls /usr/sbin/nginx* /etc/systemd/system/nginx.service.d; dpkg-divert --list').out
    for cut in ('diversion', 'shim', 'drop-in', 'back-start', 'back-verify'):
        with Load(machine, kept=4, fresh=4) as load:
            done = machine.run(f'BEXT_FAILPOINT={cut}:fail {INSTALL}', timeout=60, check=False)
            assert done.status == 1 and cut in done.err, (cut, done)
        load.nothing_was_lost()
        _serves(machine, 'bext')
        assert machine.run('ls /usr/sbin/nginx* /etc/systemd/system/nginx.service.d; dpkg-divert --list').out == before, cut
    machine.run('bext rollback --yes', timeout=60)
    assert debians_nginx(machine) in machine.run('curl -sSI http://127.0.0.1/').out
