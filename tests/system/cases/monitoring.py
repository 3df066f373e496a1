"""Prometheus reads what bext counts by name, and nothing of it is lost by a reload, an upgrade or a worker that dies."""
import json
import pathlib
import urllib.parse

from machine import wait_for

SITE = r'''upstream app { server 127.0.0.1:8081; server 127.0.0.1:8082 backup; }
server { listen 80 default_server; server_name shop.test www.shop.test; root /var/www/html;
    location /app/ { proxy_pass http://app; }
    location = / { return 200 "hello\n"; }
    location = /gone { return 410; }
    location ~ \.(php|"x")$ { return 503; }
}
server { listen 8081; server_name backend; location / { return 200 "from the application\n"; } }
server { listen 127.0.0.1:9145; server_name metrics; location = /metrics { bext_metrics; } }
'''
PROMETHEUS = '''global: { scrape_interval: 1s }
scrape_configs:
  - job_name: bext
    static_configs: [ { targets: ["127.0.0.1:9145"] } ]
'''
PATHS = ['/'] * 3 + ['/app/x'] * 5 + ['/gone'] * 2 + ['/a.php']
QUERIES = {
    'bext_server_requests_total{server="shop.test",code="2xx"}': 8,
    'bext_server_requests_total{server="shop.test",code="4xx"}': 2,
    'bext_server_request_duration_seconds_count{server="shop.test"}': 11,
    'bext_location_requests_total{location="= /gone",code="4xx"}': 2,
    r'bext_location_requests_total{location="~ \\.(php|\"x\")$",code="5xx"}': 1,
    'bext_upstream_peer_requests_total{upstream="app",peer="127.0.0.1:8081",code="2xx"}': 5,
    'bext_upstream_peer_failures_total{upstream="app",peer="127.0.0.1:8081"}': 0,
}


def _ask(machine):
    for path in PATHS:
        machine.run(f'curl -sS -o /dev/null http://127.0.0.1{path}')


def _value(machine, query):
    answer = machine.run(f'curl -sSf http://127.0.0.1:9090/api/v1/query?query={urllib.parse.quote(query)}').out
    found = json.loads(answer)['data']['result']
    return [float(one['value'][1]) for one in found]


def _prometheus_has(machine, times):
    for query, count in QUERIES.items():
        wait_for(lambda: _value(machine, query) == [count * times], 20, f'{query} is {count * times}')


def prometheus_reads_figures_by_name(machine):
    machine.run('systemctl stop nginx')
    machine.put(SITE, '/etc/nginx/sites-enabled/default')
    machine.run('systemctl start bext')
    _ask(machine)
    checked = machine.run('curl -sSf http://127.0.0.1:9145/metrics | promtool check metrics')
    assert not checked.err.strip(), checked.err
    machine.put(PROMETHEUS, '/etc/prometheus/prometheus.yml')
    machine.run('systemd-run --collect --unit=reader prometheus --config.file=/etc/prometheus/prometheus.yml --storage.tsdb.path=/tmp/prometheus')
    machine.wait_until('curl -sSf http://127.0.0.1:9090/-/ready')
    _prometheus_has(machine, 1)
    machine.run('bext reload')
    _ask(machine)
    machine.run('bext upgrade')
    _ask(machine)
    machine.run('pkill -KILL -f "[w]orker process"')
    machine.wait_until('curl -sSf http://127.0.0.1:9145/metrics')
    _ask(machine)
    _prometheus_has(machine, 4)
    _every_question_of_the_dashboard_has_an_answer(machine)


def _every_question_of_the_dashboard_has_an_answer(machine):
    """Those of docs/grafana-dashboard.json, in Prometheus' own eyes."""
    page = json.loads((pathlib.Path(__file__).resolve().parents[3] / 'docs' / 'grafana-dashboard.json').read_text())
    asked = [target['expr'] for panel in page['panels'] for target in panel['targets']]
    assert len(asked) > 10
    for query in asked:
        for variable, value in (('$instance', '.*'), ('$server', '.*'), ('$__rate_interval', '1m')):
            query = query.replace(variable, value)
        assert _value(machine, query) or '5xx' in query, f'no answer to {query}'
