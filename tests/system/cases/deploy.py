"""The webhook of git_deploy, as the service that it is."""
import subprocess

from service import serve_debians_site

CONFIG = """[git_deploy]
enabled = true
secret = "secret of the test"
on_push = "echo deploying; date +%s%N >> /srv/deployed"
"""


# 12 bodies that nobody has signed, all but their last byte, and 64 connections that say nothing.
FLOOD = """
import socket, sys
head = b'POST / HTTP/1.1\\r\\nHost: a\\r\\nX-Hub-Signature-256: sha256=' + b'0' * 64 + b'\\r\\nContent-Length: 26000000\\r\\n\\r\\n'
sending = []
for _ in range(12):
    sending.append(socket.create_connection(('127.0.0.1', 8090)))
    try:
        sending[-1].sendall(head + b'x' * 25999999)
    except OSError:
        pass  # it took too long for the server
idle = [socket.create_connection(('127.0.0.1', 8090)) for _ in range(64)]
print('open', flush=True)
sys.stdin.read()
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
    assert _post(machine, 'secret of the test') == 'this delivery was taken already\n'
    assert len(machine.get('/srv/deployed').split()) == 1
    assert '\ndeploying\n' in machine.run('journalctl -u bext-deploy -o cat').out


def who_sends_nothing_and_who_sends_much_keeps_nobody_out(machine):
    machine.put(CONFIG, '/etc/bext/bext.config.toml', 0o600)
    serve_debians_site(machine)
    machine.wait_until('curl -sS http://127.0.0.1:8090/ | grep -q "POST a webhook"')
    idle = machine.start(['python3', '-c', FLOOD], stdin=subprocess.PIPE)
    assert idle.stdout.readline() == 'open\n'
    machine.run("sed -i 's|server_name _;|server_name _; location = /deploy { proxy_pass http://127.0.0.1:8090; }|' "
                '/etc/nginx/sites-enabled/default; bext reload')
    assert _post(machine, 'secret of the test') == 'started\n'
    largest = int(machine.run('grep VmHWM "/proc/$(systemctl show -P MainPID bext-deploy)/status"').out.split()[1])
    assert largest < 100_000, f'{largest} KiB'
    machine.finish(idle)


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
