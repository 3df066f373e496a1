"""The Debian package: what its installation, upgrade and removal do to traffic, to services and to files."""
from machine import bare
from packages import APT, install, is_of_the_installed_file, put_versions
from service import Load, debians_nginx, main_pid, serve_debians_site

# Every file with its type, mode, owner and target; but for what records, caches, or is the machine's own memory.
FILES = r'''find / -xdev \( -path /tmp -o -path /root -o -path /run/systemd -o -path /run/log -o -path /var/cache -o -path /var/lib/apt
 -o -path /var/lib/dpkg -o -path /var/lib/systemd/timers -o -path /var/log/journal -o -path /var/log/apt -o -path /var/log/nginx \) -prune
 -o ! -name 'dpkg.log' ! -name 'load.*' -printf '%p %y %m %u:%g %l\n' | sort'''.replace('\n', '')


def _states(machine, unit):
    """Whether the unit runs, and whether it starts at boot."""
    return tuple(machine.run(f'systemctl {question} {unit}', check=False).out.strip() for question in ('is-active', 'is-enabled'))


def _installed_and_serving(machine):
    put_versions(machine)
    install(machine, 'one')
    serve_debians_site(machine)


@bare
def installing_leaves_the_ports_to_nginx(machine):
    put_versions(machine)
    with Load(machine, kept=8, fresh=4) as load:
        for name, options in (('one', ''), ('one', '--reinstall'), ('two', '')):
            install(machine, name, options)
            assert _states(machine, 'bext') == ('inactive', 'disabled')
            assert _states(machine, 'nginx') == ('active', 'enabled')
    load.nothing_was_lost()
    assert load.servers.keys() == {debians_nginx(machine)}, load.servers
    assert machine.run("dpkg --verify bext | grep -v '^missing .*/usr/share/[dm]'", check=False).out == ''  # machines have no documentation
    assert 'syntax is ok' in machine.run('/usr/lib/bext/nginx -t').err
    assert '/usr/sbin/bext-server' in machine.run('systemctl show -P ExecStart bext').out
    machine.reboot()
    assert _states(machine, 'bext') == ('inactive', 'disabled')
    assert f'Server: {debians_nginx(machine)}\n' in machine.run('curl -sSI http://127.0.0.1/').out


@bare
def an_upgrade_replaces_the_running_server(machine):
    _installed_and_serving(machine)
    machine.run('systemctl enable bext')
    with Load(machine, kept=16, fresh=4) as load:
        for name, options in (('two', ''), ('one', '--allow-downgrades'), ('one', '--reinstall')):
            before = main_pid(machine)
            install(machine, name, options)
            assert main_pid(machine) not in (before, '0')
            assert is_of_the_installed_file(machine, main_pid(machine))
            assert _states(machine, 'bext') == ('active', 'enabled')
    load.nothing_was_lost()
    assert '3 upgrades' in machine.run('systemctl show -P StatusText bext').out


@bare
def an_upgrade_leaves_a_stopped_server_alone(machine):
    _installed_and_serving(machine)
    machine.run('systemctl enable bext; systemctl stop bext')
    install(machine, 'two')
    assert _states(machine, 'bext') == ('inactive', 'enabled')


@bare
def a_server_that_cannot_be_replaced_goes_on(machine):
    _installed_and_serving(machine)
    before = main_pid(machine)
    machine.run('cp /etc/nginx/nginx.conf /root/good; echo "no_such_directive;" >> /etc/nginx/nginx.conf')
    with Load(machine, kept=8, fresh=4) as load:
        said = install(machine, 'two')
    load.nothing_was_lost()
    assert 'bext: the running server could not be replaced' in said.out + said.err, said
    assert machine.run('dpkg-query -W -f "\\${Status} \\${Version}" bext').out == 'install ok installed 9.0-1'
    assert main_pid(machine) == before and _states(machine, 'bext')[0] == 'active'
    machine.run('cp /root/good /etc/nginx/nginx.conf; systemctl reload bext')
    assert main_pid(machine) != before and is_of_the_installed_file(machine, main_pid(machine))


@bare
def changes_of_the_configuration_are_kept(machine):
    _installed_and_serving(machine)
    machine.put('[upgrade]\ndrain_timeout = 3\n', '/etc/bext/bext.config.toml', 0o600)
    install(machine, 'two')
    assert machine.get('/etc/bext/bext.config.toml') == b'[upgrade]\ndrain_timeout = 3\n'
    assert machine.run('stat -c "%a %U:%G" /etc/bext/bext.config.toml').out == '600 root:root\n'
    machine.run(f'{APT} remove bext')
    assert machine.get('/etc/bext/bext.config.toml') == b'[upgrade]\ndrain_timeout = 3\n'


