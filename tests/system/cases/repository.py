"""An apt repository, and what machines do with it by themselves: upgrades of bext, and of the libraries that it uses."""
import tempfile

from machine import bare
from packages import another_binary, built, install, is_of_the_installed_file, put_repository, reassembled, repacked
from service import Load, main_pid, serve_debians_site

ORIGIN = 'Unattended-Upgrade::Origins-Pattern { "origin=bext"; };\n'


def _serving(machine):
    machine.put(built(machine), '/root/one.deb')
    install(machine, 'one')
    serve_debians_site(machine)


@bare
def unattended_upgrades_replace_the_running_server(machine):
    _serving(machine)
    with tempfile.TemporaryDirectory() as directory:
        put_repository(machine, repacked(built(machine), '9.0-1', directory, another_binary))
    machine.put(ORIGIN, '/etc/apt/apt.conf.d/52bext')
    before = main_pid(machine)
    with Load(machine, kept=16, fresh=4) as load:
        machine.run('unattended-upgrade -v', timeout=120)
    load.nothing_was_lost()
    assert machine.run('dpkg-query -W -f "\\${Version}" bext').out == '9.0-1'
    assert main_pid(machine) not in (before, '0')
    assert is_of_the_installed_file(machine, main_pid(machine))


@bare
def a_repository_of_another_key_is_refused(machine):
    put_repository(machine, built(machine))
    first = machine.get('/srv/packages/bext.gpg')
    put_repository(machine, built(machine))
    machine.put(first, '/srv/packages/bext.gpg')
    refused = machine.run('rm -rf /var/lib/apt/lists/*; apt-get update', check=False)
    assert any(words in refused.out + refused.err for words in ('NO_PUBKEY', 'Missing key')), refused  # gpgv's and sqv's


@bare
def a_new_libssl_is_taken_without_a_loss(machine):
    _serving(machine)
    libssl = machine.run("dpkg-query -W -f '${db:Status-Abbrev}${Package}\\n' 'libssl3*' | sed -n 's/^ii *//p'").out.strip()
    with tempfile.TemporaryDirectory() as directory:
        put_repository(machine, reassembled(machine, libssl, '9.0-1', directory))
    machine.put(ORIGIN, '/etc/apt/apt.conf.d/52bext')
    machine.put("$nrconf{restart} = 'a';\n", '/etc/needrestart/conf.d/restart.conf')
    before = main_pid(machine)
    with Load(machine, kept=16, fresh=4) as load:
        machine.run('unattended-upgrade -v', timeout=120)
    load.nothing_was_lost()
    assert machine.run('dpkg-query -W -f "\\${Version}" ' + libssl).out == '9.0-1'
    assert main_pid(machine) not in (before, '0')
    assert '1 upgrade' in machine.run('systemctl show -P StatusText bext').out
    assert machine.run(f'grep -c "libssl.*(deleted)" /proc/{main_pid(machine)}/maps', check=False).out == '0\n'
