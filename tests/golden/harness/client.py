"""The client of a case: sends bytes, and reads exactly as many answers as were asked for."""
import re
import socket
import ssl
import time


class Connection:
    """One client connection. Knows HTTP/1 framing just well enough to see where an answer ends."""

    def __init__(self, address, timeout, tls=None):
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET6 if ':' in address[0] else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        self.socket.connect(address)
        if family != socket.AF_UNIX:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.timeout = timeout
        self.data = b''
        self.ended = None
        if tls:
            self.socket = tls.wrap(self.socket)

    def send(self, data, bytewise=False):
        """Sends all, or one byte a segment. A peer that has closed already is not an error: the answer shows it."""
        try:
            for piece in ([data[i:i + 1] for i in range(len(data))] if bytewise else [data]):
                self.socket.sendall(piece)
        except (BrokenPipeError, ConnectionResetError, TimeoutError, ssl.SSLError):
            pass

    def _more(self):
        if self.ended:
            return False
        try:
            piece = self.socket.recv(65536)
        except (ConnectionResetError, ssl.SSLError) as error:
            self.ended = 'reset' if isinstance(error, ConnectionResetError) else f'tls {getattr(error, "reason", "")}'
            return False
        except TimeoutError:
            self.ended = 'timeout'
            return False
        if not piece:
            self.ended = 'closed'
        self.data += piece
        return bool(piece)

    def until(self, text):
        """Everything up to and including `text`."""
        while text not in self.data and self._more():
            pass
        at = self.data.find(text)
        return self._take(len(self.data) if at < 0 else at + len(text))

    def count(self, size):
        """The next `size` bytes."""
        while len(self.data) < size and self._more():
            pass
        return self._take(min(size, len(self.data)))

    def rest(self):
        """Everything until the peer closes."""
        while self._more():
            pass
        return self._take(len(self.data))

    def _take(self, size):
        taken, self.data = self.data[:size], self.data[size:]
        return taken

    def answers(self, wanted, methods, interim=False):
        """`wanted` answers (all of them one bytes object each), or fewer if the connection ends. Then the fate."""
        found = []
        last = False
        while len(found) < wanted:
            method = methods[len(found)] if len(found) < len(methods) else 'GET'
            answer, last = self._answer(method, interim)
            if answer:
                found.append(answer)
            if last or self.ended:
                break
        if last and not self.ended:
            rest = self.rest()
            if rest:
                found.append(rest)
        if not found and self.ended == 'reset':
            return found, 'closed'       # sent into a connection that the peer had closed: which of the two is a race
        return found, self.ended or 'open'

    def _answer(self, method, interim):
        """One answer with the interim ones before it, and whether it is the connection's last."""
        before = b''
        while True:
            head = self.until(b'\r\n\r\n')
            match = re.match(rb'HTTP/1\.(\d) (\d{3})', head)
            if not match:
                return before + head + self.rest(), True
            if match[2].startswith(b'1') and match[2] != b'101' and not interim:
                before += head
                continue
            break
        return before + head + self._body(head, int(match[2]), method), self._closes(head)

    def _closes(self, head):
        found = re.search(rb'\r\nConnection: *([^\r]*)', head, re.I)
        return bool(found) and found[1].lower() == b'close'

    def _body(self, head, status, method):
        if method == 'HEAD' or status in (204, 304) or status < 200:
            return b''
        if re.search(rb'\r\nTransfer-Encoding: *chunked', head, re.I):
            body = b''
            while True:
                line = self.until(b'\r\n')
                size = int(line.split(b';')[0] or b'0', 16) if re.match(rb'[0-9a-fA-F]+', line) else 0
                body += line + (self.count(size + 2) if size else b'')
                if not size:
                    break
            while True:
                line = self.until(b'\r\n')
                body += line
                if line in (b'\r\n', b''):
                    return body
        length = re.search(rb'\r\nContent-Length: *(\d+)', head, re.I)
        return self.count(int(length[1])) if length else self.rest()

    def close(self):
        self.socket.close()


class Tls:
    """What `@ tls` asks of the client's side of a handshake."""

    def __init__(self, folder, words):
        self.options = dict(word.partition('=')[::2] for word in words)
        self.folder = folder
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE
        if 'cert' in self.options:
            name = self.options['cert']
            self.context.load_cert_chain(f'{folder}/{name}.crt', f'{folder}/{name}.key')
        if 'ciphers' in self.options:
            self.context.set_ciphers(self.options['ciphers'])
        if 'alpn' in self.options:
            self.context.set_alpn_protocols(self.options['alpn'].split(','))
        version = {'1.2': ssl.TLSVersion.TLSv1_2, '1.3': ssl.TLSVersion.TLSv1_3}.get(self.options.get('version'))
        if version:
            self.context.minimum_version = self.context.maximum_version = version

        self.session = None

    def wrap(self, plain):
        return self.context.wrap_socket(plain, server_hostname=self.options.get('sni'), session=self.session)

    def resume(self, earlier):
        """Offers the session that an earlier connection got; its context is needed with it."""
        self.context, self.session = earlier


def describe(tls_socket, folder, offered=None):
    """The certificate shown (by its file's name), the protocol, the ALPN choice, and what became of an offered session."""
    shown = tls_socket.getpeercert(True)
    name = 'unknown'
    for path in sorted(folder.glob('*.crt')):
        if ssl.PEM_cert_to_DER_cert(path.read_text()) == shown:
            name = path.stem
    fate = 'resumed' if tls_socket.session_reused else 'new'
    if offered and fate == 'resumed' and tls_socket.version() == 'TLSv1.2' and tls_socket.session.id != offered.id:
        fate = 'renewed'
    session = f" session={fate} lifetime={offered.ticket_lifetime_hint}" if offered else ''
    return f'{tls_socket.version()} certificate={name} alpn={tls_socket.selected_alpn_protocol()}{session}'


def wait_until(condition, timeout, step=0.003):
    """Waits for the event; the value of `condition`, false when the time is up."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value or time.monotonic() > end:
            return value
        time.sleep(step)
