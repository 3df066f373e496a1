"""A scratch folder with the files and configuration of a group, and the server under test running on it."""
import os
import pathlib
import pwd
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading

from . import masks
from .backend import FastcgiBackend, HttpBackend
from .client import wait_until
from .names import Names
from .text import unescape

TLS = pathlib.Path(__file__).resolve().parent.parent / 'tls'
DEFAULT_TIME = masks.stamp('2024-02-03T04:05:06Z')

_MAIN = 'pid %%DIR%%/nginx.pid;'
_HTTP = f'{_MAIN} events {{}} http {{ access_log %%DIR%%/access.log; %%TEMP%%'
_SERVER = 'server { listen 127.0.0.1:%%PORT%%; server_name localhost;'

# uwsgi's and scgi's are there although bext has neither: configurations name them, and they are harmless alone.
_TEMP = ' '.join(f'{name}_temp_path %%DIR%%/temp/{name};' for name in ('client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'))


_taken = set()
_lock = threading.Lock()
_processes, _places = set(), set()      # what an interrupted run would leave behind


def abandon(signum, _frame):
    """A signal handler: ends the servers of this run and removes their folders, then the run itself."""
    for process in list(_processes):
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    for place in list(_places):
        place.remove()
    os._exit(128 + signum)


def _free_port():
    with _lock:
        while True:
            port = random.randrange(15000, 32000)
            if port in _taken:
                continue
            with socket.socket() as probe:
                try:
                    probe.bind(('127.0.0.1', port))
                except OSError:
                    continue
            _taken.add(port)
            return str(port)


