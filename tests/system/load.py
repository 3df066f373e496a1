#!/usr/bin/env python3
"""Requests a page over and over and counts what a client would notice. Prints one line of key=value when it ends.

    load.py --port P|--unix PATH [--host H] [--tls] [--kept N] [--fresh N] [--pause MS] [--path /] [--seconds S] [--ready FILE]

N clients keep their connection, N make a new one for every request; each has one request under way at a time and waits
`pause` milliseconds after an answer. It runs for so many seconds, or until SIGTERM; then what is under way is awaited.

    answers   complete answers           errors    those with a status of 500 or more
    refused   connections not made       lost      requests sent that got no complete answer
    closed    kept connections that the server ended between two requests: no harm
    gap_ms    the longest that a client waited for an answer, its further tries included
    servers   what the answers' Server fields said, and how often
"""
import argparse
import collections
import errno
import heapq
import re
import select
import signal
import socket
import ssl
import time

LENGTH = re.compile(rb'\r\ncontent-length: *(\d+)', re.I)
CHUNKED = re.compile(rb'\r\ntransfer-encoding: *chunked', re.I)
CLOSE = re.compile(rb'\r\nconnection: *close', re.I)
SERVER = re.compile(rb'\r\nserver: *([^\r]*)', re.I)
AGAIN = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
RETRY = 0.005     # seconds until a refused client tries again
GRACE = 10        # seconds for the last answers


class Answer:
    """Finds the end of one HTTP/1 answer in the bytes as they come."""

    def __init__(self):
        self.data = b''
        self.body = -1          # where the body begins, once the header is complete
        self.left = None        # bytes of the body still to come, None: chunked or until the connection ends
        self.chunked = False

    def add(self, piece):
        """Takes some bytes; True when the answer is complete."""
        self.data = self.data + piece if self.data else piece
        if self.body < 0:
            self.body = self.data.find(b'\r\n\r\n') + 4
            if self.body < 4:
                self.body = -1
                return False
            self.header = self.data[:self.body]
            found = LENGTH.search(self.header)
            self.chunked = not found and bool(CHUNKED.search(self.header))
            self.left = self.body + int(found[1]) if found else None
            self.at = self.body
        if self.chunked:
            return self._chunks()
        return self.left is not None and len(self.data) >= self.left

    def _chunks(self):
        while True:
            line = self.data.find(b'\r\n', self.at)
            if line < 0:
                return False
            size = int(self.data[self.at:line].split(b';')[0], 16)
            if len(self.data) < line + 2 + size + 2:
                return False
            self.at = line + 2 + size + 2
            if size == 0:
                return True

    def ends_with_connection(self):
        return self.body >= 0 and self.left is None and not self.chunked


class Client:
    """One client: at rest, connecting, in the TLS handshake, waiting for an answer, or for the end after one."""

    def __init__(self, load, fresh):
        self.load, self.fresh = load, fresh
        self.socket, self.state, self.wanted = None, 'rest', 0.0

    def go(self):
        """Sends the next request, on a new connection when there is none."""
        if self.load.stopping:
            return self.drop()
        self.wanted = self.wanted or time.monotonic()
        if self.socket:
            return self.send()
        self.socket = socket.socket(self.load.family, socket.SOCK_STREAM)
        self.socket.setblocking(False)
        if self.load.family != socket.AF_UNIX:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        code = self.socket.connect_ex(self.load.address)
        if code == errno.EADDRNOTAVAIL:  # this host has no port left, which is no fault of the server's
            return self.again(0.05)
        if code == errno.EAGAIN:  # the queue of a unix socket is full: where TCP would wait
            return self.again(RETRY)
        if code not in (0, errno.EINPROGRESS):
            return self.refused()
        self.state = 'connect'
        self.load.watch(self, select.EPOLLOUT)

    def refused(self):
        self.load.counts['refused'] += 1
        self.again(RETRY)

    def again(self, seconds):
        self.drop()
        self.load.later(self, seconds)

    def drop(self):
        if self.socket:
            self.load.forget(self)
            self.socket.close()
        self.socket, self.state = None, 'rest'

    def send(self):
        self.state, self.answer, self.sent = 'wait', Answer(), time.monotonic()
        try:
            if self.socket.send(self.load.requests[self.fresh]) == len(self.load.requests[self.fresh]):
                return
        except OSError:
            pass
        self.lost()

    def lost(self):
        self.load.counts['lost'] += 1
        self.again(RETRY)

    def ready(self, events):
        if self.state == 'connect':
            if self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                return self.refused()
            if self.load.tls:
                self.load.forget(self)
                self.socket = self.load.tls.wrap_socket(self.socket, do_handshake_on_connect=False, server_hostname=self.load.name)
                self.load.watch(self, select.EPOLLIN)
                self.state, self.sent = 'shake', time.monotonic()
                return self.shake()
            self.load.change(self, select.EPOLLIN | select.EPOLLRDHUP)
            return self.send()
        if self.state == 'shake':
            return self.shake()
        self.read()

    def shake(self):
        try:
            self.socket.do_handshake()
        except ssl.SSLWantReadError:
            return self.load.change(self, select.EPOLLIN)
        except ssl.SSLWantWriteError:
            return self.load.change(self, select.EPOLLOUT)
        except OSError:
            return self.lost()
        self.load.change(self, select.EPOLLIN | select.EPOLLRDHUP)
        self.send()

    def read(self):
        while True:
            try:
                piece = self.socket.recv(65536)
            except AGAIN:
                return
            except OSError:
                piece = b''
            if not piece:
                return self.ended()
            if self.state == 'wait' and self.answer.add(piece):
                self.answered()
                if self.state != 'after':
                    return

    def ended(self):
        if self.state == 'wait' and self.answer.ends_with_connection():
            self.answered()
        elif self.state == 'wait':
            return self.lost()
        elif self.state == 'rest':
            self.load.counts['closed'] += 1
            return self.drop()  # its next turn is already set
        self.again(self.load.pause)

    def answered(self):
        self.load.count(self.answer.header, time.monotonic() - self.wanted)
        self.wanted = 0.0
        if self.fresh or CLOSE.search(self.answer.header):
            self.state = 'after'  # the server ends the connection
            return
        self.state = 'rest'
        self.load.later(self, self.load.pause)


