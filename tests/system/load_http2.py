#!/usr/bin/env python3
"""Requests a page over HTTP/2 over and over, as a client that obeys GOAWAY, and counts what it would notice. Prints one line of key=value.

    load_http2.py --port P [--host H] [--name NAME] [--tls] [--connections N] [--streams M] [--path /] [--seconds S] [--ready FILE]

Each connection has M requests under way at a time. It runs for so many seconds, or until SIGTERM; then what is under way is awaited.

    answers   complete answers           errors   those with a status of 500 or more
    refused   connections not made       lost     requests without an answer that the server had not turned away
    again     requests that it had (a GOAWAY before them, REFUSED_STREAM): they were asked again, elsewhere
    goaways   connections that were told to end
"""
import argparse
import collections
import select
import signal
import socket
import ssl
import struct
import time

DATA, HEADERS, RESET, SETTINGS, PING, GOAWAY, WINDOW = 0, 1, 3, 4, 6, 7, 8
END_STREAM, ACK, END_HEADERS = 1, 1, 4
REFUSED = 7
STATUS = {0x88: 200, 0x89: 204, 0x8a: 206, 0x8b: 304, 0x8c: 400, 0x8d: 404, 0x8e: 500}
AGAIN = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


def frame(kind, flags, stream, payload=b''):
    return struct.pack('>I', len(payload))[1:] + bytes((kind, flags)) + struct.pack('>I', stream) + payload


def literal(name, value):
    return b'\0' + bytes((len(name),)) + name + bytes((len(value),)) + value


