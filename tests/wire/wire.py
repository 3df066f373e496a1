#!/usr/bin/env python3
"""Sends 208 odd HTTP/1 requests through a proxying server and compares with nginx's verdict on each.

    wire.py --binary BINARY [NAME...] [--mode whole|bytewise] [--lanes N]

requests.tsv is the oracle (nginx 1.31): a name, the request (Python bytes escapes), the status codes and what then became of
the connection, and what the server sent upstream. Every request goes out whole, and once more one byte a segment; both must
give the same. A connection that nginx keeps open ("timeout") is shown to be at a request boundary by one more request on it.
Each lane is a port and a capturing upstream of its own, so lanes run side by side. Exit status 1 on any difference.
"""
import argparse
import codecs
import concurrent.futures
import pathlib
import queue
import re
import select
import signal
import socket
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE.parent / 'golden'))
from harness.format import Group, Part  # noqa: E402
from harness.server import Place, Server, abandon  # noqa: E402

PROBE = b'GET /wire-probe HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n'
QUIET = 0.5     # how long a request that must not be answered is given for an answer


class Row:
    """One line of requests.tsv."""

    def __init__(self, line):
        name, request, verdict, *upstream = line.split('\t')
        self.name = name
        self.request = unescape(request)
        codes, _, self.fate = verdict.rpartition(' ')
        self.raw = unescape(codes[4:]) if codes.startswith('raw:') else None
        self.codes = [] if codes == '-' or self.raw is not None else codes.split(',')
        self.upstream = [unescape(part) for part in upstream[0].split(' || ')] if upstream and upstream[0] else []


def unescape(text):
    return codecs.escape_decode(text.encode('latin-1'))[0]


class Capture:
    """An upstream that remembers each request's bytes and answers `ok`."""

    def __init__(self):
        self.requests = []
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.address = '127.0.0.1:%d' % self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer):
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        data = b''
        try:
            while True:
                size = request_size(data)
                if size is None:
                    piece = peer.recv(65536)
                    if not piece:
                        break
                    data += piece
                    continue
                request, data = data[:size], data[size:]
                self.requests.append(request)
                body = b'' if request.startswith(b'HEAD ') else b'ok'
                peer.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n' + body)
        except OSError:
            pass
        if data:
            self.requests.append(data + b'<cut>')
        peer.close()


def request_size(data):
    """The length of the first whole request in `data` that the server itself framed; None if it is not all there."""
    end = data.find(b'\r\n\r\n')
    if end < 0:
        return None
    length = re.search(rb'\r\nContent-Length: (\d+)', data[:end + 2], re.I)
    if re.search(rb'\r\nTransfer-Encoding:', data[:end + 2], re.I):
        last = data.find(b'0\r\n\r\n', end + 4)
        return None if last < 0 else last + 5
    size = end + 4 + (int(length[1]) if length else 0)
    return size if len(data) >= size else None


class Client:
    """The client of one row."""

    def __init__(self, port, patience):
        self.socket = socket.create_connection(('127.0.0.1', port), patience)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.data = b''
        self.ended = None

    def send(self, data, bytewise):
        """All at once, or byte by byte while the server listens."""
        pieces = [data[i:i + 1] for i in range(len(data))] if bytewise else [data]
        for piece in pieces:
            try:
                self.socket.sendall(piece)
            except OSError:
                break
            if bytewise and select.select([self.socket], [], [], 0)[0]:
                self.more()
                if self.ended:
                    break

    def more(self, patience=None):
        if patience is not None and not select.select([self.socket], [], [], patience)[0]:
            return False
        try:
            piece = self.socket.recv(65536)
        except TimeoutError:
            self.ended = 'timeout'
            return False
        except OSError:
            self.ended = 'closed'      # reset by bytes sent after the server had closed
            return False
        if not piece:
            self.ended = 'closed'
        self.data += piece
        return bool(piece)


def codes(data, methods):
    """The final status codes in a stream of answers, and what stands before or after them that is no answer."""
    found, methods = [], list(methods)
    while True:
        match = re.match(rb'HTTP/1\.[01] (\d{3})[^\n]*\r\n', data)
        end = data.find(b'\r\n\r\n')
        if not match or end < 0:
            return found, data
        head, data = data[:end + 4], data[end + 4:]
        if match[1].startswith(b'1'):
            continue
        found.append(match[1].decode())
        length = re.search(rb'\r\nContent-Length: (\d+)', head, re.I)
        method = methods.pop(0) if methods else b''
        if method != b'HEAD':
            data = data[int(length[1]):] if length else b''


def methods_of(request):
    return re.findall(rb'(?:^|\n)([A-Z]+) [^\n]*HTTP/', request)


def run(row, port, capture, bytewise, patience):
    """What the server made of a row: a text like the table's, and the upstream's requests."""
    capture.requests.clear()
    client = Client(port, patience)
    client.send(row.request, bytewise)
    methods = methods_of(row.request)
    if row.fate == 'closed':
        while not client.ended and client.more():
            pass
    elif not row.codes:
        while not client.ended and client.more(QUIET):
            pass
        client.ended = client.ended or 'quiet'
    else:
        while len(codes(client.data, methods)[0]) < len(row.codes) and client.more():
            pass
        if not client.ended:
            client.send(PROBE, False)
            while not client.ended and client.more():
                pass
            return verdict_open(client, methods, capture)
    client.socket.close()
    found, rest = codes(client.data, methods)
    fate = {'quiet': 'timeout', 'timeout': 'open'}.get(client.ended, client.ended)
    shown = ','.join(found) or '-'
    if not found and rest:
        shown = 'raw:' + repr(rest)[2:-1]
    return f'{shown} {fate}', list(capture.requests)


