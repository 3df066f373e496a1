"""bext nginx-takeover on Debian's nginx under load: there and back, stopped by checks, interrupted at every step."""
import json
import re

from service import Http2Load, Load, acknowledges_at_once

GO = 'bext nginx-takeover --auto-takeover --probation 1'


def _server(machine):
    """Who answers, by the Server field."""
    head = machine.run('curl -sSI http://127.0.0.1/').out
    return next(line.split(': ', 1)[1].split('/')[0].strip() for line in head.splitlines() if line.lower().startswith('server:'))


def _phase(machine):
    return json.loads(machine.run('bext takeover status --json').out)['phase']


def _state_of_boot(machine):
    """What decides who starts: enabled states, SysV links, drop-ins, the commit bit."""
    return machine.run('systemctl is-enabled nginx bext bext-recover; ls /etc/rc?.d | grep nginx; ls /etc/systemd/system/*.service.d /run/systemd/system/*.service.d;'
                       ' ls /var/lib/bext/active; true', check=False).out


def there_and_back_refuses_nobody(machine):
    before = _state_of_boot(machine)
    assert acknowledges_at_once(machine, 'nginx')
    for _ in range(3):
        with Load(machine, kept=32, fresh=32) as load:
            done = machine.run(GO, timeout=120)
            assert _server(machine) == 'bext', done
            assert _phase(machine) == 'Active' and not acknowledges_at_once(machine, 'bext')
            machine.run('bext rollback --yes', timeout=120)
            assert _server(machine) == 'nginx' and acknowledges_at_once(machine, 'nginx')
            assert _phase(machine) == 'RolledBack'
        assert load.counts['refused'] == 0 and load.counts['errors'] == 0, load.line
        assert {name.split('/')[0] for name in load.servers} == {'nginx', 'bext'}, load.servers
        assert _state_of_boot(machine) == before, f'{before}\n{_state_of_boot(machine)}'
    machine.run('systemctl reload nginx; systemctl restart nginx')
    assert _server(machine) == 'nginx'


def what_comes_before_the_commit_is_undone(machine):
    before = _state_of_boot(machine)
    for step in ('record', 'arm', 'gates', 'give', 'prove', 'stop', 'ports', 'alone', 'probation', 'commit'):
        with Load(machine, kept=4, fresh=4) as load:
            done = machine.run(f'BEXT_FAILPOINT={step}:fail {GO}', timeout=120, check=False)
            assert done.status == 1 and f'{step}' in done.err, done
            assert _server(machine) == 'nginx' and acknowledges_at_once(machine, 'nginx'), step
        assert load.counts['refused'] == 0 and load.counts['errors'] == 0, f'{step}: {load.line}'
        assert _phase(machine) == 'Failed'
        assert _state_of_boot(machine) == before, f'{step}\n{before}\n{_state_of_boot(machine)}'
        assert machine.run('systemctl is-active nginx bext', check=False).out.split() == ['active', 'inactive'], step


def a_takeover_that_hangs_is_ended_by_the_timer(machine):
    with Load(machine, kept=4, fresh=4) as load:
        hung = machine.start(f'BEXT_FAILPOINT=ports:hang {GO} --timeout 5')
        machine.wait_until('bext takeover status --json | grep -q Failed', timeout=60)
        assert machine.finish(hung, check=False).status == 128 + 9 or hung.returncode == -9
        assert _server(machine) == 'nginx'
    assert load.counts['refused'] == 0, load.line


def an_interrupted_rollback_is_finished(machine):
    before = _state_of_boot(machine)
    for step in ('back-start', 'back-verify', 'back-bit', 'back-stop', 'back-clean'):
        machine.run(GO, timeout=120)
        with Load(machine, kept=4, fresh=4) as load:
            machine.run(f'BEXT_FAILPOINT={step}:kill bext rollback --yes', timeout=120, check=False)
            assert _phase(machine) == 'RollingBack'
            machine.run('bext recover', timeout=120)
        assert load.counts['refused'] == 0 and load.counts['errors'] == 0, f'{step}: {load.line}'
        assert _server(machine) == 'nginx' and _phase(machine) == 'RolledBack'
        assert _state_of_boot(machine) == before, f'{step}\n{before}\n{_state_of_boot(machine)}'


def _one_server(machine):
    active = machine.run('systemctl is-active nginx bext', check=False).out.split()
    assert sorted(active) == ['active', 'inactive'], active
    return _server(machine)


