"""Who may have the running server do something: root of this machine, by its commands; nobody else who shares its network."""
import json
import os
import pathlib

from machine import HERE, Skip
from service import Load, main_pid, serve_debians_site

WITHOUT_RIGHTS = 'setpriv --bounding-set=-all --inh-caps=-all --no-new-privs'
# What a container has of its own; the last one has the host's /run as well, as some are given it.
CONTAINERS = {
    'root in namespaces of its own': ('unshare --mount --pid --fork --user --map-root-user', 'mount -t tmpfs none /run &&'),
    'root of the network namespace only': ('unshare --mount --pid --fork', 'mount -t tmpfs none /run &&'),
    'root with the sight of /run': ('unshare --mount --pid --fork', ''),
    'another root with the sight of /run': ('unshare --mount --pid --fork --user --map-root-user', ''),
}


def _refused(machine, pid):
    """Nobody in a container has the server `pid` execute anything."""
    machine.put(HERE.parent / 'support' / 'stranger.py', '/root/stranger.py')
    for name, (apart, before) in CONTAINERS.items():
        asking = f"exec {WITHOUT_RIGHTS} python3 /root/stranger.py {pid} /bin/sh -c 'id > /tmp/executed'"
        told = machine.run(['sh', '-c', f'exec {apart} sh -c "$0"', f'{before} {asking}']).out.splitlines()
        assert told[0] == "I am 0 ['0000000000000000']", told
        assert not before or len(told) == 1, f'{name} finds a socket: {told}'
        assert before or len(told) == 4, f'the socket has moved: {told}'
        assert all('namespace may not ask this server' in line for line in told[1:]), (name, told)
    assert machine.run(f'ls /tmp/executed; [ "$(readlink /proc/{pid}/exe)" = /usr/sbin/bext-server ]', check=False).out == ''


def a_container_on_the_hosts_network_is_refused(machine):
    serve_debians_site(machine)
    assert machine.run('stat -c "%a %U %n" /run/bext /run/bext/control').out == '755 root /run/bext\n700 root /run/bext/control\n'
    _refused(machine, main_pid(machine))
    with Load(machine, kept=8, fresh=4) as load:
        before = main_pid(machine)
        assert json.loads(machine.run('bext status --json').out)['pid'] == int(before)
        for command in ('bext reload', 'systemctl reload bext', 'bext upgrade'):
            machine.run(command)
        assert main_pid(machine) != before
        _refused(machine, main_pid(machine))
    load.nothing_was_lost()


def no_other_user_reaches_it(machine):
    serve_debians_site(machine)
    pid = main_pid(machine)
    stranger = f'runuser -u www-data -- python3 /tmp/stranger.py {pid} /bin/sh -c "id > /tmp/executed"'
    machine.put(HERE.parent / 'support' / 'stranger.py', '/tmp/stranger.py')
    assert len(machine.run(stranger).out.splitlines()) == 1, 'a socket can be found'
    asked = machine.run('runuser -u www-data -- bext status', check=False)
    assert asked.status == 1 and asked.out == '', asked
    # What a user's own process says of itself is not believed: it could have root write a file anywhere.
    machine.run('rm -f /run/bext.pid.kept; mv /run/bext.pid /run/bext.pid.kept; echo 1 > /tmp/bext.pid; chown www-data /tmp/bext.pid')
    asked = machine.run('timeout 8 bext status', check=False)
    assert asked.status == 1 and 'no running bext-server' in asked.err, asked
    machine.run('mv /run/bext.pid.kept /run/bext.pid; bext status')


def in_nginxs_place_and_after_a_takeover_too(machine):
    machine.run('bext nginx-takeover --auto-takeover --probation 1 --rehearsal 0', timeout=120)
    _refused(machine, main_pid(machine))
    machine.run('bext rollback --yes', timeout=60)
    machine.run('bext nginx masquerade install', timeout=60)
    pid = main_pid(machine, 'nginx')
    _refused(machine, pid)
    # Root's own processes may ask, and have no say in what is executed.
    told = machine.run(f"python3 /root/stranger.py {pid} /bin/sh -c 'id > /tmp/executed'").out
    assert 'unknown request' in told and 'stand-aside" failed (2: No such file' in told, told
    assert machine.run('test -e /tmp/executed', check=False).status == 1
    # Another unit that stops takes nothing away from under this one.
    machine.run('systemctl start bext; systemctl stop bext', check=False)
    machine.run('systemctl restart nginx')
    machine.run('bext status --pid-file /run/nginx.pid; bext reload --pid-file /run/nginx.pid')
    _refused(machine, main_pid(machine, 'nginx'))
    machine.run('bext nginx masquerade uninstall', timeout=60)
    assert machine.run('readlink /proc/$(cat /run/nginx.pid)/exe').out == '/usr/sbin/nginx\n'


def nothing_is_left_behind(machine):
    serve_debians_site(machine)
    for _ in range(2):
        before = main_pid(machine)
        machine.run('systemctl kill --kill-who=all -s KILL bext')
        machine.wait_until(f'[ "$(systemctl show -P MainPID bext)" != {before} ] && systemctl is-active -q bext')
        assert machine.run('ls /run/bext/control').out.endswith(f'.{main_pid(machine)}\n')
        assert len(machine.run('ls /run/bext/control').out.split()) == 1
    machine.run('systemctl stop bext')
    assert machine.run('ls -A /run/bext/control').out == ''


