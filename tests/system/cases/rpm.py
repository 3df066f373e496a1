"""The RPM package: its scriptlets, run by rpm. The machine is a Debian, so that rpm is told not to look for libraries."""
import tempfile

from machine import bare
from packages import built_rpm, empty_rpm, is_of_the_installed_file
from service import Load, debians_nginx, main_pid, serve_debians_site

RPM = 'rpm --nodeps'


def _put_versions(machine):
    """Puts /root/one.rpm, /root/two.rpm, a higher release, and /root/nginx.rpm into the machine."""
    with tempfile.TemporaryDirectory() as directory:
        for name, release in (('one', 1), ('two', 2)):
            machine.put(built_rpm(machine, release, directory), f'/root/{name}.rpm')
        machine.put(empty_rpm('nginx', '1.28.2', directory), '/root/nginx.rpm')


def _is_active(machine, unit):
    return machine.run(f'systemctl is-active {unit}', check=False).out == 'active\n'


@bare
def it_is_installed_upgraded_and_removed(machine):
    _put_versions(machine)
    with Load(machine, kept=8, fresh=4) as load:
        machine.run(f'{RPM} -i /root/one.rpm')
    load.nothing_was_lost()
    assert load.servers.keys() == {debians_nginx(machine)} and not _is_active(machine, 'bext')
    assert machine.run('stat -c "%a %U" /etc/bext/bext.config.toml').out == '640 root\n'
    machine.put('[upgrade]\ndrain_timeout = 3\n', '/etc/bext/bext.config.toml')
    serve_debians_site(machine)
    before = main_pid(machine)
    with Load(machine, kept=16, fresh=4) as load:
        machine.run(f'{RPM} -U /root/two.rpm')
    load.nothing_was_lost()
    assert main_pid(machine) not in (before, '0') and is_of_the_installed_file(machine, main_pid(machine))
    assert '1 upgrade' in machine.run('systemctl show -P StatusText bext').out
    assert machine.get('/etc/bext/bext.config.toml') == b'[upgrade]\ndrain_timeout = 3\n'
    machine.run('systemctl enable bext; cp /usr/sbin/bext-server /usr/sbin/bext-server.prev')
    machine.run('rpm -e bext')
    assert not _is_active(machine, 'bext') and machine.run('pgrep -f bext-server', check=False).status == 1
    assert machine.run('ls -d /usr/sbin/bext* /usr/bin/bext* /usr/lib/bext* /etc/systemd/system/*/bext*', check=False).out == ''


@bare
def a_server_that_cannot_be_replaced_goes_on(machine):
    _put_versions(machine)
    machine.run(f'{RPM} -i /root/one.rpm')
    serve_debians_site(machine)
    before = main_pid(machine)
    machine.run('echo "no_such_directive;" >> /etc/nginx/nginx.conf')
    said = machine.run(f'{RPM} -U /root/two.rpm')
    assert 'bext: the running server could not be replaced' in said.out + said.err, said
    assert main_pid(machine) == before and _is_active(machine, 'bext')


@bare
def a_masquerade_is_repaired_and_ended(machine):
    _put_versions(machine)
    machine.run(f'{RPM} -i /root/one.rpm')
    machine.put('#!/bin/sh\necho "$*" >> /root/asked\n[ "$3" != uninstall ] || [ -e /root/can ]\n', '/usr/bin/bext', 0o755)
    machine.run(f'{RPM} -i /root/nginx.rpm')
    assert machine.run('test -e /root/asked', check=False).status == 1, 'there was nothing to repair'
    machine.put('[Service]\n', '/etc/systemd/system/nginx.service.d/bext-masquerade.conf')
    machine.run(f'{RPM} -U --force /root/nginx.rpm')
    assert machine.get('/root/asked') == b'nginx masquerade install\n'
    serve_debians_site(machine)
    assert machine.run('rpm -e bext', check=False).status != 0 and _is_active(machine, 'bext')
    assert machine.run('rpm -q bext').out.startswith('bext-')
    machine.run('touch /root/can; rpm -e bext')
    assert machine.get('/root/asked').decode().splitlines()[-2:] == ['nginx masquerade status', 'nginx masquerade uninstall']
    assert not _is_active(machine, 'bext')