class Connection:
    def __init__(self, load):
        self.load, self.buffer, self.unsent = load, b'', b''
        self.next, self.under_way, self.last, self.ended = 1, {}, None, False
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.socket.settimeout(20)
        try:
            self.socket.connect(load.address)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if load.tls:
                self.socket = load.tls.wrap_socket(self.socket, server_hostname=load.name)
                assert self.socket.selected_alpn_protocol() == 'h2', 'the server does not speak HTTP/2'
        except OSError:
            load.counts['refused'] += 1
            self.ended = True
            return
        self.socket.setblocking(False)
        load.epoll.register(self.socket.fileno(), select.EPOLLIN)
        load.watched[self.socket.fileno()] = self
        self.send(b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' + frame(SETTINGS, 0, 0) + frame(WINDOW, 0, 0, struct.pack('>I', 1 << 30)))
        self.ask()

    def ask(self):
        """As many requests as there may be."""
        out = b''
        while not self.ended and self.last is None and not self.load.stopping and len(self.under_way) < self.load.streams:
            out += frame(HEADERS, END_HEADERS | END_STREAM, self.next, self.load.head)
            self.under_way[self.next] = time.monotonic()
            self.next += 2
        if out:
            self.send(out)

    def send(self, data):
        self.unsent += data
        try:
            while self.unsent:
                self.unsent = self.unsent[self.socket.send(self.unsent):]
        except AGAIN:
            pass
        except OSError:
            self.end()
        if not self.ended:
            self.load.epoll.modify(self.socket.fileno(), select.EPOLLIN | (select.EPOLLOUT if self.unsent else 0))

    def ready(self, events):
        if events & select.EPOLLOUT:
            self.send(b'')
        while not self.ended:
            try:
                piece = self.socket.recv(262144)
            except AGAIN:
                return
            except OSError:
                piece = b''
            if not piece:
                return self.end()
            self.buffer += piece
            self.frames()
            self.ask()

    def frames(self):
        at = 0
        while len(self.buffer) - at >= 9:
            size, kind, flags = int.from_bytes(self.buffer[at:at + 3], 'big'), self.buffer[at + 3], self.buffer[at + 4]
            if len(self.buffer) - at < 9 + size:
                break
            stream, payload = int.from_bytes(self.buffer[at + 5:at + 9], 'big'), self.buffer[at + 9:at + 9 + size]
            at += 9 + size
            self.take(kind, flags, stream, payload)
        self.buffer = self.buffer[at:]

    def take(self, kind, flags, stream, payload):
        if kind == HEADERS:
            first = payload[1] if payload[:1] == b'\x20' else payload[0]
            status = STATUS.get(first, 0)
            self.load.counts['errors'] += status >= 500
        if kind in (HEADERS, DATA) and flags & END_STREAM and self.under_way.pop(stream, None):
            self.load.counts['answers'] += 1
        elif kind == RESET and self.under_way.pop(stream, None):
            self.load.counts['again' if int.from_bytes(payload, 'big') == REFUSED else 'lost'] += 1
        elif kind == SETTINGS and not flags & ACK:
            self.send(frame(SETTINGS, ACK, 0))
        elif kind == PING and not flags & ACK:
            self.send(frame(PING, ACK, 0, payload))
        elif kind == GOAWAY:
            self.load.counts['goaways'] += self.last is None
            if self.last is None:
                self.load.begin()  # who is told that this ends goes on elsewhere
            self.last = int.from_bytes(payload[:4], 'big')
            for turned_away in [one for one in self.under_way if one > self.last]:
                del self.under_way[turned_away]
                self.load.counts['again'] += 1

    def end(self):
        if self.ended:
            return
        self.ended = True
        self.load.counts['lost'] += len(self.under_way)
        self.under_way = {}
        self.load.watched.pop(self.socket.fileno(), None)
        self.load.epoll.unregister(self.socket.fileno())
        self.socket.close()
        if self.last is None and not self.load.stopping:
            self.load.counts['closed'] += 1
            self.load.begin()


class Load:
    def __init__(self, args):
        self.address, self.name, self.streams = (args.host, args.port), args.name, args.streams
        self.tls = None
        if args.tls:
            self.tls = ssl.create_default_context()
            self.tls.check_hostname, self.tls.verify_mode = False, ssl.CERT_NONE
            self.tls.set_alpn_protocols(['h2'])
        scheme = b'https' if args.tls else b'http'
        self.head = literal(b':method', b'GET') + literal(b':scheme', scheme) + literal(b':path', args.path.encode()) + literal(b':authority', args.name.encode())
        self.counts = collections.Counter(answers=0, errors=0, refused=0, lost=0, again=0, goaways=0, closed=0)
        self.epoll, self.watched, self.stopping, self.due = select.epoll(), {}, False, args.connections

    def begin(self):
        self.due += 1

    def turn(self):
        while self.due and not self.stopping:
            self.due -= 1
            if Connection(self).ended:
                self.due += 1
                break
        for fd, events in self.epoll.poll(0.05):
            if one := self.watched.get(fd):
                one.ready(events)

    def run(self, seconds, ready, enough):
        signal.signal(signal.SIGTERM, self.stop)
        signal.signal(signal.SIGINT, self.stop)
        end = time.monotonic() + seconds if seconds else float('inf')
        while not self.stopping and time.monotonic() < end:
            self.turn()
            if ready and self.counts['answers'] >= enough:
                open(ready, 'w').close()
                ready = None
        self.stopping = True
        end = time.monotonic() + 10
        while any(one.under_way for one in self.watched.values()) and time.monotonic() < end:
            self.turn()
        self.counts['lost'] += sum(len(one.under_way) for one in self.watched.values())

    def stop(self, *_):
        self.stopping = True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--host', default='127.0.0.1')
    parser.add_argument('--port', type=int, required=True)
    parser.add_argument('--name', default='localhost', help='the authority, and the server name in TLS')
    parser.add_argument('--path', default='/')
    parser.add_argument('--tls', action='store_true')
    parser.add_argument('--connections', type=int, default=8)
    parser.add_argument('--streams', type=int, default=8)
    parser.add_argument('--seconds', type=float, default=0)
    parser.add_argument('--ready', help='a file to make once there is an answer for every request that can be under way')
    args = parser.parse_args()
    load = Load(args)
    load.run(args.seconds, args.ready, args.connections * args.streams)
    print(' '.join(f'{key}={value}' for key, value in load.counts.items()))


if __name__ == '__main__':
    main()