def how_nginx_was_started_at_boot_is_restored(machine):
    for state, command in (('enabled', 'enable'), ('disabled', 'disable'), ('masked', 'mask')):
        machine.run(f'systemctl {command} nginx; systemctl is-active nginx')
        before = _state_of_boot(machine)
        machine.run(GO, timeout=120)
        assert machine.run('systemctl is-enabled bext').out == 'enabled\n'
        assert machine.run('systemctl is-enabled nginx', check=False).out != 'enabled\n'
        machine.run('bext rollback --yes', timeout=120)
        assert machine.run('systemctl is-enabled nginx', check=False).out == f'{state}\n'
        assert _state_of_boot(machine) == before
        assert _server(machine) == 'nginx'


def a_reboot_after_a_takeover_starts_bext(machine):
    machine.run(GO, timeout=120)
    machine.reboot()
    assert _one_server(machine) == 'bext'
    machine.run('systemctl start nginx', check=False)
    assert _one_server(machine) == 'bext', 'the gate lets nginx start beside bext'
    machine.run('bext rollback --yes', timeout=120)
    machine.reboot()
    assert _one_server(machine) == 'nginx'


def _refused(machine, text, command=GO):
    before = machine.run('tar c /etc/systemd /var/lib/bext 2>/dev/null | md5sum; systemctl show -P MainPID nginx').out
    done = machine.run(command, timeout=120, check=False)
    assert done.status == 1 and text in done.out + done.err and 'nothing was changed' in done.err, done
    assert _server(machine) == 'nginx'
    after = machine.run('tar c /etc/systemd /var/lib/bext 2>/dev/null | md5sum; systemctl show -P MainPID nginx').out
    assert after == before, done


def a_failing_check_changes_nothing(machine):
    machine.run('mkdir -p /var/lib/bext/takeover; : > /var/lib/bext/takeover/journal')
    site = '/etc/nginx/sites-enabled/extra'
    machine.put('server { listen 80; no_such_directive on; }', site)
    _refused(machine, 'unknown directive "no_such_directive"')
    machine.put('server { listen 8443 ssl; ssl_certificate /etc/nginx/none.pem; ssl_certificate_key /etc/nginx/none.key; }', site)
    _refused(machine, '/etc/nginx/none.pem')
    holder = machine.start('exec python3 -m http.server 8081')
    machine.wait_until('curl -s http://127.0.0.1:8081/')
    machine.put('server { listen 8081; }', site)
    _refused(machine, '8081 is held by python3')
    holder.kill()
    machine.run(f'rm {site}')
    _refused(machine, 'it needs root', f'setpriv --reuid=33 --clear-groups {GO}')


def packages_at_work_stop_it(machine):
    lock = machine.start('exec python3 -c "import fcntl,time; f = open(\'/var/lib/dpkg/lock\', \'w\'); fcntl.lockf(f, fcntl.LOCK_EX);'
                         ' open(\'/run/locked\', \'w\'); time.sleep(100)"')
    machine.wait_until('test -e /run/locked')
    done = machine.run(GO, timeout=60, check=False)
    assert done.status == 1 and 'packages are being installed' in done.out, done
    assert _server(machine) == 'nginx'
    lock.kill()


def _dashboard(machine):
    """Starts it; the process and its URL."""
    process = machine.start('exec bext nginx-takeover --probation 1 --port 9999 > /run/dashboard.log 2>&1')
    machine.wait_until('grep -q token= /run/dashboard.log')
    return process, machine.run('grep -o "http://.*token=.*" /run/dashboard.log').out.strip()