def without_a_place_for_it_there_are_signals(machine):
    machine.run('systemctl disable --now nginx; mkdir -p /etc/systemd/system/bext.service.d')
    machine.put('[Service]\nRuntimeDirectory=\nReadOnlyPaths=/run/bext\n', '/etc/systemd/system/bext.service.d/read-only.conf')
    machine.run('rm -rf /run/bext; mkdir /run/bext; systemctl daemon-reload; systemctl start bext')
    assert 'signals are all there is' in machine.journal('bext')
    before = main_pid(machine)
    assert 'can be asked from here' in machine.run('bext status', check=False).err
    machine.run("sed -i 's/server_name _;/server_name _; add_header X-Seen 1;/' /etc/nginx/sites-enabled/default")
    assert 'was sent the signal' in machine.run('bext reload').err
    machine.wait_until('curl -sSi http://127.0.0.1/ | grep -q X-Seen')
    assert main_pid(machine) == before
    assert 'was sent the signal' in machine.run('bext upgrade').out
    machine.wait_until(f'[ "$(systemctl show -P MainPID bext)" != {before} ] && curl -sS http://127.0.0.1/')
    # Another program is sent nothing.
    assert machine.run('sleep 100 > /dev/null 2>&1 & echo $! > /run/other.pid; bext reload --pid-file /run/other.pid', check=False).status == 1
    machine.run('kill $(cat /run/other.pid)')


def nginxs_unit_may_keep_it_from_its_place(machine):
    """A hardened nginx.service: the change to bext needs no answers; the way back has to wait for a restart."""
    machine.put('[Service]\nReadOnlyPaths=/run/bext\n', '/etc/systemd/system/nginx.service.d/hardened.conf')
    machine.run('mkdir -p /run/bext; systemctl daemon-reload; systemctl restart nginx')
    with Load(machine, kept=4, fresh=4) as load:
        machine.run('bext nginx masquerade install', timeout=60)
        pid = main_pid(machine, 'nginx')
        assert machine.run(f'readlink /proc/{pid}/exe').out == '/usr/sbin/bext-server\n'
        told = machine.run('bext nginx masquerade uninstall', timeout=60, check=False)
        assert told.status == 1 and 'use --no-now, then restart nginx.service' in told.err, told
    assert load.counts['refused'] == 0 and load.counts['errors'] == 0, load.line
    assert main_pid(machine, 'nginx') == pid and machine.run('ls /var/lib/bext/masquerade/stand-aside', check=False).status != 0
    machine.run('bext nginx masquerade uninstall --no-now; systemctl restart nginx')
    assert machine.run('readlink /proc/$(cat /run/nginx.pid)/exe').out == '/usr/sbin/nginx\n'


def a_user_has_a_server_of_their_own(machine):
    machine.put('pid /home/own/bext.pid;\nevents {}\nhttp { access_log off; server { listen 127.0.0.1:8081; return 200 own; } }\n', '/srv/own.conf')
    machine.put('', '/srv/own.toml')
    machine.run('useradd --create-home own; mkdir -m 700 /run/own; chown own /run/own')
    as_own = 'systemd-run --quiet --unit own -p User=own -p KillMode=process -E XDG_RUNTIME_DIR=/run/own -p WorkingDirectory=/home/own'
    machine.run(f'{as_own} bext-server run --config /srv/own.toml --nginx-config /srv/own.conf --pid-file /home/own/bext.pid')
    machine.wait_until('curl -sS http://127.0.0.1:8081/')
    ask = 'runuser -u own -- env XDG_RUNTIME_DIR=/run/own bext {} --pid-file /home/own/bext.pid'
    first = json.loads(machine.run(ask.format('status --json')).out)['pid']
    machine.run(ask.format('reload'))
    machine.run(ask.format('upgrade'))
    assert json.loads(machine.run(ask.format('status --json')).out)['pid'] != first
    # Root believes no server of another user.
    assert machine.run('bext status --pid-file /home/own/bext.pid', check=False).status == 1


def an_older_one_is_asked_and_upgraded(machine):
    """BEXT_BEFORE: the directory of the binaries of an earlier version, which listened elsewhere for commands."""
    before = os.environ.get('BEXT_BEFORE')
    if not before:
        raise Skip('BEXT_BEFORE names no earlier build')
    places = {'bext-server': '/usr/sbin/bext-server', 'bext': '/usr/bin/bext', 'bext-nginx-shim': '/usr/lib/bext/nginx'}
    machine.run('mkdir /root/next; cp ' + ' '.join(places.values()) + ' /root/next')

    def earlier():
        for name, place in places.items():
            machine.put(pathlib.Path(before, name), place, 0o755)

    def later():
        for place in places.values():
            machine.run(f'cp /root/next/{pathlib.Path(place).name} {place}.new && mv {place}.new {place}')
    earlier()
    serve_debians_site(machine)
    older = main_pid(machine)
    later()
    with Load(machine, kept=8, fresh=4) as load:
        machine.run('bext reload; systemctl reload bext')
        assert main_pid(machine) != older
        _refused(machine, main_pid(machine))
        machine.run('bext upgrade')
    load.nothing_was_lost()
    machine.run('systemctl stop bext; systemctl start nginx')
    for upgrade in (True, False):
        earlier()
        machine.run('bext nginx masquerade install', timeout=60)
        older = main_pid(machine, 'nginx')
        later()
        if upgrade:  # as the package does it; else the older one has to make room for nginx
            machine.run('bext nginx masquerade install --no-now; bext upgrade --pid-file /run/nginx.pid')
            machine.wait_until(f'[ "$(systemctl show -P MainPID nginx)" != {older} ]')
            _refused(machine, main_pid(machine, 'nginx'))
        machine.run('bext nginx masquerade uninstall', timeout=60)
        assert machine.run('readlink /proc/$(cat /run/nginx.pid)/exe').out == '/usr/sbin/nginx\n'
