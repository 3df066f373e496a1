"""A name server: answers as a golden's `--- names` part says, and writes what it is asked into DIR/names.log."""
import ipaddress
import socket
import struct
import threading
import time

TYPES = {1: 'A', 28: 'AAAA', 5: 'CNAME'}


def _packed(name):
    return b''.join(bytes([len(label)]) + label.encode() for label in name.split('.')) + b'\0'


class Names:
    """Lines are `NAME A|AAAA|CNAME VALUE [TTL]`, `NAME code N` (an error's number), `NAME silent`, `NAME late MILLISECONDS`."""

    def __init__(self, lines, log):
        self.lines = [line.split() for line in lines if line.strip() and not line.startswith('#')]
        self.log = log
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(('127.0.0.1', 0))
        self.address = '127.0.0.1:%d' % self.socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                packet, peer = self.socket.recvfrom(4096)
            except OSError:
                return
            at, labels = 12, []
            while packet[at]:
                labels.append(packet[at + 1:at + 1 + packet[at]].decode('latin-1'))
                at += 1 + packet[at]
            name, kind = '.'.join(labels), TYPES.get(struct.unpack('>H', packet[at + 1:at + 3])[0], '?')
            with self.log.open('a') as log:
                log.write(f'{name} {kind}\n')
            threading.Thread(target=self._answer, args=(packet[:at + 5], peer, name, kind), daemon=True).start()

    def _answer(self, question, peer, name, kind):
        code, records, wanted = 0, [], name
        for owner, what, *words in self.lines:
            if owner == wanted and what == 'silent':
                return
            if owner == wanted and what == 'late':
                time.sleep(int(words[0]) / 1000)
            elif owner == wanted and what == 'code':
                code = int(words[0])
            elif owner == wanted and what in (kind, 'CNAME'):
                value = _packed(words[0]) if what == 'CNAME' else ipaddress.ip_address(words[0]).packed
                number = next(one for one, text in TYPES.items() if text == what)
                records.append(_packed(owner) + struct.pack('>HHIH', number, 1, int(words[1]) if len(words) > 1 else 60, len(value)) + value)
                wanted = words[0] if what == 'CNAME' else wanted
        if not any(owner == name for owner, *_ in self.lines):
            code = 3
        head = question[:2] + struct.pack('>HHHHH', 0x8180 | code, 1, len(records), 0, 0)
        try:
            self.socket.sendto(head + question[12:] + b''.join(records), peer)
        except OSError:
            pass

    def stop(self):
        self.socket.close()
