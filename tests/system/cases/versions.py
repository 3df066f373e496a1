"""Whose defaults bext has: those of Debian's nginx where it stands in for that, and load_module lines of packages."""
import json

GO = 'bext nginx-takeover --auto-takeover --probation 0'
INSTALL, UNINSTALL = 'bext nginx masquerade install', 'bext nginx masquerade uninstall'

# The most ordinary application of Node, which keeps how it was asked. It answers HTTP/1.0 without a length and closes, HTTP/1.1 with one.
APP = '''
const fs = require('fs');
require('http').createServer((request, response) => {
  const connection = request.headers.connection === undefined ? '' : 'connection: ' + request.headers.connection;
  fs.appendFileSync('/run/asked', `${request.method} ${request.url} HTTP/${request.httpVersion}|${connection}\\n`);
  response.setHeader('Content-Type', 'text/plain');
  response.end('x'.repeat(41));
}).listen(3000, '127.0.0.1');
'''
SITE = 'server { listen 8090; server_name app.example; location / { proxy_pass http://127.0.0.1:3000; } }'


def _application(machine):
    """It also serves after a reboot, and is all that this nginx.conf has beyond the package's (image.TOLD_APART)."""
    machine.run(r"sed -i 's/^\tserver_tokens on;/\tserver_tokens off;/' /etc/nginx/nginx.conf")
    machine.put(APP, '/opt/app.js')
    machine.put('[Service]\nExecStart=/usr/bin/node /opt/app.js\n[Install]\nWantedBy=multi-user.target\n', '/etc/systemd/system/app.service')
    machine.run('systemctl daemon-reload; systemctl enable --now app')
    machine.put(SITE, '/etc/nginx/conf.d/app.conf')
    machine.run('systemctl reload nginx')
    machine.wait_until('curl -sS http://127.0.0.1:8090/ | grep xxx')


def _asked(machine):
    """How the application is asked now: the last request line and Connection field."""
    machine.run('rm -f /run/asked; curl -sS http://127.0.0.1:8090/way')
    return machine.run('tail -n 1 /run/asked').out.strip()


def _check(checks, name):
    return next(check for check in checks if check['name'] == name)


def _status(machine, unit='bext'):
    pid = '' if unit == 'bext' else ' --pid-file /run/nginx.pid'
    told = json.loads(machine.run('bext status --json' + pid).out)
    return told['compatible'], told['compatible_from']


OLD = 'GET /way HTTP/1.0|connection: close'


def what_debians_nginx_does_goes_on(machine):
    _application(machine)
    assert _asked(machine) == OLD
    version = machine.run('nginx -v 2>&1 | sed "s,.*/,,"').out.strip()
    before = machine.run('find /var/lib/bext /etc/systemd/system /run/systemd/system -name "*nginx*" | sort', check=False).out
    machine.run('for n in 1 2 3; do curl -sS http://127.0.0.1:8090/$n; done')
    checks = json.loads(machine.run(GO + ' --json', timeout=120).out)['checks']
    rehearsal, said = _check(checks, 'Rehearsal'), _check(checks, 'nginx Version')
    assert rehearsal['verdict'] == 'pass' and '100 % the same' in rehearsal['looked_at'], rehearsal
    assert said['verdict'] == 'pass' and said['looked_at'] == f'compatible with nginx {version}', said
    for after in ('', 'bext reload', 'systemctl reload bext', 'reboot'):
        machine.reboot() if after == 'reboot' else machine.run(after or 'true', timeout=60)
        machine.wait_until('curl -sS http://127.0.0.1:8090/ | grep xxx')
        assert _asked(machine) == OLD and _status(machine) == (version, 'takeover'), after
    machine.run(INSTALL, timeout=90)
    for after in ('', 'nginx -s reload', 'systemctl reload nginx', 'invoke-rc.d nginx upgrade', 'systemctl restart nginx', 'reboot'):
        machine.reboot() if after == 'reboot' else machine.run(after or 'true', timeout=60)
        machine.wait_until('curl -sS http://127.0.0.1:8090/ | grep xxx')
        assert _asked(machine) == OLD and _status(machine, 'nginx') == (version, 'masquerade'), after
    assert machine.run('nginx -v 2>&1').out == 'nginx version: nginx/1.28.2 (bext-masquerade)\n'
    assert f'compatible with nginx {version}, which masquerade has found here' in machine.run('nginx -V 2>&1').out
    machine.run(UNINSTALL, timeout=60)
    assert machine.run('find /var/lib/bext /etc/systemd/system /run/systemd/system -name "*nginx*" | sort', check=False).out == before
    assert machine.run('readlink /proc/$(cat /run/nginx.pid)/exe').out.strip() == '/usr/sbin/nginx'


