"""Canned backends: an HTTP and a FastCGI server that answer as a golden's `--- backend` and `--- fastcgi` parts say."""
import re
import socket
import struct
import threading

from .text import lines_to_bytes, unescape


class Rules:
    """What to do for each target: a list of ('send', bytes) and (action, argument)."""

    def __init__(self, lines):
        self.by_target = {}
        current = None
        for line in lines:
            if not line.strip() or line.startswith('#'):
                continue
            if line[0] not in '<@!':
                current = self.by_target.setdefault(line.strip(), [])
            elif line[0] == '<':
                self._send(current, 'send', line[2:])
            elif line[0] == '!':
                self._send(current, 'stderr', line[2:])
            else:
                current.append(tuple(line[2:].split(' ', 1)))

    def _send(self, actions, kind, text):
        if actions and actions[-1][0] == kind:
            actions[-1] = (kind, actions[-1][1] + [text])
        else:
            actions.append((kind, [text]))

    def find(self, target):
        return self.by_target.get(target, self.by_target.get('*', [('echo',)]))


class Backend:
    """A listener with a thread per connection. `count` is the number of requests that arrived."""

    def __init__(self, name, lines):
        self.name = name
        self.rules = Rules(lines)
        self.count = 0
        self.connections = 0
        self.open = []
        self.listener = socket.socket()
        self.listener.bind(('127.0.0.1', 0))
        self.listener.listen(64)
        self.address = '127.0.0.1:%d' % self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            self.open.append(peer)
            threading.Thread(target=self._serve, args=(peer, self.connections), daemon=True).start()

    def _serve(self, peer, ordinal):
        try:
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while self.exchange(peer, ordinal):
                pass
        except OSError:
            pass
        finally:
            peer.close()

    def hang_up(self):
        """Closes what is open, so that a server that drains has nothing to wait for."""
        for peer in self.open:
            try:
                peer.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for peer in self.open:
            peer.close()


def _read_request(peer, buffered):
    """One request: its bytes, and the bytes read beyond it. None when the peer closes first."""
    data = buffered
    while b'\r\n\r\n' not in data:
        piece = peer.recv(65536)
        if not piece:
            return None, b''
        data += piece
    end = data.index(b'\r\n\r\n') + 4
    length = re.search(rb'\r\nContent-Length: *(\d+)', data[:end], re.I)
    if length:
        end += int(length[1])
        while len(data) < end:
            piece = peer.recv(65536)
            if not piece:
                break
            data += piece
    elif re.search(rb'\r\nTransfer-Encoding: *chunked', data[:end], re.I):
        while b'\r\n0\r\n\r\n' not in data[end - 2:] and not data[end:].startswith(b'0\r\n\r\n'):
            piece = peer.recv(65536)
            if not piece:
                break
            data += piece
        end = len(data)
    return data[:end], data[end:]


class HttpBackend(Backend):
    def exchange(self, peer, ordinal):
        if 'accept' in self.rules.by_target:
            return self._act('accept', b'', peer, ordinal)
        request, _ = _read_request(peer, b'')
        if request is None:
            return False
        self.count += 1
        return self._act(request.split(b' ')[1].decode('latin-1'), request, peer, ordinal)

    def _act(self, target, request, peer, ordinal):
        keep = False
        for action, *argument in self.rules.find(target):
            if action == 'send':
                lines = [line.replace('%%CONNECTION%%', str(ordinal)) for line in argument[0]]
                peer.sendall(lines_to_bytes(lines))
            elif action == 'echo':
                peer.sendall(self._echo(request, ordinal))
            elif action == 'keep':
                keep = True
            elif action == 'hang':
                while peer.recv(65536):
                    pass
            elif action == 'read':
                peer.recv(65536)
            elif action == 'tunnel':
                while data := peer.recv(65536):
                    peer.sendall(data.upper())
            elif action == 'reset':
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        return keep

    def _echo(self, request, ordinal):
        head = f'HTTP/1.1 200 OK\r\nX-Backend: {self.name or "-"} connection {ordinal}\r\n'
        return f'{head}Content-Type: text/plain\r\nContent-Length: {len(request)}\r\n\r\n'.encode() + request


def _fastcgi_record(kind, data, request=1):
    out = b''
    for at in range(0, max(len(data), 1), 32768):
        piece = data[at:at + 32768]
        out += struct.pack('>BBHHBB', 1, kind, request, len(piece), 0, 0) + piece
    return out


def _fastcgi_pairs(data):
    at = 0
    while at < len(data):
        sizes = []
        for _ in range(2):
            size = data[at]
            at += 1
            if size & 0x80:
                size = struct.unpack('>I', bytes([size & 0x7f]) + data[at:at + 3])[0]
                at += 3
            sizes.append(size)
        yield data[at:at + sizes[0]], data[at + sizes[0]:at + sum(sizes)]
        at += sum(sizes)


class FastcgiBackend(Backend):
    def exchange(self, peer, ordinal):
        stream = peer.makefile('rb')
        params, stdin, ident, flags = b'', b'', 1, 0
        while True:
            head = stream.read(8)
            if len(head) < 8:
                return False
            version, kind, ident, length, padding, reserved = struct.unpack('>BBHHBB', head)
            if version != 1 or reserved:
                return False
            data = stream.read(length + padding)[:length]
            if kind == 1:
                flags = data[2]
            elif kind == 4:
                params += data
            elif kind == 5:
                if not data:
                    break
                stdin += data
        self.count += 1
        pairs = list(_fastcgi_pairs(params))
        target = dict(pairs).get(b'REQUEST_URI', dict(pairs).get(b'SCRIPT_NAME', b'*')).decode('latin-1')
        return self._answer(peer, target, pairs, stdin, ident, flags)

    def _answer(self, peer, target, pairs, stdin, ident, flags):
        out, status, end = b'', 0, True
        for action, *argument in self.rules.find(target):
            if action == 'send':
                out += _fastcgi_record(6, lines_to_bytes(argument[0]), ident)
            elif action == 'stderr':
                out += _fastcgi_record(7, b''.join(unescape(line) for line in argument[0]), ident)
            elif action == 'echo':
                shown = b''.join(name + b'=' + value + b'\n' for name, value in pairs)
                body = shown + b'flags=%d\nstdin=' % flags + stdin + b'\n'
                out += _fastcgi_record(6, b'Content-Type: text/plain\r\n\r\n' + body, ident)
            elif action == 'raw':
                out += unescape(argument[0])
            elif action == 'exit':
                status = int(argument[0])
            elif action == 'abort':
                end = False
            elif action == 'hang':
                peer.sendall(out)
                while peer.recv(65536):
                    pass
                return False
        if end:
            out += _fastcgi_record(6, b'', ident) + _fastcgi_record(3, struct.pack('>IBxxx', status, 0), ident)
        peer.sendall(out)
        return end and bool(flags & 1)
