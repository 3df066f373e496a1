"""`bext nginx masquerade` on Debian's own nginx, running and under load: what others see, what is lost, what is left."""
import json
import re

from service import Load

TREES = '/etc /usr/sbin /lib/systemd /usr/lib/bext /var/lib/bext'


def _tree(machine):
    """Every file with its kind, mode, owner and content, and what systemd and dpkg say."""
    listing = machine.run(f'find {TREES} -printf "%y %m %U:%G %p %l\\n" 2>/dev/null | sort; find {TREES} -type f -exec sha256sum {{}} + 2>/dev/null | sort', check=False).out
    unit = machine.run('systemctl show nginx -p Type,FragmentPath,DropInPaths,UnitFileState,ActiveState,ExecStart,NeedDaemonReload,FileDescriptorStoreMax,NFileDescriptorStore').out
    unit = re.sub(r'(start_time|stop_time|pid|code|status)=[^;]*', '', unit)
    return listing + unit + machine.run('dpkg-divert --list').out


def _main_pid(machine):
    return machine.run('systemctl show -P MainPID nginx').out.strip()


def _server(machine):
    """Who is the main process of nginx.service."""
    program = machine.run(f'readlink /proc/{_main_pid(machine)}/exe').out.strip()
    return 'bext' if program == '/usr/sbin/bext-server' else 'nginx' if program == '/usr/sbin/nginx' else program


def _is_nginx(machine, before):
    after = _tree(machine)
    assert after == before, '\n'.join(sorted(set(before.splitlines()) ^ set(after.splitlines())))
    assert _server(machine) == 'nginx'
    assert machine.run('curl -sSI http://127.0.0.1/').out.splitlines()[1].startswith('Server: nginx/1.22')


def installing_and_undoing_under_load_refuses_nobody(machine):
    before = _tree(machine)
    with Load(machine, kept=8, fresh=6) as load:
        print(machine.run('bext nginx masquerade install').out)
        assert _server(machine) == 'bext'
    assert load.counts['refused'] == 0 and load.counts['errors'] == 0 and load.counts['lost'] == 0, load.line
    print(machine.run('systemctl status nginx; ps axo pid,ppid,comm,args | grep [n]ginx; curl -sSI http://127.0.0.1/; ls -la /run/nginx*; bext nginx masquerade status; bext nginx masquerade doctor; bext nginx masquerade doctor --act; cat /var/lib/bext/masquerade/journal; journalctl -u nginx', check=False))
    with Load(machine, kept=8, fresh=6) as load:
        print(machine.run('bext nginx masquerade uninstall', check=False))
        print(machine.run('systemctl status nginx', check=False))
    print(machine.run('journalctl -u nginx; tail -20 /var/log/nginx/error.log', check=False))
    assert load.counts['refused'] == 0 and load.counts['errors'] == 0 and load.counts['lost'] == 0, load.line
    _is_nginx(machine, before)
