#!/usr/bin/env python3
"""`bext-server run --default-site` serves on a machine that has nothing of nginx's, and takes the next port when one is taken.

    default_site.py BUILD     BUILD: the directory of bext-server

It needs root, for a mount namespace with an empty /var/lib that cannot be written; without it is skipped.
"""
import pathlib
import re
import signal
import socket
import subprocess
import sys
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'handover'))
sys.dont_write_bytecode = True
from server import wait_until  # noqa: E402

SKIPPED = 77
EMPTY = ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs -o ro none /var/lib && exec "$@"', 'sh']


def accepts(port):
    with socket.socket() as probe:
        return probe.connect_ex(('127.0.0.1', port)) == 0


def main():
    if subprocess.run([*EMPTY, 'true'], capture_output=True).returncode != 0:
        print('no mount namespace can be made here')
        sys.exit(SKIPPED)
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = subprocess.Popen([*EMPTY, f'{sys.argv[1]}/bext-server', 'run', '--default-site', '--port', str(port)],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            url = re.search(r'http://127\.0\.0\.1:(\d+)/', server.stdout.readline())
            assert url and int(url[1]) > port, 'it prints where it serves, which is not the taken port'
            wait_until(lambda: server.poll() is not None or accepts(int(url[1])), 'the port to be open')
            assert server.poll() is None, server.stderr.read()
            page = urllib.request.urlopen(url[0], timeout=10).read().decode()
            assert 'bext is running' in page, page
            configuration = urllib.request.urlopen(url[0] + 'nginx.conf', timeout=10).read().decode()
            assert f'listen 127.0.0.1:{url[1]};' in configuration, configuration
        finally:
            server.send_signal(signal.SIGTERM)
            server.communicate(timeout=20)


main()