@bare
def purged_it_leaves_nothing(machine):
    put_versions(machine)
    machine.run('systemctl stop nginx')
    before = machine.run(FILES).out
    for _ in range(2):
        install(machine, 'one')
        machine.run('systemctl enable --now bext; bext upgrade --binary /usr/sbin/bext-server; date > /var/log/bext/error.log')
        assert machine.run('ls /usr/sbin/bext-server.prev /run/bext.pid').status == 0
        machine.run(f'{APT} remove bext', timeout=60)
        assert _states(machine, 'bext')[0] == 'inactive'
        assert machine.run('pgrep -f bext-server', check=False).status == 1
        assert machine.run('ls -d /etc/bext/bext.config.toml /var/log/bext/error.log').status == 0
        machine.run(f'{APT} purge bext')
        after = machine.run(FILES).out
        assert after == before, set(after.splitlines()) ^ set(before.splitlines())


@bare
def removed_and_installed_again_it_is_what_it_was(machine):
    _installed_and_serving(machine)
    machine.run('systemctl enable bext')
    machine.run(f'{APT} remove bext')
    install(machine, 'one')
    assert _states(machine, 'bext') == ('inactive', 'enabled')


@bare
def removing_it_after_a_takeover_gives_the_ports_back(machine):
    _installed_and_serving(machine)
    machine.run('systemctl enable bext; touch /var/lib/bext/active')
    machine.run(f'{APT} purge bext')
    assert _states(machine, 'nginx') == ('active', 'enabled')
    assert f'Server: {debians_nginx(machine)}\n' in machine.run('curl -sSI http://127.0.0.1/').out
    machine.reboot()
    assert f'Server: {debians_nginx(machine)}\n' in machine.run('curl -sSI http://127.0.0.1/').out


@bare
def removing_it_after_a_takeover_refuses_nobody(machine):
    put_versions(machine)
    install(machine, 'one')
    before = machine.run('systemctl is-enabled nginx; ls /etc/systemd/system/nginx.service.d', check=False).out
    machine.run('bext nginx-takeover --auto-takeover --probation 1', timeout=120)
    with Load(machine, kept=16, fresh=16) as load:
        machine.run(f'{APT} remove bext', timeout=120)
        assert f'Server: {debians_nginx(machine)}\n' in machine.run('curl -sSI http://127.0.0.1/').out
    load.nothing_was_lost()
    assert {name.split('/')[0] for name in load.servers} == {'nginx', 'bext'}, load.servers
    assert machine.run('systemctl is-enabled nginx; ls /etc/systemd/system/nginx.service.d', check=False).out == before
    machine.run('systemctl reload nginx; systemctl restart nginx')


@bare
def a_masquerade_ends_before_the_removal_or_prevents_it(machine):
    _installed_and_serving(machine)
    stand_in = '#!/bin/sh\necho "$*" >> /root/asked\n[ "$3" = status ] || [ -e /root/can ]\n'
    machine.put(stand_in, '/usr/bin/bext', 0o755)
    refused = machine.run(f'{APT} remove bext', check=False)
    assert refused.status != 0 and _states(machine, 'bext')[0] == 'active', refused
    assert machine.run('dpkg-query -W -f "\\${db:Status-Status}" bext').out == 'installed'
    machine.run(f'touch /root/can; {APT} remove bext')
    assert machine.get('/root/asked').decode().split('\n')[-3:-1] == ['nginx masquerade status', 'nginx masquerade uninstall']


@bare
def an_upgrade_in_nginxs_place_replaces_the_running_server(machine):
    put_versions(machine)
    install(machine, 'one')
    machine.run('bext nginx masquerade install')
    with Load(machine, kept=16, fresh=4) as load:
        before = main_pid(machine, 'nginx')
        install(machine, 'two')
        assert main_pid(machine, 'nginx') not in (before, '0')
        assert is_of_the_installed_file(machine, main_pid(machine, 'nginx'))
        # what needrestart does for nginx.service when a library was upgraded
        before = main_pid(machine, 'nginx')
        machine.run('/etc/needrestart/restart.d/nginx.service')
        assert main_pid(machine, 'nginx') not in (before, '0')
    load.nothing_was_lost()
    assert list(load.servers) == ['nginx/1.28.2'], load.servers
    machine.run(f'{APT} remove bext')
    assert f'Server: {debians_nginx(machine)}\n' in machine.run('curl -sSI http://127.0.0.1/').out
    assert machine.run('dpkg-divert --list /usr/sbin/nginx').out == ''


@bare
def its_logs_are_rotated(machine):
    _installed_and_serving(machine)
    machine.run("sed -i 's|access_log .*|access_log /var/log/bext/access.log;|' /etc/nginx/nginx.conf; systemctl reload bext")
    machine.run('curl -sS http://127.0.0.1/before; logrotate --force /etc/logrotate.d/bext')
    assert b'/before' in machine.get('/var/log/bext/access.log.1')
    machine.wait_until('curl -sS http://127.0.0.1/after; grep -q /after /var/log/bext/access.log')


@bare
def the_rotation_of_nginxs_logs_reaches_it(machine):
    _installed_and_serving(machine)
    machine.run('curl -sS http://127.0.0.1/before')
    machine.put('logrotate state -- version 2\n"/var/log/nginx/access.log" 2020-1-1-0:0:0\n', '/var/lib/logrotate/status')
    machine.run('systemctl start logrotate')
    assert b'/before' in machine.get('/var/log/nginx/access.log.1')
    machine.wait_until('curl -sS http://127.0.0.1/after; grep -q /after /var/log/nginx/access.log')