def the_newest_differs_in_framing_which_stops_nothing(machine):
    _application(machine)
    machine.put('[nginx]\ncompatible = "newest"\n', '/etc/bext/bext.config.toml')
    checks = json.loads(machine.run(GO + ' --json', timeout=120).out)['checks']
    rehearsal = _check(checks, 'Rehearsal')
    assert rehearsal['verdict'] == 'warn' and '100 % the same' in rehearsal['looked_at'], rehearsal
    assert 'framing: nginx chunks or the end of the connection, bext a length' in rehearsal['reason'], rehearsal
    assert _check(checks, 'nginx Version')['verdict'] == 'warn', checks
    assert _asked(machine) == 'GET /way HTTP/1.1|' and _status(machine)[1] == 'bext.config.toml'
    machine.put('[nginx]\ncompatible = "1.22"\n', '/etc/bext/bext.config.toml')
    machine.run('bext reload')
    assert _asked(machine) == OLD and _status(machine) == ('1.22', 'bext.config.toml')
    machine.put('[nginx]\ncompatible = 1.22\n', '/etc/bext/bext.config.toml')
    assert machine.run('bext reload', check=False).status != 0 and _asked(machine) == OLD
    machine.run('rm /etc/bext/bext.config.toml; bext rollback --yes', timeout=60)
    assert machine.run('ls /var/lib/bext/takeover/nginx-version', check=False).status != 0


def a_module_of_a_package_breaks_nothing(machine):
    """The file is no module, so that nginx itself would not start with it: what bext says is looked at."""
    line = '/etc/nginx/modules-enabled/50-mod-http-echo.conf'
    machine.run('mkdir -p /usr/lib/nginx/modules; echo x > /usr/lib/nginx/modules/ngx_http_echo_module.so')
    machine.put('load_module modules/ngx_http_echo_module.so;\n', line)
    checks = json.loads(machine.run(GO + ' --json', timeout=120, check=False).out)['checks']
    assert _check(checks, 'Modules')['verdict'] == 'warn' and 'ngx_http_echo_module' in _check(checks, 'Modules')['reason'], checks
    assert all(_check(checks, name)['verdict'] != 'fail' for name in ('Config Parsed', 'Directives')), checks
    machine.put('server { listen 8090; location / { echo hello; } }', '/etc/nginx/conf.d/echo.conf')
    checks = json.loads(machine.run(GO + ' --json', timeout=120, check=False).out)['checks']
    assert 'echo of ngx_http_echo_module in /etc/nginx/conf.d/echo.conf:1' in _check(checks, 'Directives')['reason'], checks
    machine.run(f'rm {line} /etc/nginx/conf.d/echo.conf; {INSTALL}', timeout=90)
    machine.put('load_module modules/ngx_http_echo_module.so;\n', line)
    told = machine.run('nginx -t').err
    assert '[warn]' in told and 'bext loads no modules; it does without ngx_http_echo_module' in told, told
    machine.run('systemctl reload nginx; nginx -s reload; systemctl restart nginx')
    assert 'Welcome to nginx!' in machine.run('curl -sS http://127.0.0.1/').out
    machine.put('server { listen 8090; location / { echo hello; } }', '/etc/nginx/conf.d/echo.conf')
    refused = machine.run('nginx -t', check=False)
    assert refused.status == 1 and '"echo" is of module "ngx_http_echo_module"' in refused.err and 'conf.d/echo.conf:1' in refused.err, refused
    assert machine.run('systemctl reload nginx', check=False).status != 0 and 'Welcome to nginx!' in machine.run('curl -sS http://127.0.0.1/').out