class Place:
    """The scratch folder of one group, its backends, its placeholders' values."""

    def __init__(self, group, compatible='newest'):
        self.group = group
        self.compatible = compatible
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix='bext-golden-', dir='/tmp'))
        _places.add(self)
        self.values = {'DIR': str(self.dir)}
        self.backends, self.names = [], []
        self._closed = []
        try:
            self._start_backends()
            self._start_names()
            self.config = self._config()
            self._lay_out()
        except BaseException:
            self.remove()
            raise

    def fill(self, text):
        """Fills placeholders; ports are handed out when first named."""
        for name in set(re.findall(r'%%(PORT\d*|CLOSED)%%', text)) - set(self.values):
            self.values[name] = _free_port() if name != 'CLOSED' else self._closed_address()
        return masks.fill(text, self.values)

    def _closed_address(self):
        keeper = socket.socket()
        keeper.bind(('127.0.0.1', 0))
        self._closed.append(keeper)
        return '127.0.0.1:%d' % keeper.getsockname()[1]

    def _start_backends(self):
        for part in self.group.all('backend', 'fastcgi'):
            name = part.words.strip()
            kind = HttpBackend if part.kind == 'backend' else FastcgiBackend
            backend = kind(name, [])
            self.backends.append(backend)
            self.values['BACKEND' + (f'_{name}' if name else '')] = backend.address
            backend.rules.__init__([self.fill(line.replace('%%CONNECTION%%', '\0')).replace('\0', '%%CONNECTION%%')
                                    for line in part.lines])

    def _start_names(self):
        for part in self.group.all('names'):
            self.names.append(Names(part.lines, self.dir / 'names.log'))
            self.values['NAMES'] = self.names[-1].address

    def _config(self):
        part = {kind: ''.join(found.text() for found in self.group.all(kind)) for kind in ('main', 'http', 'server')}
        if part['main']:
            text = part['main'].replace('%%MAIN%%', _MAIN)
        elif part['server'] and part['http']:
            text = f"{_HTTP}\n{part['http']}{_SERVER}\n{part['server']}}}}}\n"
        elif part['server']:
            text = f"{_HTTP} {_SERVER}\n{part['server']}}}}}\n"
        else:
            text = f"{_HTTP}\n{part['http']}}}\n"
        if self.group.all('main') and any('noeol' in found.words for found in self.group.all('main')):
            text = text.rstrip('\n')
        return self.fill(text.replace('%%TEMP%%', _TEMP))

    def _lay_out(self):
        for folder in ('html', 'temp', 'logs'):
            (self.dir / folder).mkdir()
        (self.dir / 'nginx.conf').write_bytes(self.config.encode())
        (self.dir / 'bext.config.toml').write_text(f'[nginx]\ncompatible = "{self.compatible}"\n')
        if 'tls/' in self.config:
            shutil.copytree(TLS, self.dir / 'tls')
        for part in self.group.all('dir', 'file', 'link'):
            path, *words = part.words.split()
            path = self.dir / path
            path.parent.mkdir(parents=True, exist_ok=True)
            options = dict(word.partition('=')[::2] for word in words)
            if part.kind == 'link':
                path.symlink_to(self.fill(words[0]))
            elif part.kind == 'dir':
                path.mkdir(exist_ok=True)
            else:
                self._file(path, part, options)
        self._own()
        for part in self.group.all('file', 'dir', 'link'):
            path, *words = part.words.split()
            options = dict(word.partition('=')[::2] for word in words)
            if 'mode' in options:
                os.chmod(self.dir / path, int(options['mode'], 8))
            when = masks.stamp(options['mtime']) if 'mtime' in options else DEFAULT_TIME
            os.utime(self.dir / path, (when, when), follow_symlinks=False)

    def _file(self, path, part, options):
        text = self.fill(part.text())
        if 'nonl' in options:
            text = text.rstrip('\n')
        data = unescape(text.rstrip('\n')) if 'escaped' in options else text.encode()
        if 'size' in options:
            data = (bytes(range(48, 58)) * (int(options['size']) // 10 + 1))[:int(options['size'])]
        path.write_bytes(data)

    def _own(self):
        """The server never runs as root here: permissions would mean nothing."""
        os.chmod(self.dir, 0o755)
        if os.geteuid() != 0:
            return
        user = pwd.getpwnam('nobody')
        for path in [self.dir, *self.dir.rglob('*')]:
            os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)

    def run_as(self):
        if os.geteuid() != 0:
            return {}
        user = pwd.getpwnam('nobody')
        return {'user': user.pw_uid, 'group': user.pw_gid, 'extra_groups': []}

    def remove(self):
        for one in self.backends + self.names:
            one.stop()
        for keeper in self._closed:
            keeper.close()
        if os.geteuid() != 0:
            for path in self.dir.rglob('*'):
                if path.is_dir() and not path.is_symlink():
                    os.chmod(path, 0o755)
        shutil.rmtree(self.dir, ignore_errors=True)
        _places.discard(self)


def _listening():
    ports = set()
    for name in ('tcp', 'tcp6'):
        try:
            rows = pathlib.Path('/proc/net/' + name).read_text().splitlines()[1:]
        except FileNotFoundError:
            continue
        ports |= {int(row.split()[1].rsplit(':')[-1], 16) for row in rows if row.split()[3] == '0A'}
    return ports


class Server:
    """The server under test on a Place."""

    def __init__(self, binary, place, timeout):
        self.place = place
        self.timeout = timeout
        self.stderr = open(place.dir / 'stderr', 'w+b')
        self.process = subprocess.Popen(
            [binary, '-p', str(place.dir), '-c', str(place.dir / 'nginx.conf'), '-e', str(place.dir / 'error.log'),
             '-g', 'daemon off;'], stdin=subprocess.DEVNULL, stdout=self.stderr, stderr=self.stderr,
            cwd=place.dir, env=environment(place), start_new_session=True, **place.run_as())
        _processes.add(self.process)

    def ready(self):
        """Waits until every port and socket of the configuration listens. An error text, or None."""
        ports = {int(value) for name, value in self.place.values.items()
                 if name.startswith('PORT') and re.search(rf'\b{value}\b', self.place.config)}
        sockets = re.findall(r'listen\s+unix:([^\s;]+)', self.place.config)

        def event():
            if self.process.poll() is not None:
                return 'died'
            return ports <= _listening() and all(os.path.exists(path) for path in sockets)
        if wait_until(event, self.timeout) is True:
            return None
        self.process.poll()
        return f'did not start (status {self.process.returncode}):\n{self._said()}'

    def _said(self):
        self.stderr.seek(0)
        log = self.place.dir / 'error.log'
        return (self.stderr.read() + (log.read_bytes() if log.exists() else b'')).decode('latin-1')

    def stop(self):
        """SIGQUIT, then SIGTERM, then SIGKILL to its own pid. An error text, or None."""
        complaint = None
        for signum, patience in ((signal.SIGQUIT, self.timeout), (signal.SIGTERM, self.timeout), (signal.SIGKILL, 5)):
            if self.process.poll() is None:
                self.process.send_signal(signum)
                try:
                    self.process.wait(patience)
                except subprocess.TimeoutExpired:
                    complaint = f'did not stop on {signum.name} within {patience} s'
                    continue
            break
        self._kill_group()
        _processes.discard(self.process)
        said = self._said()
        self.stderr.close()
        for sign in ('ERROR: AddressSanitizer', 'ERROR: LeakSanitizer', 'runtime error:', 'WARNING: ThreadSanitizer'):
            if sign in said:
                return said
        if self.process.returncode and not complaint:
            complaint = f'exit status {self.process.returncode}\n{said}'
        return complaint

    def _kill_group(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def environment(place):
    """A server's environment: nothing of the caller's but what sanitizers and mutations need, and whose defaults bext is to have."""
    keep = {name: value for name, value in os.environ.items() if name.endswith('SAN_OPTIONS') or name in ('BEXT_MUTANT', 'BEXT_REACHED')}
    return {'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'TZ': 'UTC', 'LANG': 'C',
            'BEXT_CONFIG': str(place.dir / 'bext.config.toml'), **keep}


def run_test(binary, place, words, timeout):
    """Runs `BINARY -p … -c … -t` (or the words given). Returns status, stdout, stderr."""
    arguments = [place.fill(unescape(word).decode()) for word in _split(words)] or ['-t']
    done = subprocess.run(
        [binary, '-p', str(place.dir), '-c', str(place.dir / 'nginx.conf'), '-e', str(place.dir / 'error.log'),
         *arguments], stdin=subprocess.DEVNULL, capture_output=True, cwd=place.dir, env=environment(place),
        timeout=timeout, **place.run_as())
    return done.returncode, done.stdout, done.stderr


def _split(words):
    import shlex
    return shlex.split(words)
