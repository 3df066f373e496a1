#!/usr/bin/env python3
"""Starts a server as nginx is started, and looks at what goldens cannot see: the first error log, the address of a server without
`listen`, sockets that `-t` leaves behind.

    start.py --binary build/release/bext-nginx-shim [--only NAME]

Needs root, `unshare` and `ip` for a network of its own; the exit status is 77 without. What is expected was seen of nginx 1.31.5 (run it
with --binary /path/to/nginx).
"""
import argparse
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

STAMP = r'\d{4}/\d\d/\d\d \d\d:\d\d:\d\d '


class Place:
    """A prefix with a configuration."""

    def __init__(self, binary, text):
        self.binary = binary
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix='bext-start-'))
        self.dir.chmod(0o755)
        for name in ('logs', 'html'):
            (self.dir / name).mkdir()
        (self.dir / 'html' / 'index.html').write_text('hello\n')
        (self.dir / 'nginx.conf').write_text(text.replace('DIR', str(self.dir)))

    def words(self, *more):
        return [self.binary, '-p', f'{self.dir}/', '-c', 'nginx.conf', *more]

    def run(self, *more):
        """Exit status and standard error."""
        done = subprocess.run(self.words(*more), capture_output=True, text=True, timeout=30)
        return done.returncode, done.stderr.replace(str(self.dir), 'DIR')

    def log(self, name):
        path = self.dir / name
        return path.read_text().replace(str(self.dir), 'DIR') if path.exists() else ''


def expect(what, found, pattern):
    if not re.fullmatch(pattern, found, re.S):
        raise AssertionError(f'{what}: expected {pattern!r}, found {found!r}')


BAD = 'events { }\nhttp { junk; }\n'
SAID = re.escape('unknown directive "junk" in DIR/nginx.conf:2\n')


def first_log(binary):
    """An error before the logs are open goes to the terminal and to the file of -e."""
    for words in ((), ('-t',), ('-s', 'stop')):
        place = Place(binary, BAD)
        status, said = place.run('-e', 'x.log', *words)
        failed = re.escape('nginx: configuration file DIR/nginx.conf test failed\n') if words == ('-t',) else ''
        expect(f'standard error of {words}', said, r'nginx: \[emerg\] ' + SAID + failed)
        expect(f'x.log of {words}', place.log('x.log'), STAMP + r'\[emerg\] \d+#\d+: ' + SAID)
        assert status == 1, status
        shutil.rmtree(place.dir)


def first_log_missing(binary):
    """A file of -e that cannot be opened is told of, and the terminal takes its place."""
    place = Place(binary, BAD)
    _, said = place.run('-e', '/nonexistent/x.log')
    missing = re.escape('nginx: [alert] could not open error log file: open() "/nonexistent/x.log" failed (2: No such file or directory)\n')
    expect('standard error', said, missing + STAMP + r'\[emerg\] \d+#\d+: ' + SAID)
    shutil.rmtree(place.dir)


def is_served_on_port_80(server):
    """By `server`, or by what it has left running."""
    deadline = time.monotonic() + 20
    while True:
        try:
            client = socket.create_connection(('127.0.0.1', 80), timeout=10)
            break
        except ConnectionRefusedError:
            assert time.monotonic() < deadline and not server.poll(), f'nobody listens on port 80; status {server.poll()}'
            time.sleep(0.02)
    client.sendall(b'GET / HTTP/1.0\r\n\r\n')
    answer = b''
    while more := client.recv(65536):
        answer += more
    expect('the answer', answer.decode(), r'HTTP/1\.1 200 OK\r\n.*\r\n\r\nhello\n')


def no_listen(binary):
    """A server without `listen`, started by root, serves port 80."""
    place = Place(binary, 'daemon off; pid DIR/nginx.pid; events { }\nhttp { access_log off; server { } }\n')
    server = subprocess.Popen(place.words('-e', 'x.log'), stderr=subprocess.DEVNULL)
    try:
        is_served_on_port_80(server)
    finally:
        server.terminate()
        server.wait(20)
        shutil.rmtree(place.dir)