class Load:
    def __init__(self, args):
        family, self.address = socket.AF_UNIX, args.unix
        if not args.unix:
            family, _, _, _, self.address = socket.getaddrinfo(args.host, args.port, type=socket.SOCK_STREAM)[0]
        self.family, self.pause, self.name, self.tls = family, args.pause / 1000, args.name, None
        if args.tls:
            self.tls = ssl.create_default_context()
            self.tls.check_hostname, self.tls.verify_mode = False, ssl.CERT_NONE
        head = f'GET {args.path} HTTP/1.1\r\nHost: {args.name}\r\n'
        self.requests = {False: f'{head}\r\n'.encode(), True: f'{head}Connection: close\r\n\r\n'.encode()}
        self.counts = collections.Counter(answers=0, errors=0, refused=0, lost=0, closed=0)
        self.servers, self.gap, self.stopping = collections.Counter(), 0.0, False
        self.epoll, self.watched, self.turns, self.order = select.epoll(), {}, [], 0
        self.clients = [Client(self, False) for _ in range(args.kept)] + [Client(self, True) for _ in range(args.fresh)]

    def watch(self, client, events):
        self.watched[client.socket.fileno()] = client
        self.epoll.register(client.socket.fileno(), events)

    def change(self, client, events):
        self.epoll.modify(client.socket.fileno(), events)

    def forget(self, client):
        if self.watched.pop(client.socket.fileno(), None):
            self.epoll.unregister(client.socket.fileno())

    def later(self, client, seconds):
        self.order += 1
        heapq.heappush(self.turns, (time.monotonic() + seconds, self.order, client))

    def count(self, header, waited):
        self.counts['answers'] += 1
        self.counts['errors'] += header[9:10] == b'5'
        self.gap = max(self.gap, waited)
        named = SERVER.search(header)
        self.servers[named[1].decode('latin-1').replace(' ', '_') if named else '-'] += 1

    def turn(self):
        """Handles what is ready, and the clients whose time has come."""
        wait = max(0, min(0.1, self.turns[0][0] - time.monotonic())) if self.turns else 0.1
        for fd, events in self.epoll.poll(wait):
            if client := self.watched.get(fd):
                client.ready(events)
        now = time.monotonic()
        while self.turns and self.turns[0][0] <= now:
            heapq.heappop(self.turns)[2].go()

    def run(self, seconds, ready, timeout):
        signal.signal(signal.SIGTERM, self.stop)
        signal.signal(signal.SIGINT, self.stop)
        for client in self.clients:
            client.go()
        end = time.monotonic() + seconds if seconds else float('inf')
        late = 0.0
        while not self.stopping and time.monotonic() < end:
            self.turn()
            if ready and self.counts['answers'] >= len(self.clients):
                open(ready, 'w').close()
                ready = None
            if time.monotonic() > late:
                late = time.monotonic() + 1
                for client in self.clients:
                    if client.state in ('wait', 'shake') and client.sent < late - timeout:
                        client.lost()
        self.stopping = True
        end = time.monotonic() + GRACE
        while (under_way := sum(client.state in ('wait', 'shake') for client in self.clients)) and time.monotonic() < end:
            self.turn()
        self.counts['lost'] += under_way
        self.gap = max([self.gap] + [time.monotonic() - client.wanted for client in self.clients if client.wanted])

    def stop(self, *_):
        self.stopping = True

    def line(self):
        counts = ' '.join(f'{key}={value}' for key, value in self.counts.items())
        servers = ','.join(f'{name}:{count}' for name, count in self.servers.items())
        return f'{counts} gap_ms={self.gap * 1000:.0f} servers={servers}'


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--host', default='127.0.0.1')
    parser.add_argument('--port', type=int)
    parser.add_argument('--unix', help='the path of a unix socket')
    parser.add_argument('--name', default='localhost', help='the Host field, and the server name in TLS')
    parser.add_argument('--path', default='/')
    parser.add_argument('--tls', action='store_true')
    parser.add_argument('--kept', type=int, default=0)
    parser.add_argument('--fresh', type=int, default=0)
    parser.add_argument('--pause', type=float, default=0)
    parser.add_argument('--seconds', type=float, default=0)
    parser.add_argument('--timeout', type=float, default=30, help='seconds until a request counts as lost')
    parser.add_argument('--ready', help='a file to make once there is an answer for every client')
    args = parser.parse_args()
    load = Load(args)
    load.run(args.seconds, args.ready, args.timeout)
    print(load.line())


if __name__ == '__main__':
    main()