def the_dashboard_shows_and_drives(machine):
    machine.put('upstream app { server 127.0.0.1:1; } server { listen 80; server_name one.example; location / { proxy_pass http://app; } }',
                '/etc/nginx/conf.d/one.conf')
    machine.run('systemctl reload nginx')
    process, url = _dashboard(machine)
    base, token = url.split('/?token=')

    def code(words):
        return machine.run(f'curl -sS -o /run/answer -w "%{{http_code}}" {words}').out
    assert code(base + '/') == '403'
    assert code(base + '/api/status') == '403'
    assert code(f'-H "X-Bext-Token: {token}" -H "Host: evil.example:9999" {base}/api/status') == '421'
    assert code(f'-H "X-Bext-Token: {token}" -H "Origin: http://evil.example" -X POST {base}/api/takeover') == '403'
    assert code(f'-c /run/jar "{url}"') == '200'
    key = re.search("'bext-key','(.*?)'", machine.get('/run/answer').decode())[1]
    browser = f'-b /run/jar -H "X-Bext-Key: {key}"'
    assert code(f'-b /run/jar {base}/') == '200'
    for alone in ('-b /run/jar', f'-H "X-Bext-Key: {key}"'):
        assert code(f'{alone} {base}/api/status') == '403' and code(f'{alone} -X POST {base}/api/takeover') == '403', alone
    assert _phase(machine) == 'Preflight' and _server(machine) == 'nginx'
    config = json.loads(machine.run(f'curl -sS {browser} {base}/api/config').out)
    assert any(server['names'] == ['one.example'] for server in config['servers']), config
    assert [(one['address'], one['state']) for one in config['upstreams'][0]['servers']] == [('127.0.0.1:1', 'down')], config
    checks = json.loads(machine.run(f'curl -sS {browser} {base}/api/checks').out)
    backends = next(check for check in checks if check['name'] == 'Upstream Backends')
    assert backends['verdict'] == 'warn' and '127.0.0.1:1' in backends['reason'] and 'conf.d/one.conf:1' in backends['reason'], backends
    for action, phase, server in (('takeover', 'Active', 'bext'), ('rollback', 'RolledBack', 'nginx')):
        proof = browser if action == 'rollback' else f'-H "X-Bext-Token: {token}"'
        assert code(f'{proof} -X POST {base}/api/{action}') == '202'
        events = machine.run(f'timeout 60 curl -sSN {browser} {base}/api/events | grep -m1 \'"busy":false.*"phase":"{phase}"\'', timeout=90).out
        assert json.loads(events[6:])['samples'], events
        assert _server(machine) == server
    process.terminate()
    machine.finish(process, check=False)


def tls_sites_there_and_back(machine):
    machine.run('openssl req -x509 -newkey rsa:2048 -nodes -days 9 -subj /CN=one.example -addext subjectAltName=DNS:one.example'
                ' -keyout /etc/nginx/one.key -out /etc/nginx/one.pem')
    machine.put('server { listen 443 ssl; listen 8443 ssl reuseport; server_name one.example other.example; ssl_certificate one.pem;'
                ' ssl_certificate_key one.key; location / { return 200 "tls\\n"; } }', '/etc/nginx/conf.d/tls.conf')
    machine.run('systemctl reload nginx')
    with Load(machine, port=443, kept=16, fresh=16, options='--tls') as load:
        done = machine.run(GO, timeout=120)
        assert 'expires in' in done.out and 'is not good for other.example' in done.out, done
        assert _server(machine) == 'bext'
        assert 'bext' in machine.run('curl -sSkI https://127.0.0.1:8443/').out
        machine.run('bext rollback --yes', timeout=120)
    assert load.counts['refused'] == 0 and load.counts['errors'] == 0, load.line


def http2_clients_lose_nothing(machine):
    machine.run('openssl req -x509 -newkey rsa:2048 -nodes -days 9 -subj /CN=localhost -addext subjectAltName=DNS:localhost'
                ' -keyout /etc/nginx/one.key -out /etc/nginx/one.pem')
    machine.put('server { listen 443 ssl http2; server_name localhost; keepalive_requests 100000000; ssl_certificate one.pem; ssl_certificate_key one.key;'
                ' location / { return 200 "$http2\\n"; } }', '/etc/nginx/conf.d/tls.conf')
    machine.run('systemctl reload nginx')
    assert machine.run('curl -sSk https://localhost/').out == 'h2\n'
    with Http2Load(machine) as load:
        machine.run(GO, timeout=120)
        assert _server(machine) == 'bext' and machine.run('curl -sSk https://localhost/').out == 'h2\n'
        machine.run('systemctl reload bext')
        machine.run('bext rollback --yes', timeout=120)
        assert _server(machine) == 'nginx' and machine.run('curl -sSk https://localhost/').out == 'h2\n'
    load.nothing_was_lost()
    assert load.counts['goaways'] >= 4, load.line


def a_bext_that_cannot_start_is_undone(machine):
    """For a reason that no check foresees."""
    machine.put('[Service]\nExecStartPre=/bin/false\n', '/etc/systemd/system/bext.service.d/90-broken.conf')
    machine.run('systemctl daemon-reload')
    before = _state_of_boot(machine)
    with Load(machine, kept=4, fresh=4) as load:
        done = machine.run(GO, timeout=120, check=False)
    load.nothing_was_lost()
    assert done.status == 1 and 'failed: give: ' in done.err and _server(machine) == 'nginx', done
    assert _phase(machine) == 'Failed' and _state_of_boot(machine) == before


