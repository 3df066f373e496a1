"""How a takeover is entered: one at a time, a port that is one, and a page at the other end of a tunnel."""
import re

GO = 'bext nginx-takeover --auto-takeover --probation 0'


def a_second_takeover_looks_at_the_lock_before_anything_else(machine):
    first = machine.start(f'exec env BEXT_FAILPOINT=record:pause {GO}')
    machine.wait_until('test -e /run/bext/failpoint', timeout=60)
    machine.run('rm -f /var/log/nginx/access.log; systemctl kill -s USR1 nginx')
    second = machine.run(GO, check=False)
    assert second.status == 1 and re.search(r'another takeover is under way: process \d+', second.err), second
    assert second.out == '', 'nothing was looked at'
    assert 'bext-rehearsal' not in machine.run('cat /var/log/nginx/access.log', check=False).out
    machine.run('rm /run/bext/failpoint')
    assert machine.finish(first, timeout=60, check=False).status == 0


def a_port_that_is_none_is_refused(machine):
    for port in ('0', '99999', '65536', '-1'):
        done = machine.run(f'timeout 20 bext nginx-takeover --rehearsal 0 --port={port}', check=False)
        assert done.status == 2 and f'--port takes a number from 1 to 65535, not "{port}"' in done.err, done


def the_page_answers_at_the_other_end_of_a_tunnel(machine):
    board = machine.start('exec bext nginx-takeover --rehearsal 0 > /run/board')
    machine.wait_until('grep -q token= /run/board')
    token = re.search(r'token=(\w+)', machine.run('cat /run/board').out)[1]
    ask = f'curl -sS -o /dev/null -w "%{{http_code}}" -H "X-Bext-Token: {token}"'
    for host, origin, status in (('127.0.0.1:8080', 'http://127.0.0.1:8080', 200), ('localhost:1234', '', 200), ('localhost:1234', 'http://localhost:4321', 403),
                                 ('evil.example:9999', '', 421), ('127.0.0.1:9999', 'http://127.0.0.1:80', 403)):
        with_origin = f'-H "Origin: {origin}"' if origin else ''
        got = machine.run(f'{ask} -H "Host: {host}" {with_origin} http://127.0.0.1:9999/api/status').out
        assert got == str(status), (host, origin, got)
    board.terminate()
    machine.run('kill $(pgrep -x bext)', check=False)
    machine.finish(board, check=False)
