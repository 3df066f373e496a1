#!/usr/bin/env python3
"""What bext says of a running server: status for people, the outcome of a reload and of an upgrade.

    running.py BUILD     BUILD: the directory of bext and bext-server
"""
import json
import pathlib
import re
import shutil
import socket
import sys
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'handover'))
sys.dont_write_bytecode = True
from origin import Origin  # noqa: E402
from server import Server  # noqa: E402

STAMP = r'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d'


def rows(server):
    """The lines of `bext status`, by their name."""
    return dict(re.findall(r'(?m)^(\S.*?)  +(.*(?:\n +.*)*)$', server.bext('status').stdout))


def status_is_for_people(server):
    urllib.request.urlopen(f'http://127.0.0.1:{server.plain}/').read()
    told = rows(server)
    assert list(told) == ['version', 'configuration', 'processes', 'serves', 'connections', 'requests', 'lost', 'last reload', 'last upgrade'], told
    assert re.fullmatch(r'bext \d+\.\d+\.\d+', told['version'])
    assert re.fullmatch(rf'{server.dir}/nginx.conf, generation 1, since {STAMP} \(\d+ s\)', told['configuration'])
    assert re.fullmatch(rf'since {STAMP} \(\d+ s\)', told['serves'])
    assert re.match(r'[1-9]\d*: [1-9]\d* 2xx', told['requests']) and told['lost'] == 'nothing, ever', told
    assert (told['last reload'], told['last upgrade']) == ('none', 'none')
    server.bext('reload')
    assert re.fullmatch(rf'succeeded {STAMP} \(\d+ s\); 1 ever, 0 failed', rows(server)['last reload']), rows(server)


def a_reload_onto_a_taken_port_names_it(server):
    with socket.socket() as taken, socket.socket() as other:
        for one in (taken, other):
            one.bind(('127.0.0.1', 0))
            one.listen()
        ports = [one.getsockname()[1] for one in (taken, other)]
        server.configure(server=''.join(f'listen 127.0.0.1:{port};' for port in ports))
        done = server.bext('reload', check=False)
    said = '; '.join(f'bind() to 127.0.0.1:{port} failed (98: Address already in use)' for port in sorted(ports))
    assert done.returncode == 1 and sorted(done.stderr.removeprefix('bext: reload failed: ').strip().split('; ')) == said.split('; '), done
    told = rows(server)['last reload']
    assert re.match(rf'failed {STAMP}', told) and f'127.0.0.1:{ports[0]} failed' in told, told
    assert 'still could not bind()' in (server.dir / 'error.log').read_text(), "the log has nginx's text"


def an_upgrade_tells_the_versions(server):
    version = json.loads(server.bext('status', '--json').stdout)['version']
    assert f': bext {version}, as before' in server.bext('upgrade').stdout
    assert re.fullmatch(rf'succeeded {STAMP} \(\d+ s\), {version} as before; 1 ever, 0 failed', rows(server)['last upgrade']), rows(server)
    began = rows(server)['serves'].split(' (')[0]
    place = server.dir / 'bin'
    place.mkdir()
    other = place / 'bext-server'
    later = version[:-1] + ('1' if version[-1] == '9' else '9')
    other.write_bytes((server.build / 'bext-server').read_bytes().replace(version.encode() + b'\0', later.encode() + b'\0'))
    other.chmod(0o755)
    kept = place / 'installed'
    shutil.copy(server.build / 'bext-server', kept)
    # It runs from a copy, so that the build's own binary is not replaced.
    moved = Server(server.build)
    moved.build = place / 'own'
    moved.build.mkdir()
    shutil.copy(kept, moved.build / 'bext-server')
    shutil.copy(server.build / 'bext', moved.build)
    with moved:
        moved.bext('reload')
        assert f': bext {version} -> {later}' in moved.bext('upgrade', '--binary', other).stdout
        told = rows(moved)
        assert told['version'] == f'bext {later}' and f'{version} -> {later}; 1 ever' in told['last upgrade'], told
        assert told['last reload'].startswith('succeeded'), 'it is known to the next process'
        refusing = place / 'refusing'
        refusing.write_text('#!/bin/sh\n[ "$1" = --version ] || { echo no; exit 1; }\n')
        refusing.chmod(0o755)
        assert moved.bext('upgrade', '--binary', refusing, check=False).returncode == 1
        shutil.copy(refusing, moved.build / 'next')
        (moved.build / 'next').rename(moved.build / 'bext-server')
        assert moved.bext('upgrade', check=False).returncode == 1
        told = rows(moved)['last upgrade']
        assert re.match(rf'failed {STAMP} \(\d+ s\); 2 ever, 1 failed\n +the new binary refuses: no', told), told
    assert rows(server)['serves'].split(' (')[0] == began


def main():
    for test in (status_is_for_people, a_reload_onto_a_taken_port_names_it, an_upgrade_tells_the_versions):
        server = Server(sys.argv[1], None)
        Origin(server.origin)
        with server:
            test(server)
        print('passed', test.__name__, flush=True)


main()
