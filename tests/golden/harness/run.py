"""Runs the cases of a group against a binary and says what was seen, in the notation of golden files."""
import re
import shlex
import ssl
import subprocess
from dataclasses import dataclass

from . import format as golden_format
from . import masks
from .client import Connection, Tls, describe, wait_until
from .server import TLS, Place, Server, run_test
from .text import bytes_to_lines, lines_to_bytes

METHOD = re.compile(rb'(?:^|\n)([A-Z]+) [^\n]* HTTP/1\.\d\r?(?=\n)')


class Seen:
    """What one group showed: for each part the list of its steps' lines, and troubles of the server itself."""

    def __init__(self):
        self.parts = {}
        self.troubles = []


class CaseRun:
    """One `--- case`: its connections and its place in the logs."""

    def __init__(self, place, part, logs, how):
        self.place, self.logs = place, logs
        self.timeout, self.recording, self.oldest = how.timeout, how.recording, how.oldest
        self.part = part
        self.connections = {}
        self.sessions = {}
        self.options = {}
        self.own = []
        self.using = ''

    def step(self, step):
        """Carries one step out; the lines seen."""
        once = {}
        sent, tracked = [], []
        for line in step.asks:
            if line.startswith('@ '):
                name, _, value = line[2:].partition(' ')
                self._option(name, value, once)
            elif line.startswith('>'):
                sent.append(self.place.fill(line[2:]))
            elif line.startswith('* '):
                tracked.append(line[2:].strip())
            elif line.strip() and not line.startswith('#'):
                raise SystemExit(f'{self.place.group.name}: {self.part.words}: not understood: {line}')
        lines = self._exchange(sent, once) if sent or 'read' in once else []
        if tracked:
            self._close_all()
            for name in tracked:
                lines += self._log(name, step)
        return lines

    def _option(self, name, value, once):
        if name == 'mask':
            self.own.append(value)
        elif name in ('port', 'to', 'unix', 'tls', 'join', 'bytewise'):
            self.options[name] = value
        elif name == 'plain':
            self.options.pop('tls', None)
        elif name == 'conn':
            self.using = value
        elif name == 'close':
            self._close_all(value or None)
        elif name == 'upstream':
            wait_until(lambda: sum(b.count for b in self.place.backends) >= int(value), self.timeout)
        elif name == 'accepted':
            wait_until(lambda: sum(b.connections for b in self.place.backends) >= int(value), self.timeout)
        elif name in ('await', 'until', 'shutdown', 'read'):
            once[name] = value
        else:
            raise SystemExit(f'{self.place.group.name}: {self.part.words}: unknown option @ {name}')

    def _connect(self):
        if 'unix' in self.options:
            address = self.place.fill(self.options['unix'])
        else:
            port = self.options.get('port', '%%PORT%%')
            port = f'%%PORT{port}%%' if port.isdigit() and len(port) < 3 else port
            address = (self.options.get('to', '127.0.0.1'), int(self.place.fill(port)))
        tls = Tls(TLS, shlex.split(self.options['tls'])) if 'tls' in self.options else None
        earlier = self.sessions.get(tls.options.get('session')) if tls else None
        if earlier:
            tls.resume(earlier)
        connection = Connection(address, self.timeout, tls)
        connection.tls = tls
        lines = ['= ' + describe(connection.socket, TLS, tls.session)] if tls else []
        return connection, lines

    def _keep_session(self, connection):
        """The newest of a connection with `session=NAME`, once something was read: TLS 1.3 sends it then."""
        name = connection.tls.options.get('session') if connection.tls else None
        if name and name not in self.sessions and connection.socket.session:
            self.sessions[name] = connection.tls.context, connection.socket.session

    def _exchange(self, sent, once):
        lines = []
        connection = self.connections.get(self.using)
        if connection is None or connection.ended:
            try:
                connection, lines = self._connect()
            except ssl.SSLError as error:
                return [f'= handshake failed: {error.reason}']
            except (ConnectionError, TimeoutError) as error:
                return [f'= connect failed: {type(error).__name__}']
            self.connections[self.using] = connection
        data = lines_to_bytes(sent)
        if data:
            connection.send(data, 'bytewise' in self.options)
        if 'shutdown' in once:
            connection.socket.shutdown(1)
        wanted = once.get('await', '1')
        if wanted == '0':
            return lines
        return lines + self._receive(connection, data, wanted, once)

    def _receive(self, connection, data, wanted, once):
        if wanted == 'close':
            found, fate = [connection.rest()], None
        elif 'until' in once:
            found, fate = [connection.until(lines_to_bytes([once['until'] + '\\c']))], None
        else:
            methods = [method.decode() for method in METHOD.findall(data)]
            wanted, interim = (1, True) if wanted == 'interim' else (int(wanted), False)
            found, fate = connection.answers(wanted, methods, interim)
        self._keep_session(connection)
        if 'join' in self.options:
            found = [masks.join_chunks(answer) for answer in found]
        lines = []
        for answer in found:
            shown = masks.mask_answer(masks.decode(answer), self.place.values, self.own)
            lines += [('< ' + line).rstrip() for line in bytes_to_lines(shown)]
        return lines + [f'= {fate or connection.ended or "open"}']

    def _log(self, words, step):
        name, _, only = words.partition(' ')
        wanted = sum(line.startswith(f'| {name}: ') for line in golden_format.expected(step, self.oldest))
        path = self.place.dir / name

        def fresh():
            data = path.read_bytes() if path.exists() else b''
            rows = data.decode('latin-1').split('\n')[:-1]
            return [row for row in rows if only in row][self.logs.get(words, 0):]
        if self.recording:
            wait_until(lambda: len(fresh()) > 0, 0.5)
            wait_until(lambda: False, 0.08)
        elif wanted:
            wait_until(lambda: len(fresh()) >= wanted, self.timeout)
        else:
            wait_until(fresh, 0.05)
        found = fresh()
        self.logs[words] = self.logs.get(words, 0) + len(found)
        return ['| ' + name + ': ' + masks.mask_log(_printable(line), self.place.values, self.own) for line in found]

    def _close_all(self, name=None):
        for key in list(self.connections):
            if name in (None, key):
                self.connections.pop(key).close()

    def done(self):
        self._close_all()