def closed_descriptors(binary):
    """Whoever starts a daemon may have closed standard input, output and error: no socket gets their numbers. (nginx serves nobody
    when all three are.)"""
    for closed in ((2,), (0, 1, 2)):
        for daemon in ('on', 'off'):
            place = Place(binary, f'daemon {daemon}; pid DIR/nginx.pid; error_log DIR/e.log; events {{ }}\n'
                                  'http { access_log off; server { } }\n')
            server = subprocess.Popen(place.words('-e', 'x.log'), preexec_fn=lambda: [os.close(fd) for fd in closed])
            try:
                is_served_on_port_80(server)
                pid = int(place.log('nginx.pid'))
                held = [os.readlink(f'/proc/{pid}/fd/{fd}') for fd in closed if os.path.exists(f'/proc/{pid}/fd/{fd}')]
                assert not [name for name in held if 'socket:' in name], held
            finally:
                if pid := place.log('nginx.pid').strip():
                    os.kill(int(pid), signal.SIGTERM)
                server.wait(20)
                deadline = time.monotonic() + 20
                while place.log('nginx.pid'):
                    assert time.monotonic() < deadline, 'it does not stop'
                    time.sleep(0.02)
                shutil.rmtree(place.dir)


def test_leaves_nothing(binary):
    """-t binds a unix socket for a moment, and leaves no file behind; one that another holds is left alone."""
    place = Place(binary, 'pid DIR/nginx.pid; events { }\nhttp { access_log off; server { listen unix:DIR/a.sock; listen unix:DIR/b.sock; } }\n')
    held = socket.socket(socket.AF_UNIX)
    held.bind(str(place.dir / 'a.sock'))
    status, said = place.run('-t', '-e', 'x.log')
    assert status == 0, said
    assert (place.dir / 'a.sock').exists() and not (place.dir / 'b.sock').exists(), list(place.dir.iterdir())
    held.close()
    shutil.rmtree(place.dir)


def a_start_that_fails_leaves_nothing(binary):
    """An address that cannot be had takes the file of a unix socket that was bound before along (nginx leaves it behind)."""
    place = Place(binary, 'daemon off; pid DIR/nginx.pid; events { }\nhttp { access_log off; server { listen unix:DIR/a.sock; listen 192.0.2.1:81; } }\n')
    status, said = place.run('-e', 'x.log')
    assert status == 1 and '[emerg] bind() to 192.0.2.1:81 failed (99: ' in said, said
    assert not (place.dir / 'a.sock').exists()
    shutil.rmtree(place.dir)


def wait_until(condition, what, seconds=20):
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f'not within {seconds} s: {what}'
        time.sleep(0.02)
    return value


def children(pid):
    return [int(one) for one in pathlib.Path(f'/proc/{pid}/task/{pid}/children').read_text().split()]


def workers(pid):
    """Those of a master; the titles tell them from what loads a configuration."""
    return [one for one in children(pid) if b'worker process' in pathlib.Path(f'/proc/{one}/cmdline').read_bytes()]


class Daemon:
    """A server that is on port 80, in the background or not."""

    def __init__(self, binary, daemon='on', http=''):
        self.place = Place(binary, f'daemon {daemon}; worker_processes 1; pid DIR/nginx.pid; error_log DIR/e.log notice; events {{ }}\n'
                                   f'http {{ access_log off; {http} server {{ }} }}\n')
        self.said = open(self.place.dir / 'said', 'w+')
        self.first = subprocess.Popen(self.place.words('-e', 'x.log'), stderr=self.said)

    def __enter__(self):
        is_served_on_port_80(self.first)
        self.pid = int(wait_until(lambda: self.place.log('nginx.pid').strip(), 'its pid'))
        return self

    def __exit__(self, *_):
        os.kill(self.pid, signal.SIGTERM)
        self.first.wait(20)
        wait_until(lambda: not self.place.log('nginx.pid'), 'the end')
        self.said.close()
        shutil.rmtree(self.place.dir)


