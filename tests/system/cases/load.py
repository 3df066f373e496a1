"""The load client counts what it says it counts, with Debian's own nginx to answer it."""
import os
import signal

from service import Load, counts_of, debians_nginx


def a_graceful_reload_costs_nothing(machine):
    with Load(machine, kept=8, fresh=8) as load:
        machine.run('systemctl reload nginx')
    load.nothing_was_lost()
    assert load.counts['answers'] > 16 and load.servers.keys() == {debians_nginx(machine)}, load.line


def a_server_that_stops_refuses(machine):
    with Load(machine, kept=2, fresh=2) as load:
        machine.run('systemctl stop nginx')
        machine.run('sleep 0.2; systemctl start nginx')
    assert load.counts['refused'] > 0 and load.counts['gap_ms'] >= 200, load.line


def a_server_that_dies_loses_what_is_under_way(machine):
    machine.put('server { listen 81; root /srv; limit_rate 100; }', '/etc/nginx/sites-enabled/slow')
    machine.put('x' * 10000, '/srv/large')
    machine.run('systemctl restart nginx')
    slow = machine.start('exec load.py --port 81 --kept 5 --path /large')
    machine.wait_until('[ $(ss -Htn state established sport = :81 | wc -l) = 5 ]')
    machine.run('sleep 0.5; pkill -KILL nginx; sleep 0.5')
    os.killpg(slow.pid, signal.SIGTERM)
    counts, _ = counts_of(machine.finish(slow, check=False).out)
    assert counts['lost'] == 5 and counts['answers'] == 0 and counts['refused'] > 0, counts


def an_idle_connection_that_is_closed_is_no_loss(machine):
    machine.run('sed -i "s/keepalive_timeout.*//; /http {/a keepalive_timeout 1;" /etc/nginx/nginx.conf')
    machine.run('systemctl restart nginx')
    counts, _ = counts_of(machine.run('load.py --port 80 --kept 3 --pause 3000 --seconds 4').out)
    assert counts['closed'] >= 3 and counts['lost'] == counts['refused'] == 0, counts


def tls_and_chunked_answers_are_understood(machine):
    machine.run('openssl req -x509 -newkey rsa:2048 -nodes -keyout /srv/key -out /srv/cert -days 9 -subj /CN=localhost')
    machine.put('server { listen 443 ssl; ssl_certificate /srv/cert; ssl_certificate_key /srv/key; root /srv; gzip on; ssi on; ssi_types *; }',
                '/etc/nginx/sites-enabled/tls')
    machine.put('x' * 100000, '/srv/page')
    machine.run('systemctl restart nginx')
    assert 'Transfer-Encoding: chunked' in machine.run('curl -sSki https://127.0.0.1/page | head -20').out
    line = machine.run('load.py --port 443 --tls --kept 3 --fresh 3 --seconds 1 --path /page').out
    counts, _ = counts_of(line)
    assert counts['answers'] > 12 and counts['errors'] == counts['refused'] == counts['lost'] == 0, counts