def _printable(line):
    return ''.join(char if 32 <= ord(char) < 127 else f'\\x{ord(char):02x}' for char in line)


def _test_lines(place, result):
    status, out, err = result
    lines = []
    for sign, data in (('|', out), ('!', err)):
        for line in data.decode('latin-1').splitlines():
            shown = masks.mask_log(_printable(line), place.values, [])
            lines.append(f'{sign} {shown}'.rstrip())
    return lines + [f'= {status}']


@dataclass
class How:
    """How a group is run: seconds of patience; whether answers are being recorded; whose answers are expected; which
    nginx bext is told to be compatible with."""
    timeout: float
    recording: bool = False
    oldest: bool = False
    compatible: str = 'newest'


def run_group(group, binary, how):
    """Runs every test and case of a group; once more if another program had taken a port in between."""
    seen = _run_group(group, binary, how)
    taken = any('Address already in use' in trouble for trouble in seen.troubles)
    return _run_group(group, binary, how) if taken else seen


def _run_group(group, binary, how):
    seen = Seen()
    place = Place(group, how.compatible)
    try:
        for part in group.all('test'):
            try:
                seen.parts[id(part)] = [_test_lines(place, run_test(binary, place, part.words, how.timeout))]
            except subprocess.TimeoutExpired:
                seen.parts[id(part)] = [['= timeout']]
        if group.all('case'):
            _serve(group, binary, how, place, seen)
    finally:
        place.remove()
    return seen


def _serve(group, binary, how, place, seen):
    server = Server(binary, place, how.timeout)
    try:
        trouble = server.ready()
        if trouble:
            seen.troubles.append(trouble)
            return
        logs = {}
        for part in group.all('case'):
            run = CaseRun(place, part, logs, how)
            try:
                seen.parts[id(part)] = [run.step(step) for step in golden_format.steps(part.lines)]
            finally:
                run.done()
    finally:
        for backend in place.backends:
            backend.hang_up()
        trouble = server.stop()
        if trouble and not seen.troubles:
            seen.troubles.append(trouble)