def standard_error_of_a_worker(binary):
    """In the background it is the error log; otherwise what the server was started with (nginx has the error log then, too)."""
    for daemon, name in (('on', 'e.log'), ('off', 'said')):
        with Daemon(binary, daemon) as server:
            worker = wait_until(lambda: workers(server.pid), 'a worker')[0]
            wait_until(lambda: os.readlink(f'/proc/{worker}/fd/2') == f'{server.place.dir}/{name}', f'{name} with daemon {daemon}')


def without_workers_for_a_while(binary):
    """SIGWINCH ends the workers of a daemon and nothing else; SIGHUP brings them back."""
    with Daemon(binary) as server:
        wait_until(lambda: workers(server.pid), 'a worker')
        os.kill(server.pid, signal.SIGWINCH)
        wait_until(lambda: not workers(server.pid), 'no worker')
        client = socket.create_connection(('127.0.0.1', 80), timeout=0.3)  # the port stays open
        client.sendall(b'GET / HTTP/1.0\r\n\r\n')
        try:
            assert not client.recv(1), 'somebody answers'
            raise AssertionError('the connection is closed')
        except TimeoutError:
            pass
        os.kill(server.pid, signal.SIGHUP)
        wait_until(lambda: workers(server.pid), 'a worker again')
        client.settimeout(20)
        assert client.recv(65536).startswith(b'HTTP/1.1 200'), 'who waited is served'


def a_port_that_becomes_free(binary):
    """An address in use is tried five times, half a second apart."""
    holder = socket.create_server(('127.0.0.1', 80))
    place = Place(binary, 'daemon off; pid DIR/nginx.pid; events { }\nhttp { access_log off; server { } }\n')
    began = time.monotonic()
    status, said = place.run('-e', 'x.log')
    assert status == 1 and said.endswith('[emerg] still could not bind()\n'), said
    assert 1.9 < time.monotonic() - began < 10, f'it gave up after {time.monotonic() - began:.1f} s'
    server = subprocess.Popen(place.words('-e', 'y.log'), stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: 'Address already in use' in place.log('y.log'), 'the first try')
        holder.close()
        is_served_on_port_80(server)
    finally:
        server.terminate()
        server.wait(20)
        shutil.rmtree(place.dir)


def an_idle_server_costs_nothing(binary):
    """No process of it takes time while nobody asks for anything."""
    def ticks(pid):
        fields = pathlib.Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
        return int(fields[11]) + int(fields[12])
    with Daemon(binary) as server:
        time.sleep(0.3)  # it may still have to do with its start
        processes = [server.pid, *children(server.pid)]
        before = sum(map(ticks, processes))
        time.sleep(0.7)
        took = sum(map(ticks, processes)) - before
        assert took <= 10, f'{took} hundredths of a second in 0.7 s'


CASES = [first_log, first_log_missing, no_listen, closed_descriptors, test_leaves_nothing, a_start_that_fails_leaves_nothing, standard_error_of_a_worker, without_workers_for_a_while,
         a_port_that_becomes_free, an_idle_server_costs_nothing]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--binary', required=True)
    parser.add_argument('--only', default='')
    parser.add_argument('--inside', action='store_true', help=argparse.SUPPRESS)
    args = parser.parse_args()
    if os.geteuid() != 0 or not shutil.which('unshare') or not shutil.which('ip'):
        print('skipped: needs root, unshare and ip')
        return 77
    if not args.inside:
        return subprocess.run(['unshare', '--net', sys.executable, __file__, '--inside', *sys.argv[1:]]).returncode
    subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)
    binary = str(pathlib.Path(args.binary).resolve())
    failed = 0
    for case in CASES:
        if args.only and case.__name__ != args.only:
            continue
        try:
            case(binary)
            print(f'{case.__name__}: passed')
        except (AssertionError, OSError, subprocess.TimeoutExpired) as why:
            failed += 1
            print(f'{case.__name__}: {why}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
