"""bext-fallback.service: a bext that does not start after a takeover gives the ports back to nginx, and only then."""
from service import serve_debians_site


def _break_and_restart(machine):
    machine.run('mv /usr/sbin/bext-server /usr/sbin/bext-server.away; ln -s /bin/false /usr/sbin/bext-server; systemctl restart bext', check=False)
    machine.wait_until('systemctl is-failed bext || [ $(systemctl show -P InactiveEnterTimestampMonotonic bext-fallback) != 0 ]')


def after_a_takeover_nginx_is_back(machine):
    serve_debians_site(machine)
    machine.run('mkdir -p /var/lib/bext; touch /var/lib/bext/active')
    _break_and_restart(machine)
    machine.wait_until('systemctl is-active nginx')
    assert 'Welcome to nginx!' in machine.run('curl -sS http://127.0.0.1/').out
    assert 'Server: nginx/' in machine.run('curl -sSI http://127.0.0.1/').out
    assert machine.run('test -e /var/lib/bext/active', check=False).status == 1
    assert machine.run('systemctl is-enabled nginx').out == 'enabled\n'
    assert int(machine.run('systemctl show -P NRestarts bext').out) == 0, 'the count of failures is not reset'


def a_stop_that_fails_gives_nothing_back(machine):
    serve_debians_site(machine)
    machine.run('mkdir -p /var/lib/bext; touch /var/lib/bext/active')
    machine.run('mkdir -p /run/systemd/system/bext.service.d; printf "[Service]\nTimeoutStopSec=1\n" > /run/systemd/system/bext.service.d/soon.conf;'
                ' systemctl daemon-reload')
    for _ in range(4):                          # that it has been restarted often in its life is no reason either
        machine.run('systemctl kill --kill-who=main -s KILL bext; sleep 0.5', timeout=30)
        machine.wait_until('curl -sS http://127.0.0.1/')
    assert int(machine.run('systemctl show -P NRestarts bext').out) == 4
    machine.wait_until('[ $(($(cut -d. -f1 /proc/uptime) - $(systemctl show -P ExecMainStartTimestampMonotonic bext) / 1000000)) -gt 31 ]', timeout=60)
    machine.run('truncate -s 100M /var/www/html/large')
    download = machine.start('exec curl -sS --limit-rate 1k -o /dev/null http://127.0.0.1/large')
    machine.wait_until('ss -tn state established | grep -q :80')
    machine.run('systemctl stop bext', check=False)
    assert machine.run('systemctl is-failed bext').out == 'failed\n'
    machine.wait_until('journalctl -u bext-fallback -o cat | grep -q "[Ss]kipped\|condition"')
    assert machine.run('systemctl is-active nginx', check=False).out == 'inactive\n'
    assert machine.run('test -e /var/lib/bext/active').status == 0
    download.kill()


def without_a_takeover_nginx_is_left_alone(machine):
    serve_debians_site(machine)
    _break_and_restart(machine)
    machine.wait_until('journalctl -u bext-fallback -o cat | grep -q "unmet condition"')
    assert machine.run('systemctl is-active nginx', check=False).out == 'inactive\n'
    assert machine.run('systemctl is-failed bext').out == 'failed\n'
