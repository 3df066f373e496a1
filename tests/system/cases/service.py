"""bext.service on Debian's own nginx.conf: it starts, reloads, is back after a crash, a reboot and a power cut."""
from service import Load, serve_debians_site


def it_serves_debians_configuration(machine):
    serve_debians_site(machine)
    assert 'Welcome to nginx!' in machine.run('curl -sS http://127.0.0.1/').out
    assert machine.run('curl -sS -o /dev/null -w "%{http_code}" http://[::1]/nothing').out == '404'
    assert 'GET /nothing' in machine.get('/var/log/nginx/access.log').decode()
    assert machine.run('ps -o user= -C bext-server').out.split() == ['root', 'www-data']


def a_changed_configuration_is_taken_without_a_loss(machine):
    serve_debians_site(machine)
    with Load(machine, kept=16, fresh=4) as load:
        machine.run("sed -i 's/server_name _;/server_name _; add_header X-Seen 1;/' /etc/nginx/sites-enabled/default")
        machine.run('systemctl kill --kill-who=main -s HUP bext')
        machine.wait_until('curl -sSi http://127.0.0.1/ | grep -q X-Seen')
    load.nothing_was_lost()


def stopping_it_answers_what_is_under_way(machine):
    serve_debians_site(machine)
    machine.put('x' * 300_000, '/var/www/html/large')
    machine.run("sed -i 's/server_name _;/server_name _; limit_rate 100k;/' /etc/nginx/sites-enabled/default; nginx -t")
    machine.run('systemctl restart bext')
    download = machine.start('curl -sS -o /tmp/large -w "%{http_code} %{size_download}" http://127.0.0.1/large')
    machine.wait_until('[ -s /tmp/large ]')
    machine.run('systemctl stop bext')
    assert machine.finish(download).out == '200 300000'
    assert machine.run('systemctl show -P Result bext').out == 'success\n'
    assert machine.run('pgrep -x bext-server', check=False).status == 1
    assert machine.run('test -e /run/bext.pid', check=False).status == 1


def a_killed_one_starts_again(machine):
    serve_debians_site(machine)
    first = machine.run('systemctl show -P MainPID bext').out
    machine.run('systemctl kill --kill-who=main -s KILL bext')
    machine.wait_until('curl -sS http://127.0.0.1/ | grep -q Welcome')
    assert machine.run('systemctl show -P MainPID bext').out != first


def it_is_there_after_a_reboot_and_a_power_cut(machine):
    serve_debians_site(machine)
    machine.run('systemctl enable bext')
    for again in (machine.reboot, machine.power_cut):
        again()
        assert machine.run('systemctl is-active bext').out == 'active\n'
        machine.wait_until('curl -sS http://127.0.0.1/ | grep -q Welcome')
        assert machine.run('pgrep -x nginx', check=False).status == 1


def a_fault_in_the_configuration_is_in_the_journal(machine):
    serve_debians_site(machine)
    machine.run('systemctl stop bext; echo "no_such_directive;" >> /etc/nginx/nginx.conf; systemctl start bext', check=False)
    machine.wait_until('systemctl is-failed bext')
    assert 'unknown directive "no_such_directive" in /etc/nginx/nginx.conf' in machine.journal('bext')



def the_journal_knows_how_bad_a_message_is(machine):
    serve_debians_site(machine)
    machine.run("sed -i 's/error_log .*/error_log stderr notice;/' /etc/nginx/nginx.conf")
    machine.run("echo 'server { listen 80 default_server; location / { root /var/www/html; } location /up { proxy_pass http://127.0.0.1:9; } }'"
                ' > /etc/nginx/sites-enabled/default; systemctl restart bext')
    machine.wait_until('curl -sS http://127.0.0.1/up | grep -q 502')
    errors = machine.run('journalctl -u bext -o cat -p err').out
    assert 'connect() failed' in errors and 'start worker process' not in errors, errors
    assert 'start worker process' in machine.run('journalctl -u bext -o cat -p notice..notice').out
