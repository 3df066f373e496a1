"""The rehearsal of a takeover: what differs stops it, what varies by itself does not, and nothing of the site is touched."""
import json

GO = 'bext nginx-takeover --auto-takeover --probation 1'


def _check(done):
    """The check in the answer of --json."""
    return next(check for check in json.loads(done.out)['checks'] if check['name'] == 'Rehearsal')


def _site(machine, text, name='site'):
    machine.put(text, f'/etc/nginx/conf.d/{name}.conf')
    machine.run('systemctl reload nginx')


def _server(machine):
    return machine.run('curl -sSI http://127.0.0.1/ | sed -n "s/^Server: //p"').out.split('/')[0].strip()


def a_difference_stops_the_takeover(machine):
    """nginx serves what it read; the file on the disk, which bext would serve, says something else."""
    site = 'server {{ listen 8090; server_name one.example; location /same {{ return 200 same; }} location /planted {{ return 200 {}; }} }}'
    _site(machine, site.format('old'))
    machine.wait_until('curl -sS http://127.0.0.1:8090/planted | grep old')
    machine.run('curl -sS "http://127.0.0.1:8090/planted/x?y=1" http://127.0.0.1:8090/same')
    machine.put(site.format('longer'), '/etc/nginx/conf.d/site.conf')
    machine.run(f'{GO} --nginx-config /none', check=False)  # makes the directories that every takeover command makes
    before = machine.run('systemctl show -P MainPID nginx; ls -R /var/lib/bext /etc/systemd/system | md5sum', check=False).out
    done = machine.run(GO, timeout=120, check=False)
    assert done.status == 1 and 'nothing was changed' in done.err, done
    assert 'one.example /planted: GET /planted' in done.out and 'header content-length: nginx 3, bext 6' in done.out, done
    assert '/same: ' not in done.out, done
    check = _check(machine.run(f'{GO} --json', timeout=120, check=False))
    assert check['verdict'] == 'fail' and check['critical'] and ' % the same' in check['looked_at'], check
    process = machine.start('exec bext nginx-takeover --port 9999 > /run/dashboard.log 2>&1')
    machine.wait_until('grep -q token= /run/dashboard.log')
    token = machine.run('grep -o "token=.*" /run/dashboard.log').out.strip().split('=')[1]
    details = json.loads(machine.run(f'curl -sS -H "X-Bext-Token: {token}" http://127.0.0.1:9999/api/rehearsal').out)
    process.terminate()
    machine.finish(process, check=False)
    planted = next(place for place in details['locations'] if place['location'] == '/planted')
    named = {place['location'] for place in details['locations'] if place['server'] == 'one.example'}
    assert named == {'/same', '/planted', '(no location)'}, 'those of the configuration, and / is none'
    assert details['state'] == 'done' and planted['matched'] == 0 and planted['differences'], details
    assert all(place['matched'] == place['requests'] for place in details['locations'] if place is not planted), details
    assert machine.run('systemctl show -P MainPID nginx; ls -R /var/lib/bext /etc/systemd/system | md5sum', check=False).out == before
    assert _server(machine) == 'nginx'
    machine.run(f'{GO} --rehearsal 0', timeout=120)
    assert _server(machine) == 'bext'


APP = """
import http.server, os, socketserver
class App(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = os.urandom(8).hex() * (1 + os.urandom(1)[0] % 9) if self.path.startswith('/varying') else self.path
        body = 'x' * 300000 if self.path.startswith('/long') else body
        self.send_response(200)
        self.send_header('Content-Length', str(len(body)))
        self.send_header('X-Request-Id', os.urandom(8).hex())
        self.send_header('Set-Cookie', 'session=' + os.urandom(8).hex())
        self.end_headers()
        self.wfile.write(body.encode())
    do_HEAD = do_GET
class Server(socketserver.ThreadingMixIn, http.server.HTTPServer): pass
Server(('127.0.0.1', 8089), App).serve_forever()
"""


def _application(machine):
    machine.put(APP, '/run/app.py')
    app = machine.start('exec python3 /run/app.py')
    machine.wait_until('curl -sS http://127.0.0.1:8089/')
    return app


def what_varies_by_itself_passes(machine):
    app = _application(machine)
    _site(machine, 'limit_req_zone $server_name zone=all:1m rate=1r/s;'
                   ' server { listen 8090; location / { proxy_pass http://127.0.0.1:8089; } location /limited { limit_req zone=all; return 200 x; } }')
    machine.wait_until('curl -sS http://127.0.0.1:8090/varying')
    machine.run('for i in 1 2 3 4 5; do curl -sS http://127.0.0.1:8090/varying/$i http://127.0.0.1:8090/steady/$i http://127.0.0.1:8090/limited/$i; done')
    check = _check(machine.run(f'{GO} --json', timeout=120))
    assert check['verdict'] == 'pass' and '100 % the same' in check['looked_at'], check
    assert _server(machine) == 'bext'
    app.kill()


