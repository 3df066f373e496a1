"""Programs that stand beside nginx see the same with bext in its place: log readers, exporters, certbot."""
import json
import re

from service import Load

SITE = '''server {
    listen 80 default_server;
    root /var/www/html;
    limit_req_zone_here
    location = /status { stub_status; }
    location /private { auth_basic "closed"; auth_basic_user_file /etc/nginx/passwords; }
    location /denied { deny all; }
    location /slow { limit_req zone=one; }
}
'''.replace('    limit_req_zone_here\n', '')
REQUESTS = '''
for path in / /missing /.env "/?q=a%20b" /private /denied /slow /slow /slow; do curl -s -o /dev/null -A 'Mozilla/5.0 "x"' -e http://from.test/ "http://127.0.0.1$path"; done
curl -s -o /dev/null -u someone:wrong http://127.0.0.1/private
curl -s -o /dev/null -u nobody:wrong http://127.0.0.1/private
curl -s -o /dev/null -X POST -d a=b http://127.0.0.1/
printf 'GET /\\x01 HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n' | timeout 2 bash -c 'exec 3<>/dev/tcp/127.0.0.1/80; cat >&3; cat <&3' > /dev/null
'''


def _serve(machine):
    machine.put('limit_req_zone $server_port zone=one:1m rate=1r/m;\n' + SITE, '/etc/nginx/sites-enabled/default')
    machine.run('printf "someone:%s\\n" $(openssl passwd -apr1 right) > /etc/nginx/passwords; systemctl restart nginx')


def _logs_of(machine):
    """The requests, and the logs that they leave."""
    machine.run('truncate -s 0 /var/log/nginx/access.log /var/log/nginx/error.log')
    machine.run(REQUESTS, timeout=60)
    machine.wait_until('[ $(wc -l < /var/log/nginx/access.log) = 13 ]')


def _fail2ban(machine, name, log):
    out = machine.run(f'fail2ban-regex /var/log/nginx/{log} /etc/fail2ban/filter.d/{name}.conf').out
    return re.search(r'Lines: .*', out)[0], re.findall(r'Failregex: \d+ total', out)


def _seen(machine):
    """What the readers make of the logs and of stub_status."""
    _logs_of(machine)
    found = {name: _fail2ban(machine, name, log) for name, log in (
        ('nginx-http-auth', 'error.log'), ('nginx-limit-req', 'error.log'), ('nginx-botsearch', 'access.log'), ('nginx-bad-request', 'access.log'))}
    report = json.loads(machine.run('goaccess /var/log/nginx/access.log --log-format=COMBINED -o json').out)
    found['goaccess'] = {key: report['general'][key] for key in ('total_requests', 'valid_requests', 'failed_requests', 'unique_not_found', 'unique_referrers')}
    found['statuses'] = [(one['data'], one['hits']['count']) for one in report['status_codes']['data']]
    machine.run('systemd-run --collect --unit=exporter prometheus-nginx-exporter -nginx.scrape-uri http://127.0.0.1/status -web.listen-address 127.0.0.1:9113')
    machine.wait_until('curl -sSf http://127.0.0.1:9113/metrics')
    metrics = machine.run('curl -sS http://127.0.0.1:9113/metrics').out
    machine.run('systemctl stop exporter')
    assert '\nnginx_up 1\n' in metrics
    for plugin in ('nginx_request', 'nginx_status'):
        seen = machine.run(f'env url=http://127.0.0.1/status /usr/share/munin/plugins/{plugin}').out
        found[plugin] = [line.split()[0] for line in seen.splitlines() if re.fullmatch(r'\w+\.value \d+', line)]
        assert len(found[plugin]) == len(seen.splitlines()) > 0, seen
    watched = machine.run('logwatch --service http --range all --detail high --output stdout --format text', timeout=60).out
    found['logwatch'] = watched[watched.index(' httpd Begin '):]
    found['metrics'] = sorted(line.split()[0] for line in metrics.splitlines() if line.startswith('nginx_') and 'build' not in line)
    return found


def log_readers_and_exporters_see_the_same(machine):
    _serve(machine)
    before = _seen(machine)
    assert before['nginx-http-auth'][1] == ['Failregex: 2 total'] and before['nginx-limit-req'][1] == ['Failregex: 2 total'], before
    assert len(before['nginx_request']) == 1 and len(before['nginx_status']) == 4, before
    assert '/missing' in before['logwatch'], before['logwatch']
    machine.run('bext nginx masquerade install; systemctl restart nginx')
    after = _seen(machine)
    assert after == before, (before, after)


def certbot_starts_the_unit_when_nginx_is_stopped(machine):
    machine.run('bext nginx masquerade install; systemctl stop nginx')
    machine.run('nginx')                        # what certbot does when its reload finds no server
    assert machine.run('systemctl is-active nginx').out == 'active\n'
    pids = machine.run('pgrep -f "bext-server: master"').out.split()
    assert pids == [machine.run('systemctl show -P MainPID nginx').out.strip()], 'no stray daemon'
    again = machine.run('nginx', check=False)
    assert again.status == 1 and 'Address already in use' in again.err, again
