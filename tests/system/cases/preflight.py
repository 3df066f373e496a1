"""What the preflight of bext nginx-takeover predicts on a booted machine, and the way on into nginx's place."""
import json

GO = 'bext nginx-takeover --auto-takeover --probation 0 --rehearsal 0'
SITE = '/etc/nginx/sites-enabled/extra'


def _report(machine):
    done = machine.run('bext nginx-takeover --check --json --rehearsal 0', timeout=60, check=False)
    told = json.loads(done.out)
    assert done.status == (0 if told['ok'] else 1), done
    return told


def _check(machine, name):
    return next(check for check in _report(machine)['checks'] if check['name'] == name)


def _server(machine):
    head = machine.run('curl -sSI http://127.0.0.1/').out
    return next(line.split(': ', 1)[1].split('/')[0].strip() for line in head.splitlines() if line.lower().startswith('server:'))


def every_directive_is_reported(machine):
    machine.run('systemctl start nginx')
    machine.put('server { listen 8091;\n' + ''.join(f' location /{n} {{ grpc_pass 127.0.0.1:{n}; }}\n' for n in range(1, 8)) + ' image_filter off; }\n', SITE)
    told = _report(machine)
    names = [(one['place'], one['directive'], one['module']) for one in told['directives']]
    assert names == [(f'{SITE}:{n + 1}', 'grpc_pass', 'ngx_http_grpc_module') for n in range(1, 8)] + [(f'{SITE}:9', 'image_filter', 'ngx_http_image_filter_module')], names
    assert not told['ok'] and any('logrotate' == one['kind'] for one in told['asks_for_nginx']), told
    text = machine.run('bext nginx-takeover --check --rehearsal 0', check=False).out
    assert '8 directives that bext does not have:' in text and f'{SITE}:9  image_filter' in text, text
    machine.run(f'rm {SITE}')
    assert _report(machine)['ok'] and _server(machine) == 'nginx'


def a_log_outside_of_the_unit_is_predicted_and_can_be_allowed(machine):
    machine.run('mkdir -p /data/logs; systemctl start nginx')
    machine.put('server { listen 8091; access_log /data/logs/a.log; }', SITE)
    machine.run('systemctl reload nginx')
    check = _check(machine, 'Writable Paths')
    assert check['verdict'] == 'fail' and '/data/logs' in check['reason'], check
    done = machine.run(GO, check=False, timeout=120)
    assert done.status == 1 and '/data/logs' in done.out and 'nothing was changed' in done.err and _server(machine) == 'nginx', done
    machine.run(GO + ' --allow-writes', timeout=120)
    assert _server(machine) == 'bext'
    machine.run('curl -sS http://127.0.0.1:8091/; test -s /data/logs/a.log')
    machine.run('bext rollback --yes', timeout=120)
    machine.run(f'rm -r {SITE} /data /etc/systemd/system/bext.service.d; systemctl daemon-reload; systemctl reload nginx')


def who_holds_an_address_is_named(machine):
    machine.run('systemctl stop nginx; nginx')
    pid = machine.run('cat /run/nginx.pid').out.strip()
    check = _check(machine, 'Port Availability')
    assert f'nginx (process {pid}), which runs outside of nginx.service' in check['reason'] and 'systemctl start nginx' in check['mend'], check
    assert f'process {pid}, outside of nginx.service' in _check(machine, 'nginx Running')['reason']
    status = machine.run('bext nginx masquerade status', check=False).out
    assert f'serves:         nginx, process {pid}, outside of nginx.service' in status, status
    refused = machine.run('bext nginx masquerade install', check=False)
    assert refused.status == 1 and f'nginx runs as process {pid}, outside of nginx.service' in refused.err, refused
    machine.run('nginx -s quit; while [ -e /run/nginx.pid ]; do sleep 0.1; done; systemctl start bext')
    check = _check(machine, 'Port Availability')
    assert 'held by bext.service (process ' in check['reason'] and 'disable --now bext' in check['mend'], check
    machine.run('systemctl stop bext; systemctl start nginx; bext nginx masquerade install', timeout=60)
    check = _check(machine, 'Port Availability')
    assert "bext, in nginx's place (process " in check['reason'] and 'masquerade status' in check['mend'], check
    machine.run('bext nginx masquerade uninstall', timeout=60)


def another_configuration_than_the_units_is_noticed(machine):
    machine.run('cp /etc/nginx/nginx.conf /etc/nginx/other.conf; systemctl stop nginx; mkdir -p /etc/systemd/system/nginx.service.d')
    machine.put('[Service]\nExecStart=\nExecStart=/usr/sbin/nginx -c /etc/nginx/other.conf\n', '/etc/systemd/system/nginx.service.d/own.conf')
    machine.run('systemctl daemon-reload')
    assert _check(machine, 'Config Parsed')['looked_at'].startswith('/etc/nginx/other.conf'), 'of a unit that is stopped'
    machine.run('systemctl start nginx')
    assert _check(machine, 'Command Line')['verdict'] == 'pass'
    machine.run('rm /etc/systemd/system/nginx.service.d/own.conf; systemctl daemon-reload')
    check = _check(machine, 'Command Line')
    assert check['verdict'] == 'fail' and 'started with /etc/nginx/other.conf' in check['reason'], check
    machine.run('systemctl restart nginx')
    assert _check(machine, 'Command Line')['verdict'] == 'pass'


def the_next_step_is_offered_until_it_is_done(machine):
    machine.run('systemctl start nginx')
    done = machine.run(GO, timeout=120)
    for text in (done.out, machine.run('bext takeover status').out):
        assert 'not yet: ' in text and 'logrotate (/etc/logrotate.d/nginx:' in text and 'next: bext nginx masquerade install' in text, text
    assert json.loads(machine.run('bext takeover status --json').out)['next'] == 'bext nginx masquerade install'
    machine.wait_until('journalctl -t bext | grep "what asks for nginx finds none until bext nginx masquerade install"')
    machine.run('bext nginx masquerade install', timeout=60)
    assert 'not yet' not in machine.run('bext takeover status').out
    machine.run('bext nginx masquerade uninstall', timeout=60)


def takeover_and_masquerade_are_one_flow(machine):
    machine.run('systemctl start nginx')
    machine.run('bext nginx-takeover --masquerade --probation 0 --rehearsal 0', timeout=120)
    assert '"state":"installed"' in machine.run('bext nginx masquerade status --json').out
    assert json.loads(machine.run('bext takeover status --json').out)['phase'] == 'RolledBack'
    machine.run('systemctl reload nginx; nginx -s reload; nginx -t')
    assert machine.run('readlink /proc/$(systemctl show -P MainPID nginx)/exe').out.strip() == '/usr/sbin/bext-server'
    machine.run('bext nginx masquerade uninstall', timeout=60)
    assert _server(machine) == 'nginx'


def the_doctor_asks_the_status_page_at_its_server(machine):
    machine.put('server { listen 127.0.0.1:8092; server_name status.test; location = /s { stub_status; } }\n'
                'server { listen 127.0.0.1:8092 default_server; return 404; }\n', SITE)
    machine.run('systemctl restart nginx; bext nginx masquerade install', timeout=60)
    findings = json.loads(machine.run('bext nginx masquerade doctor --json').out)['findings']
    page = next(one for one in findings if one['name'] == 'exporters: stub_status')
    assert (page['verdict'], page['what']) == ('pass', 'http://status.test:8092/s'), page
    machine.run(f'bext nginx masquerade uninstall; rm {SITE}; systemctl reload nginx', timeout=60)