def tls_names_and_ports_pass(machine):
    app = _application(machine)
    machine.run('openssl req -x509 -newkey rsa:2048 -nodes -days 90 -subj /CN=one.example -keyout /etc/nginx/one.key -out /etc/nginx/one.pem')
    _site(machine, 'ssl_certificate one.pem; ssl_certificate_key one.key;'
                   ' server { listen 8090 ssl; server_name one.example; location / { proxy_pass http://127.0.0.1:8089; }'
                   ' location /port { return 200 "$server_addr $server_port $ssl_server_name"; } }'
                   ' server { listen 8090 ssl; server_name two.example; root /var/www/html; location /dir { return 301 /other; } }'
                   ' server { listen 8091 proxy_protocol; server_name three.example; location / { return 200 three; } }')
    ask = 'curl -sSk --resolve one.example:8090:127.0.0.1 --resolve two.example:8090:127.0.0.1'
    machine.wait_until(f'{ask} https://one.example:8090/port | grep "127.0.0.1 8090 one.example"')
    machine.run(f'{ask} https://one.example:8090/a https://two.example:8090/dir https://two.example:8090/none; {ask} -I https://two.example:8090/')
    check = _check(machine.run(f'{GO} --json', timeout=120))
    assert check['verdict'] == 'pass' and '100 % the same' in check['looked_at'], check
    app.kill()


def nothing_of_the_site_is_touched(machine):
    """A failing Rehearsal, so that the takeover changes nothing itself: what then differs is the rehearsal's doing."""
    app = _application(machine)
    site = 'log_format own "$host \\"$request\\" $status \\"$http_user_agent\\" $server_port $pid";' \
           ' server {{ listen 8090; access_log /var/log/nginx/own.log own; access_log /var/log/nginx/$server_port.log own;' \
           ' location / {{ proxy_pass http://127.0.0.1:8089; proxy_buffers 2 4k; proxy_buffer_size 4k; proxy_busy_buffers_size 4k; }}' \
           ' location /planted {{ return 200 {}; }} }}'
    machine.run('chgrp www-data /var/log/nginx; chmod g+w /var/log/nginx')
    _site(machine, site.format('old'))
    machine.wait_until('curl -sS http://127.0.0.1:8090/planted | grep old')
    machine.run('curl -sS http://127.0.0.1:8090/long >/dev/null')
    machine.put(site.format('other'), '/etc/nginx/conf.d/site.conf')
    look = 'find /run/bext* /run/nginx.pid /var/lib/nginx /var/lib/bext /var/log/nginx /etc/nginx -maxdepth 1 -printf "%p %u %m %i %y\\n" | sort'
    machine.run(f'{GO} --nginx-config /none', check=False)  # makes the directories that every takeover command makes
    before = machine.run(look, check=False).out
    nginx = machine.run('systemctl show -P MainPID nginx; pgrep nginx | sort').out
    done = machine.run(GO, timeout=120, check=False)
    assert done.status == 1 and '/planted: GET /planted' in done.out, done
    assert machine.run(look, check=False).out == before
    assert machine.run('systemctl show -P MainPID nginx; pgrep nginx | sort').out == nginx
    assert machine.run('pgrep -f "[b]ext-server rehearse"', check=False).status == 1
    workers = set(nginx.split())
    for file in ('own.log', '8090.log'):
        asked = [line for line in machine.run(f'grep bext-rehearsal /var/log/nginx/{file}').out.splitlines()]
        assert asked and all(line.split()[-1] in workers for line in asked), asked
    app.kill()


def it_ends_with_the_command(machine):
    machine.put(APP.replace('body = ', 'import time; time.sleep(1); body = ', 1), '/run/app.py')
    app = machine.start('exec python3 /run/app.py')
    _site(machine, 'server { listen 8090; location / { proxy_pass http://127.0.0.1:8089; } }')
    machine.wait_until('curl -sS http://127.0.0.1:8090/')
    process = machine.start(f'exec {GO}')
    machine.wait_until('pgrep -f "[b]ext-server rehearse"')
    process.kill()
    machine.run('kill -9 $(pidof bext)', check=False)
    machine.wait_until('! pgrep -f "[b]ext-server rehearse"')
    assert _server(machine) == 'nginx'
    app.kill()


def without_requests_or_namespaces_it_warns(machine):
    machine.run(': > /var/log/nginx/access.log; rm -f /var/log/nginx/access.log.1')
    limited = 'systemd-run --quiet --wait --pipe -p RestrictNamespaces=yes'
    check = _check(machine.run(f'{limited} bext nginx-takeover --auto-takeover --probation 1 --json', timeout=120))
    assert check['verdict'] == 'warn' and 'not done: making a network of its own' in check['reason'], check
    machine.run('bext rollback --yes', timeout=120)
    machine.run(': > /var/log/nginx/access.log')
    check = _check(machine.run(f'{GO} --json', timeout=120))
    assert check['verdict'] == 'warn' and 'only / of every name was compared' in check['reason'] and '100 %' in check['looked_at'], check