BACKEND = """
import http.server
class Once(http.server.BaseHTTPRequestHandler):
    seen = 0
    def do_GET(self):
        Once.seen += 1
        self.send_response(200 if Once.seen == 1 else 500)
        self.send_header('Content-Length', '0')
        self.end_headers()
http.server.HTTPServer(('127.0.0.1', 8089), Once).serve_forever()
"""


def a_worse_answer_than_nginx_gave_is_undone(machine):
    machine.put(BACKEND, '/run/backend.py')
    backend = machine.start('exec python3 /run/backend.py')
    machine.put('server { listen 8088; location / { proxy_pass http://127.0.0.1:8089; } }', '/etc/nginx/conf.d/once.conf')
    machine.run('systemctl reload nginx')
    machine.wait_until('ss -ltn | grep -q :8089')
    before = _state_of_boot(machine)
    with Load(machine, kept=4, fresh=4) as load:
        done = machine.run(f'{GO} --rehearsal 0', timeout=120, check=False)  # which would ask for the one good answer
    assert load.counts['refused'] == 0 and load.counts['errors'] == 0, load.line
    assert done.status == 1 and 'with 500, nginx did with 200' in done.err and _server(machine) == 'nginx', done
    assert _phase(machine) == 'Failed' and _state_of_boot(machine) == before
    backend.kill()


def a_server_that_dies_before_the_commit_ends_it(machine):
    before = _state_of_boot(machine)
    with Load(machine, kept=4, fresh=4) as load:
        process = machine.start(f'exec {GO} --probation 20')
        machine.wait_until('bext takeover status --json | grep -q \'"step":"probation"\'', timeout=30)
        machine.run('systemctl kill --kill-who=all -s KILL bext')
        done = machine.finish(process, timeout=120, check=False)
        assert done.status == 1 and 'probation: ' in done.err, done
        assert _server(machine) == 'nginx' and _phase(machine) == 'Failed'
    assert load.counts['refused'] == 0, load.line
    assert _state_of_boot(machine) == before


def without_pidfd_getfd_the_ports_change_hands_all_the_same(machine):
    before = _state_of_boot(machine)
    limited = 'systemd-run --quiet --wait --pipe -p SystemCallFilter=~pidfd_getfd -p SystemCallErrorNumber=EPERM'
    done = machine.run(f'{limited} {GO}', timeout=120)
    assert 'nginx is stopped first' in done.err and _server(machine) == 'bext' and _phase(machine) == 'Active', done
    done = machine.run(f'{limited} bext rollback --yes', timeout=120)
    assert 'bext is stopped first' in done.err and _server(machine) == 'nginx' and _phase(machine) == 'RolledBack', done
    assert _state_of_boot(machine) == before


def a_rollback_to_a_broken_nginx_leaves_bext_serving(machine):
    machine.run(GO, timeout=120)
    machine.run('echo "no_such_directive;" >> /etc/nginx/nginx.conf')
    with Load(machine, kept=4, fresh=4) as load:
        done = machine.run('bext rollback --yes', timeout=120, check=False)
        assert done.status == 1 and 'no_such_directive' in done.err, done
    load.nothing_was_lost()
    assert _server(machine) == 'bext' and _phase(machine) == 'Failed'
    machine.run("sed -i '$d' /etc/nginx/nginx.conf; bext rollback --yes", timeout=120)
    assert _server(machine) == 'nginx' and _phase(machine) == 'RolledBack'


def the_configuration_of_the_running_nginx_is_what_is_served(machine):
    """nginx runs with -c; bext's own configuration names another file."""
    machine.run('mkdir -p /etc/bext; sed "s/sites-enabled/sites-other/" /etc/nginx/nginx.conf > "/etc/nginx/other.conf"; mkdir /etc/nginx/sites-other')
    machine.put('[nginx]\nconfig = "/etc/nginx/nginx.conf"\n', '/etc/bext/bext.config.toml')
    machine.put('server { listen 80; return 200 "other\\n"; }', '/etc/nginx/sites-other/one')
    machine.put("[Service]\nExecStartPre=\nExecStart=\nExecStart=/usr/sbin/nginx -c /etc/nginx/other.conf -g 'daemon on; master_process on;'\n",
                '/etc/systemd/system/nginx.service.d/other.conf')
    machine.run('systemctl daemon-reload; systemctl restart nginx')
    done = machine.run(GO, timeout=120)
    assert '/etc/nginx/other.conf' in done.out
    assert machine.run('curl -sS http://127.0.0.1/').out == 'other\n' and _server(machine) == 'bext'
    machine.run('bext rollback --yes', timeout=120)
    assert machine.run('curl -sS http://127.0.0.1/').out == 'other\n' and _server(machine) == 'nginx'
    assert machine.run('ls /etc/systemd/system/nginx.service.d').out == 'other.conf\n'


