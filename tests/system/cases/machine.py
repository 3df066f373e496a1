"""The machine itself: what every other test relies on."""
import pathlib
import time

from machine import Failed, forgetful


def it_is_a_debian_under_its_own_systemd(machine):
    assert machine.run('systemctl is-active nginx').out == 'active\n'
    assert 'VERSION_ID="12"' in machine.get('/etc/os-release').decode()
    assert machine.run('cat /proc/1/comm').out == 'systemd\n'
    assert machine.run('stat -f -c %T /sys/fs/cgroup').out == 'cgroup2fs\n'
    assert machine.run('systemctl --failed --plain --no-legend').out == ''


def its_network_is_its_own(machine):
    assert machine.run('ls /sys/class/net').out.split() == ['lo']
    assert machine.run('curl -sS -o /dev/null -w "%{http_code}" http://127.0.0.1/').out == '200'


def files_go_in_and_come_out(machine):
    machine.put('one\n', '/srv/new/file', 0o640)
    assert machine.get('/srv/new/file') == b'one\n'
    assert machine.run('stat -c "%a %U" /srv/new/file').out == '640 root\n'
    machine.put(pathlib.Path(__file__), '/tmp/copy')
    assert machine.get('/tmp/copy') == pathlib.Path(__file__).read_bytes()


def a_command_that_fails_or_hangs_is_a_failure(machine):
    assert machine.run('exit 3', check=False).status == 3
    for command in ('exit 3', 'sleep 60'):
        began = time.monotonic()
        try:
            machine.run(command, timeout=1)
        except Failed as failure:
            assert command in str(failure)
        else:
            raise AssertionError(command)
        assert time.monotonic() - began < 30
    machine.wait_until('! pgrep -x sleep')


def its_disk_outlives_a_reboot_and_a_power_cut(machine):
    machine.put('kept', '/srv/kept')
    machine.put('gone', '/run/gone')
    first = machine.run('systemctl show -P InvocationID nginx').out
    machine.run('systemctl disable nginx')
    machine.reboot()
    assert machine.get('/srv/kept') == b'kept'
    assert machine.run('test -e /run/gone', check=False).status == 1
    assert machine.run('systemctl is-active nginx', check=False).out == 'inactive\n'
    machine.run('systemctl enable --now nginx')
    machine.power_cut()
    assert machine.get('/srv/kept') == b'kept'
    assert machine.run('systemctl is-active nginx').out == 'active\n'
    assert machine.run('systemctl show -P InvocationID nginx').out != first


@forgetful
def a_forgetful_disk_loses_what_was_not_synced(machine):
    machine.run('echo old > /srv/renamed; sync; echo safe > /srv/safe; sync /srv/safe; echo lost > /srv/lost')
    machine.run('echo new > /srv/new; mv /srv/new /srv/renamed')
    machine.power_cut()
    assert machine.get('/srv/safe') == b'safe\n'
    assert machine.run('cat /srv/lost', check=False).out == ''
    assert machine.run('cat /srv/renamed').out in ('old\n', ''), 'the name was never made sure of'
    machine.run('echo new > /srv/new; sync /srv/new; mv /srv/new /srv/renamed; sync /srv')
    machine.power_cut()
    assert machine.get('/srv/renamed') == b'new\n'
