"""An application behind the server: a WebSocket that echoes, an event stream without an end, an upload that is counted."""
import base64
import hashlib
import socket
import threading
import time

GUID = b'258EAFA5-E914-47DA-95CA-C5AB0DC85B11'


def websocket(connection, head):
    key = next(line.split(b': ')[1] for line in head.split(b'\r\n') if line.lower().startswith(b'sec-websocket-key'))
    accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
    connection.sendall(b'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
                       b'Sec-WebSocket-Accept: ' + accept + b'\r\n\r\n')
    while frame := connection.recv(4096):       # one small masked text frame at a time
        payload = bytes(byte ^ frame[2 + i % 4] for i, byte in enumerate(frame[6:]))
        connection.sendall(bytes([0x81, len(payload)]) + payload)


def events(connection):
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n')
    for number in range(10000):
        event = b'data: %d\n\n' % number
        connection.sendall(b'%x\r\n%s\r\n' % (len(event), event))
        time.sleep(0.05)


def upload(connection, head, body):
    length = int(next(line.split(b': ')[1] for line in head.split(b'\r\n') if line.lower().startswith(b'content-length')))
    got = len(body)
    while got < length:
        got += len(connection.recv(65536))
    answer = b'%d' % got
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s' % (len(answer), answer))


def serve(connection):
    with connection:
        data = b''
        while b'\r\n\r\n' not in data:
            data += connection.recv(65536)
        head, body = data.split(b'\r\n\r\n', 1)
        path = head.split(b' ')[1]
        try:
            if path == b'/ws':
                websocket(connection, head)
            elif path == b'/events':
                events(connection)
            else:
                upload(connection, head, body)
        except OSError:
            pass                                # the other end has gone


class Origin:
    """Listens on `port` of the loopback, in threads of this process."""

    def __init__(self, port):
        self.listener = socket.create_server(('127.0.0.1', port), backlog=64)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=serve, args=[connection], daemon=True).start()