def the_way_back_loses_no_request_of_a_kept_connection(machine):
    machine.run('openssl req -x509 -newkey rsa:2048 -nodes -days 90 -subj /CN=one.example -keyout /etc/nginx/one.key -out /etc/nginx/one.pem')
    machine.put('server { listen 443 ssl; ssl_certificate one.pem; ssl_certificate_key one.key; location / { return 200 "tls\\n"; } }',
                '/etc/nginx/conf.d/tls.conf')
    machine.run('systemctl reload nginx')
    for port, options in ((80, ''), (443, '--tls'), (80, '')):
        machine.run(GO, timeout=120)
        with Load(machine, port=port, kept=32, fresh=8, options=options) as load:
            machine.run('bext rollback --yes', timeout=120)
        load.nothing_was_lost()


def a_bext_that_does_not_start_any_more_is_rolled_back(machine):
    before = _state_of_boot(machine)
    machine.run(GO, timeout=120)
    machine.run('mv /usr/sbin/bext-server /usr/sbin/bext-server.away; ln -s /bin/false /usr/sbin/bext-server; systemctl restart bext', check=False)
    machine.wait_until('systemctl is-active nginx && curl -sSI http://127.0.0.1/ | grep -q nginx')
    machine.run('bext recover', timeout=60)
    assert _phase(machine) == 'RolledBack' and _server(machine) == 'nginx'
    assert _state_of_boot(machine) == before


def a_full_disk_stops_it_before_anything_is_changed(machine):
    machine.run('mkdir -p /var/lib/bext; mount -t tmpfs -o size=32k none /var/lib/bext; mkdir /var/lib/bext/takeover; : > /var/lib/bext/takeover/journal')
    _refused(machine, 'files are free in /var/lib/bext')
    machine.run('umount /var/lib/bext; mkdir -p /var/lib/bext/takeover; : > /var/lib/bext/takeover/journal')
    machine.run('mount -o remount,size=64m /run; dd if=/dev/zero of=/run/fill bs=1M count=60 2>/dev/null', check=False)
    _refused(machine, 'files are free in /run')
    machine.run('rm /run/fill')
    machine.run(GO, timeout=60)


def a_unix_socket_is_reachable_all_the_while(machine):
    machine.put('server { listen unix:/run/one.sock; location / { return 200 "unix\\n"; } }', '/etc/nginx/conf.d/unix.conf')
    machine.run('systemctl restart nginx')
    before = machine.run('stat -c "%i %a %U %G" /run/one.sock').out
    for _ in range(2):
        with Load(machine, kept=8, fresh=16, options='--unix /run/one.sock') as load:
            machine.run(GO, timeout=120)
            assert 'bext' in machine.run('curl -sSI --unix-socket /run/one.sock http://one/').out
            machine.run('bext rollback --yes', timeout=120)
            assert 'nginx' in machine.run('curl -sSI --unix-socket /run/one.sock http://one/').out
        assert load.counts['refused'] == 0 and load.counts['errors'] == 0, load.line
        assert machine.run('stat -c "%i %a %U %G" /run/one.sock').out == before
        assert machine.run('grep one.sock /proc/self/mountinfo', check=False).out == ''
    machine.run('systemctl restart nginx; curl -sSI --unix-socket /run/one.sock http://one/')
    for step, recovered in (('ports', 'nginx'), ('disable', 'bext')):
        with Load(machine, kept=2, fresh=4, pause=5, options='--unix /run/one.sock') as load:
            machine.run(f'BEXT_FAILPOINT={step}:kill {GO}', timeout=120, check=False)
            machine.run('bext recover', timeout=120)
        assert load.counts['refused'] == 0 and load.counts['errors'] == 0, load.line
        assert recovered in machine.run('curl -sSI --unix-socket /run/one.sock http://one/').out
        assert machine.run('grep one.sock /proc/self/mountinfo', check=False).out == ''
    machine.run('bext rollback --yes; systemctl stop nginx; test ! -e /run/one.sock', timeout=120)
