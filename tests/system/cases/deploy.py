"""The webhook of git_deploy, as the service that it is."""
from service import serve_debians_site

CONFIG = """[git_deploy]
enabled = true
secret = "secret of the test"
on_push = "echo deploying; date +%s%N >> /srv/deployed"
"""


def _post(machine, secret, body='{"ref":"refs/heads/main"}'):
    signature = machine.run(['sh', '-c', 'printf %s "$0" | openssl dgst -sha256 -hmac "$1" -r', body, secret]).out.split()[0]
    return machine.run(['curl', '-sS', '-H', 'X-GitHub-Event: push', '-H', f'X-Hub-Signature-256: sha256={signature}',
                        '-d', body, 'http://127.0.0.1/deploy']).out


def a_push_runs_the_command_once(machine):
    machine.put(CONFIG, '/etc/bext/bext.config.toml', 0o600)
    serve_debians_site(machine)
    machine.run("sed -i 's|server_name _;|server_name _; location = /deploy { proxy_pass http://127.0.0.1:8090; }|' "
                '/etc/nginx/sites-enabled/default; systemctl kill --kill-who=main -s HUP bext')
    machine.wait_until('curl -sS http://127.0.0.1/deploy | grep -q "POST a webhook"')
    assert _post(machine, 'another secret') == 'the signature is missing or wrong\n'
    assert machine.run('test -e /srv/deployed', check=False).status == 1
    assert _post(machine, 'secret of the test') == 'started\n'
    machine.wait_until('journalctl -u bext-deploy -o cat | grep -q "exited with status 0"')
    assert len(machine.get('/srv/deployed').split()) == 1
    assert '\ndeploying\n' in machine.run('journalctl -u bext-deploy -o cat').out


def it_is_off_unless_it_is_wanted(machine):
    machine.put(CONFIG.replace('true', 'false'), '/etc/bext/bext.config.toml')
    serve_debians_site(machine)
    machine.wait_until('[ "$(systemctl is-active bext-deploy)" = inactive ]')
    assert machine.run('systemctl show -P Result bext-deploy').out == 'success\n'
    assert ':8090' not in machine.run('ss -Hltn').out


def a_fault_in_its_configuration_keeps_bext_from_starting(machine):
    machine.put('[upgrade]\ndrain = 3\n', '/etc/bext/bext.config.toml')
    serve_debians_site(machine, check=False)
    machine.wait_until('systemctl is-failed bext')
    assert '/etc/bext/bext.config.toml:2: [upgrade] has no key "drain"; it has: drain_timeout' in machine.journal('bext')
