#!/usr/bin/env python3
"""Asks a bext to execute a program, in every way that there ever was, on whatever of its sockets can be found from here.

    stranger.py PID WORDS…     PID: the server's, as its own namespace numbers it; prints a line for each request

Run in namespaces of its own, and without capabilities, it is what a container is to the server (tests/handover, tests/system).
"""
import glob
import os
import socket
import sys


def sockets(pid):
    """The names of this network namespace, and the files of this mount namespace."""
    with open('/proc/net/unix') as file:
        names = {line.split()[-1] for line in file if '@bext/' in line and line.endswith(f'/{pid}\n')}
    yield from (b'\0' + name[1:].encode() for name in sorted(names))
    for directory in ('/run/bext/control', os.environ.get('XDG_RUNTIME_DIR', '/run') + '/bext'):
        yield from (path.encode() for path in sorted(glob.glob(f'{directory}/*.{pid}')))


def ask(name, request):
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connection.settimeout(10)
        try:
            connection.connect(name)
            connection.send(request.encode())
        except BrokenPipeError:
            pass  # the answer is there already
        except OSError as error:
            return str(error)
        for _ in range(2):  # of who does not read, the kernel tells first
            try:
                return connection.recv(65536).decode() or 'closed'
            except OSError as error:
                told = str(error)
        return told


def main():
    print('I am', os.getuid(), [line.split()[1] for line in open('/proc/self/status') if line.startswith('CapEff')])
    pid, *words = sys.argv[1:]
    for name in sockets(pid):
        for request in ('\n'.join(['stand-aside', words[0], *words]), 'stand-aside', 'status'):
            print(name.decode().replace('\0', '@'), repr(request), repr(ask(name, request)[:100]))


main()
