"""What the cases share: bext as a service in the machine, and the load that it must not lose."""
import os
import signal
import subprocess

from machine import Failed, wait_for

LOADS = iter(range(1, 1000))
# Whether the kernel acknowledges at once on each listening socket of a process: TCP_QUICKACK, a line each.
QUICKACK = '''
import ctypes, os, socket, sys
process = os.pidfd_open(int(sys.argv[1]))
for fd in os.listdir(f'/proc/{sys.argv[1]}/fd'):
    if not os.readlink(f'/proc/{sys.argv[1]}/fd/{fd}').startswith('socket:'):
        continue
    one = socket.socket(fileno=ctypes.CDLL(None).syscall(438, process, int(fd), 0))  # pidfd_getfd
    if one.family in (socket.AF_INET, socket.AF_INET6) and one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        print(one.getsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK))
'''


def write_site(machine, server, http=''):
    """Puts one server on port 80 in the place of Debian's nginx.conf; nginx itself is stopped and out of the way."""
    machine.run('systemctl disable --now nginx')
    machine.put(f'user www-data;\npid /run/nginx.pid;\nevents {{}}\nhttp {{\n{http}\n'
                f'server {{ listen 80; listen [::]:80; {server} }}\n}}\n', '/etc/nginx/nginx.conf')


def main_pid(machine, unit='bext'):
    return machine.run(f'systemctl show -P MainPID {unit}').out.strip()


def debians_nginx(machine):
    """nginx/VERSION of Debian's own nginx, whoever has its name now."""
    return machine.run('own=/usr/sbin/nginx; [ ! -e $own.real ] || own=$own.real; $own -v').err.split()[2]


def acknowledges_at_once(machine, unit):
    """Whether a connection to the unit's listening sockets is acknowledged at once (docs/adr/0012-acknowledgments.md)."""
    values = machine.run(['python3', '-c', QUICKACK, main_pid(machine, unit)]).out.split()
    assert len(set(values)) == 1, values
    return values[0] == '1'


def serve_debians_site(machine, check=True):
    """Starts bext.service on the configuration that Debian's nginx has, in nginx's place, and waits for its first answer."""
    machine.run('systemctl disable --now nginx')
    machine.run('systemctl start bext', check=check)


def counts_of(line):
    """What load.py printed: its numbers, and how often each server answered."""
    fields = dict(word.split('=', 1) for word in line.split())
    servers = [one.rsplit(':', 1) for one in fields.pop('servers', '').split(',') if one]
    return {key: int(value) for key, value in fields.items()}, {name: int(count) for name, count in servers}


class Load:
    """Runs load.py in the machine from before something happens until after it; `counts` is what it counted.

    The first answer to every client is awaited before the block begins."""

    def __init__(self, machine, port=80, kept=16, fresh=4, pause=1, options=''):
        self.machine, self.counts, self.servers = machine, {}, {}
        self.ready = f'/run/load.{next(LOADS)}.ready'
        self.command = f'exec load.py --port {port} --kept {kept} --fresh {fresh} --pause {pause} --ready {self.ready} {options}'

    def __enter__(self):
        self.process = self.machine.start(self.command)

        def begun():
            if self.process.poll() is not None:
                raise Failed(f'the load ended at once: {self.process.communicate()}')
            return self.machine.run(['test', '-e', self.ready], check=False).status == 0
        try:
            wait_for(begun, 20, 'the first answers')
        except BaseException:
            self._signal(signal.SIGKILL)
            raise
        return self

    def _signal(self, number):
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass

    def __exit__(self, kind, *_):
        if kind:
            self._signal(signal.SIGKILL)
            self.process.communicate()
            return
        self._signal(signal.SIGTERM)
        try:
            out, err = self.process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            raise
        if 'answers=' not in out:
            raise Failed(f'the load counted nothing: {out}{err}')
        self.line = out.strip()
        self.counts, self.servers = counts_of(self.line)
        print(f'   {self.line}', flush=True)

    def nothing_was_lost(self):
        """Every request got its answer, and none was an error."""
        if self.counts['refused'] or self.counts['lost'] or self.counts['errors'] or not self.counts['answers']:
            raise Failed(f'a client would have noticed: {self.line}')


class Http2Load(Load):
    """The same with load_http2.py: connections with requests under way each, of clients that obey GOAWAY."""

    def __init__(self, machine, port=443, connections=4, streams=4, options='--tls'):
        super().__init__(machine)
        self.command = f'exec load_http2.py --port {port} --connections {connections} --streams {streams} --ready {self.ready} {options}'
