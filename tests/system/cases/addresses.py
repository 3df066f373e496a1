"""Addresses that do not exist now: a floating one that is elsewhere, IPv6 switched off. What nginx does not answer is not demanded of bext,
and no way back depends on one."""
import json

GO = 'bext nginx-takeover --auto-takeover --probation 0'
BACK = 'bext rollback --yes'
HERE, AWAY = 'ip address add 10.9.9.9/32 dev lo', 'ip address delete 10.9.9.9/32 dev lo'
COVERED = 'listen 80; listen 10.9.9.9:80;'          # a wildcard's socket takes what comes for the address
OF_ITS_OWN = 'listen 127.0.0.1:80; listen 10.9.9.9:80;'


def _site(machine, listens):
    machine.put(f'user www-data;\npid /run/nginx.pid;\nevents {{}}\nhttp {{ server {{ {listens} server_name one.example; return 200 "one\\n"; }} }}\n',
                '/etc/nginx/nginx.conf')
    machine.run('systemctl restart nginx')


def _serves(machine, server):
    assert machine.run('systemctl is-active nginx bext', check=False).out.split() == (['active', 'inactive'] if server == 'nginx' else ['inactive', 'active'])
    assert f'Server: {server}/' in machine.run('curl -sSI http://127.0.0.1/').out


def _there_and_back(machine, named):
    done = machine.run(GO, timeout=60)
    assert named in done.err, done
    assert named in machine.run('bext takeover status').out
    _serves(machine, 'bext')
    machine.run(BACK, timeout=60)
    _serves(machine, 'nginx')
    assert json.loads(machine.run('bext takeover status --json').out)['phase'] == 'RolledBack'


def a_floating_address_that_is_elsewhere(machine):
    _site(machine, COVERED)
    _there_and_back(machine, '10.9.9.9:80')


def one_that_has_left_since_nginx_was_started(machine):
    machine.run(HERE)
    _site(machine, OF_ITS_OWN)
    machine.run(AWAY)
    assert machine.run('nginx -t', check=False).status == 1
    _there_and_back(machine, '10.9.9.9:80')
    machine.run(HERE)
    assert 'Server: nginx/' in machine.run('curl -sSI http://10.9.9.9/').out, 'the socket has outlived it all'


def one_that_leaves_during_the_takeover_and_one_that_leaves_after_it(machine):
    machine.run(HERE)
    _site(machine, OF_ITS_OWN)
    process = machine.start(f'exec env BEXT_FAILPOINT=prove:pause {GO}')
    machine.wait_until('test -e /run/bext/failpoint', timeout=60)
    machine.run(f'{AWAY}; rm /run/bext/failpoint')
    done = machine.finish(process, timeout=60)
    assert 'the address has left' in done.err, done
    machine.run(BACK, timeout=60)
    _serves(machine, 'nginx')
    machine.run(HERE)
    machine.run(GO, timeout=60)
    assert 'Server: bext/' in machine.run('curl -sSI http://10.9.9.9/').out
    machine.run(AWAY)
    machine.run(BACK, timeout=60)
    _serves(machine, 'nginx')
    machine.run(HERE)
    assert 'Server: nginx/' in machine.run('curl -sSI http://10.9.9.9/').out


def what_is_undone_does_not_ask_it_either(machine):
    machine.run('sysctl -w net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.lo.disable_ipv6=1; systemctl restart nginx')
    for step in ('stop', 'alone', 'commit'):
        done = machine.run(f'BEXT_FAILPOINT={step}:fail {GO}', timeout=30, check=False)
        assert done.status == 1 and 'and then' not in done.err, done
        _serves(machine, 'nginx')
        machine.run(f'BEXT_FAILPOINT={step}:kill {GO}', timeout=30, check=False)
        machine.run('bext recover')
        _serves(machine, 'nginx')


def ipv6_is_switched_off(machine):
    machine.run('sysctl -w net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.lo.disable_ipv6=1')
    assert '[::]:80' in machine.run('grep listen /etc/nginx/sites-enabled/default').out
    machine.run('systemctl restart nginx')
    _there_and_back(machine, '[::1]:80')