def verdict_open(client, methods, capture):
    """The verdict on a connection that also answered the probe."""
    client.socket.close()
    found, _ = codes(client.data, methods)
    requests = list(capture.requests)
    if requests and requests[-1].startswith(b'GET /wire-probe ') and found[-1:] == ['200']:
        return f"{','.join(found[:-1])} timeout", requests[:-1]
    return f"{','.join(found)} closed, or not at a request boundary", requests


def same(row, shown, requests):
    """Whether it is what the table says."""
    if row.raw is not None:
        body = unescape(shown.rpartition(' ')[0][4:]) if shown.startswith('raw:') else b''
        agrees = body.startswith(row.raw) and shown.endswith(row.fate)
    else:
        agrees = shown == f"{','.join(row.codes) or '-'} {row.fate}"
    return agrees and requests == row.upstream


def configuration(lanes):
    text = ['    client_max_body_size 1m; lingering_timeout 200ms; keepalive_timeout 60s; access_log off;']
    for number, capture in enumerate(lanes):
        text += [f'    upstream u{number} {{ server {capture.address}; }}',
                 f'    server {{ listen 127.0.0.1:%%PORT{number}%%; location / {{ proxy_pass http://u{number};',
                 '        proxy_http_version 1.1; proxy_set_header Host u; proxy_set_header Connection ""; }',
                 '        location = /wire-last { return 200 "the last answer"; } }']
    return Group('wire', 0, [Part('http', '', text, 0)])


def run_all(args, rows, place, captures):
    """Every row in every mode, spread over the lanes. The differences."""
    todo = queue.SimpleQueue()
    for mode in ['whole', 'bytewise'] if args.mode == 'both' else [args.mode]:
        for row in rows:
            todo.put((row, mode))
    bad = []

    def lane(number):
        port = int(place.values[f'PORT{number}'])
        while True:
            try:
                row, mode = todo.get_nowait()
            except queue.Empty:
                return
            shown, requests = run(row, port, captures[number], mode == 'bytewise', args.timeout)
            if not same(row, shown, requests):
                bad.append((row, mode, shown, requests))
    with concurrent.futures.ThreadPoolExecutor(args.lanes) as pool:
        for done in [pool.submit(lane, number) for number in range(args.lanes)]:
            done.result()
    return bad


def last_bytes_and_end_apart(port, times=300):
    """How often an answer with "Connection: close" and the end of its connection came to the client one after the other."""
    apart = 0
    for _ in range(times):
        with socket.create_connection(('127.0.0.1', port), 5) as client:
            client.sendall(b'GET /wire-last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
            events = select.poll()
            events.register(client, select.POLLIN | select.POLLRDHUP)
            apart += not events.poll(5000)[0][1] & select.POLLRDHUP
    return apart


def report(row, mode, shown, requests):
    want = 'raw:' + repr(row.raw)[2:-1] if row.raw is not None else ','.join(row.codes) or '-'
    print(f'{row.name} ({mode}): {row.request!r}')
    print(f'  nginx: {want} {row.fate}   upstream: {row.upstream}')
    print(f'  this:  {shown}   upstream: {requests}')


def main():
    signal.signal(signal.SIGTERM, abandon)
    signal.signal(signal.SIGINT, abandon)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('names', nargs='*')
    parser.add_argument('--binary', required=True)
    parser.add_argument('--mode', choices=['both', 'whole', 'bytewise'], default='both')
    parser.add_argument('--lanes', type=int, default=8)
    parser.add_argument('--timeout', type=float, default=5, help='seconds until a missing answer is one')
    args = parser.parse_args()
    rows = [Row(line) for line in (HERE / 'requests.tsv').read_text(encoding='latin-1').splitlines() if line[:1] != '#']
    rows = [row for row in rows if not args.names or row.name in args.names]
    started = time.monotonic()
    captures = [Capture() for _ in range(args.lanes)]
    place = Place(configuration(captures))
    try:
        server = Server(str(pathlib.Path(args.binary).resolve()), place, args.timeout)
        not_started = trouble = server.ready()
        bad = [] if trouble else run_all(args, rows, place, captures)
        apart = 0 if trouble else last_bytes_and_end_apart(int(place.values['PORT0']))
        trouble = trouble or server.stop()
        if apart:
            trouble = f'{apart} last answers came apart from the end of their connection'

    finally:
        place.remove()
    for one in sorted(bad, key=lambda one: (one[0].name, one[1])):
        report(*one)
    if trouble:
        print(trouble)
    total = len(rows) * (2 if args.mode == 'both' else 1)
    print(f'{len(rows)} requests, {time.monotonic() - started:.1f} s')
    if not_started:
        print(f'0 passed, {total} failed')
    else:
        print(f'{total - len(bad)} passed, {len(bad) + bool(trouble)} failed')
    return 1 if bad or trouble or not rows else 0


if __name__ == '__main__':
    sys.exit(main())
