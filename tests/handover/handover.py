#!/usr/bin/env python3
"""What clients notice of reloads, upgrades, crashes and drains: nothing, or what is specified.

    handover.py BUILD [TEST…]      BUILD: the directory of bext-server and bext
"""
import os
import pathlib
import pwd
import re
import select
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / 'system'))
sys.dont_write_bytecode = True
from origin import Origin  # noqa: E402
from server import Server, answer, free_ports, get, wait_until  # noqa: E402

FRAME = bytes([0x81, 0x82, 0, 0, 0, 0]) + b'hi'
CLOSE_1001 = b'\x88\x02\x03\xe9'


class Load:
    """load.py beside something that happens; then nothing may be lost."""

    script = 'load.py'

    def __init__(self, server, tls=False, kept=16, fresh=4, port=None):
        self.words = ['--port', str(port or (server.tls if tls else server.plain)), '--kept', str(kept), '--fresh', str(fresh)] + ['--tls'] * tls
        self.ready = server.dir / 'load.ready'

    def __enter__(self):
        self.ready.unlink(missing_ok=True)
        self.process = subprocess.Popen([sys.executable, HERE.parent / 'system' / self.script, *self.words, '--ready', self.ready],
                                        stdout=subprocess.PIPE, text=True)
        wait_until(self.ready.exists, 'the first answers')
        return self

    def __exit__(self, *_):
        self.process.terminate()
        line = self.process.communicate(timeout=30)[0]
        self.counts = {key: value for key, value in (word.split('=', 1) for word in line.split())}
        print('  ', line.strip(), flush=True)

    def lost_nothing(self):
        assert self.counts['refused'] == self.counts['lost'] == self.counts['errors'] == '0', self.counts


class Http2Load(Load):
    """The same over HTTP/2: connections with eight requests under way each."""

    script = 'load_http2.py'

    def __init__(self, server, tls=False, connections=8):
        self.words = ['--port', str(server.tls if tls else server.plain), '--connections', str(connections)] + ['--tls'] * tls
        self.ready = server.dir / 'load.ready'


def reloads_lose_and_close_nothing(server):
    for tls in (False, True):
        with Load(server, tls) as load:
            for number in range(10):
                server.configure(body=str(number))
                server.bext('reload')
                assert get(server.connect())[1].endswith(str(number)), 'a reload that has returned is in force'
        load.lost_nothing()
        assert load.counts['closed'] == '0', load.counts
    assert server.figure('reloads') == 20


def upgrades_lose_nothing(server):
    for tls in (False, True):
        with Load(server, tls) as load:
            for _ in range(5):
                before = server.pid()
                server.bext('upgrade')
                assert server.pid() != before
        load.lost_nothing()
        if not tls:
            assert load.counts['closed'] == '0', load.counts
    assert server.figure('upgrades') == 10
    assert server.figure('adopted') == server.figure('passed') > 0


def http2_loses_nothing(server):
    """A reload closes no connection; an upgrade has each go on elsewhere when what it has under way is served."""
    conf = 'http2 on; keepalive_requests 100000000;'
    for tls in (False, True):
        server.configure(http=conf)
        server.bext('reload')
        with Http2Load(server, tls) as load:
            for number in range(10):
                server.configure(http=conf, body=str(number))
                server.bext('reload')
        load.lost_nothing()
        assert load.counts['goaways'] == load.counts['closed'] == load.counts['again'] == '0', load.counts
        with Http2Load(server, tls) as load:
            for _ in range(5):
                server.bext('upgrade')
        load.lost_nothing()
        assert int(load.counts['goaways']) >= 8 and load.counts['closed'] == '0', load.counts


def http2_is_given_up_with_its_directive(server):
    """Streams that are open end on the configuration that they began with; new connections speak HTTP/1.1 only."""
    server.configure(http='http2 on;')
    server.bext('reload')
    assert server.alpn(['h2', 'http/1.1']) == 'h2'
    server.configure()
    server.bext('reload')
    assert server.alpn(['h2', 'http/1.1']) == 'http/1.1'


def a_dead_worker_loses_what_was_under_way_over_http2(server):
    server.configure(http='http2 on;')
    server.bext('reload')
    with Http2Load(server, connections=4) as load:
        os.kill(server.worker(), signal.SIGKILL)
        time.sleep(1)
    assert load.counts['refused'] == load.counts['errors'] == '0' and int(load.counts['lost']) <= 4 * 8, load.counts


def each_of_several_sockets_on_one_port_goes_on(server):
    port = free_ports(1)[0]
    server.configure(server=f'listen 127.0.0.1:{port} reuseport;')
    server.bext('reload')
    with Load(server, port=port, kept=8, fresh=16) as load:
        for _ in range(4):
            server.bext('upgrade')
            server.bext('reload')
    load.lost_nothing()


def a_dead_worker_is_back_at_once(server):
    with Load(server) as load:
        for _ in range(3):
            worker = server.worker()
            os.kill(worker, signal.SIGKILL)
            wait_until(lambda: server.worker() not in (0, worker), 'another worker')
    assert load.counts['refused'] == load.counts['errors'] == '0', load.counts
    assert server.figure('worker_deaths') == 3


NAMES = ('upstream', 'passed', 'trusted', 'log', 'resolver')


def a_worker_that_is_started_again_asks_for_no_name(server):
    """What the configuration's names meant was found out when it was read, and belongs to it."""
    ports = free_ports(1)
    server.configure(main='error_log syslog:server=log.test,tag=bext;',
                     http=f'set_real_ip_from trusted.test; resolver resolver.test; upstream up {{ server upstream.test:{server.origin}; }} '
                          'access_log syslog:server=log.test;',
                     server=f'listen listened.test:{ports[0]}; location /up/ {{ proxy_pass http://up/; }} '
                            f'location /passed/ {{ proxy_pass http://passed.test:{server.origin}/; }} '
                            f'location /asked/ {{ set $there passed.test; proxy_pass http://$there:{server.origin}/; }}')
    server.bext('reload')

    def all_answer():
        assert get(server.connect())[1].endswith('one') and get(server.connect(port=ports[0]))[1].endswith('one')
        for path in ('/up/', '/passed/'):
            assert ' 200 ' in get(server.connect(), path, 'Content-Length: 0\r\n')[0], path
    all_answer()
    for hosts in ('', ''.join(f'192.0.2.1 {name}.test\n' for name in (*NAMES, 'listened'))):
        server.write_hosts(hosts)
        worker = server.worker()
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: server.worker() not in (0, worker), 'another worker')
        all_answer()


a_worker_that_is_started_again_asks_for_no_name.hosts = ''.join(f'127.0.0.1 {name}.test\n' for name in (*NAMES, 'listened'))


def a_worker_that_hangs_does_not_hold_up_a_reload(server):
    worker = server.worker()
    os.kill(worker, signal.SIGSTOP)
    wait_until(lambda: ') T ' in pathlib.Path(f'/proc/{worker}/stat').read_text(), 'the stop')
    waiting = server.connect()
    waiting.sendall(b'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    server.configure(body='two')
    server.bext('reload')
    assert server.worker() != worker and get(server.connect())[1].endswith('two')
    assert answer(waiting)[1].endswith('two'), 'who waited in the queue is answered'
    os.kill(worker, signal.SIGCONT)             # it finishes what it had
    wait_until(lambda: not pathlib.Path(f'/proc/{worker}').exists(), 'the end of the old one')
    assert 'a signal has stopped it' in (server.dir / 'error.log').read_text()


def a_worker_that_is_stopped_has_no_figures(server):
    """Who asks for the state is answered all the same, and the next one again."""
    worker = server.worker()
    assert server.status()['worker']
    os.kill(worker, signal.SIGSTOP)
    wait_until(lambda: ') T ' in pathlib.Path(f'/proc/{worker}/stat').read_text(), 'the stop')
    began = time.monotonic()
    assert server.status()['worker'] is None and time.monotonic() - began < 10
    os.kill(worker, signal.SIGCONT)
    wait_until(lambda: server.status()['worker'], 'its figures, or its successor\'s')


def a_stuck_disk_holds_one_thread_and_no_reload(server):
    pipe = server.dir / 'pipe'
    os.mkfifo(pipe, 0o666)
    end = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
    server.configure(server=f'location = /stuck {{ access_log {pipe}; return 200 stuck; }}')
    server.bext('reload')
    try:
        while os.write(end, b'x' * 4096):
            pass
    except BlockingIOError:
        pass                                    # full: the next writer waits
    worker = server.worker()
    stuck = server.connect()
    assert get(stuck, '/stuck')[1] == 'stuck'   # and then its line is to be written
    download = server.connect()
    (server.dir / 'file').write_bytes(bytes(1_000_000))
    download.sendall(b'GET /file HTTP/1.1\r\nHost: localhost\r\n\r\n')
    got = download.recv(65536)
    server.configure(body='two')
    server.bext('reload')
    assert server.worker() != worker
    assert get(server.connect())[1].endswith('two')
    log = (server.dir / 'error.log').read_text()
    assert f'write() "{pipe}"' in log and 'localhost/stuck' in log, log
    while len(got.split(b'\r\n\r\n', 1)[1]) < 1_000_000:
        piece = download.recv(65536)
        assert piece, 'the other thread goes on with what it has'
        got += piece
    os.read(end, 65536)                         # the disk is back
    wait_until(lambda: not pathlib.Path(f'/proc/{worker}').exists(), 'the end of the old one')
    os.close(end)


def a_bad_configuration_changes_nothing_and_says_why(server):
    server.configure(http='no_such_directive;')
    done = server.bext('reload', check=False)
    assert done.returncode == 1 and 'unknown directive "no_such_directive"' in done.stderr, done
    pid = server.pid()
    done = server.bext('upgrade', check=False)
    assert done.returncode == 1 and 'unknown directive "no_such_directive"' in done.stderr, done
    assert server.pid() == pid and not pathlib.Path(f'{server.pid_file}.oldbin').exists()
    assert get(server.connect())[1].endswith('one')
    figures = server.status()['figures']
    assert figures['reloads_failed'] == 1 and figures['upgrades_failed'] == 1, figures


def idle_connections_go_on_in_the_next_process(server):
    plain, fresh = server.connect(), server.connect()
    proxied = server.connect(port=server.proxied)
    proxied.sendall(b'PROXY TCP4 192.0.2.7 192.0.2.8 1111 80\r\n')
    assert get(proxied, '/peer')[1] == '192.0.2.7'
    tls = server.connect(tls=True)
    assert get(plain)[1].startswith('1 ') and get(tls)[1].startswith('1 ')
    worker = server.worker()
    server.bext('upgrade')
    assert server.worker() != worker
    head, body = get(plain)
    assert body.startswith('2 127.0.0.1') and 'keep-alive' in head, (head, body)
    assert get(fresh)[1].startswith('1 ')
    assert get(proxied, '/peer')[1] == '192.0.2.7', 'what the PROXY header said goes on too'
    head, body = get(tls)
    assert body.startswith('2 ') and 'Connection: close' in head, 'TLS has state: its next answer is the last'
    assert tls.recv(1) == b''
    assert get(plain)[1].startswith('3 ')


def idle_connections_go_on_in_the_next_worker(server):
    kept = [server.connect() for _ in range(8)]
    fresh = server.connect()
    for one in kept:
        assert get(one)[1].startswith('1 ')
    worker = server.worker()
    for number in (2, 3):
        server.configure(main=f'worker_rlimit_nofile {500 + number};', body='two')
        server.bext('reload')
        assert server.worker() != worker, 'what a process cannot change needs another one'
        worker = server.worker()
        for one in kept:
            head, body = get(one)
            assert body == f'{number} 127.0.0.1 two' and 'keep-alive' in head, (head, body)
    assert get(fresh)[1].startswith('1 ')
    assert server.figure('adopted') == server.figure('passed') > 0


def tls_sessions_are_resumed_after_an_upgrade(server):
    def visit(context, session=None):
        connection = context.wrap_socket(server.connect(port=server.tls), session=session)
        get(connection)
        return connection.session, connection.session_reused

    server.configure(http='ssl_session_cache shared:S:1m;')
    server.bext('reload')
    for version, tickets in ((ssl.TLSVersion.TLSv1_3, True), (ssl.TLSVersion.TLSv1_2, True), (ssl.TLSVersion.TLSv1_2, False)):
        context = ssl._create_unverified_context()
        context.maximum_version = version
        context.options |= 0 if tickets else ssl.OP_NO_TICKET
        session, reused = visit(context)
        assert not reused
        for _ in range(3):                      # each visit brings the session of the next
            session, reused = visit(context, session)
            assert reused, (version, tickets)
        server.bext('upgrade')
        assert visit(context, session)[1], (version, tickets)


def a_websocket_and_an_event_stream(server):
    upgrade = 'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n'
    socket = server.connect()
    socket.sendall(f'GET /app/ws HTTP/1.1\r\nHost: localhost\r\n{upgrade}\r\n'.encode())
    assert b' 101 ' in socket.recv(4096)

    def echoes():
        socket.sendall(FRAME)
        assert socket.recv(4096) == b'\x81\x02hi'
    stream = server.connect()
    stream.sendall(b'GET /app/events HTTP/1.1\r\nHost: localhost\r\n\r\n')
    got = stream.recv(4096)
    echoes()
    server.bext('reload')
    echoes()
    got += stream.recv(4096)
    server.configure(main='worker_shutdown_timeout 1500ms;', body='two')
    server.bext('reload')
    echoes()
    server.bext('upgrade')
    assert get(server.connect())[1].endswith('two')
    echoes()                                    # left alone until the deadline
    assert socket.recv(4096) == CLOSE_1001 and socket.recv(1) == b''
    while piece := stream.recv(65536):
        got += piece
    assert got.endswith(b'\r\n0\r\n\r\n'), 'an event stream is ended, not cut'
    assert server.figure('closed_at_deadline') == 2 and server.figure('cut') == 0


def transfers_finish_across_a_reload_and_an_upgrade(server):
    (server.dir / 'file').write_bytes(os.urandom(1_200_000))
    for transition in ('reload', 'upgrade'):
        download, upload = server.connect(), server.connect()
        download.sendall(b'GET /file HTTP/1.1\r\nHost: localhost\r\n\r\n')
        got = download.recv(65536)
        upload.sendall(b'PUT /app/up HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500000\r\n\r\n' + b'x' * 200_000)
        server.bext(transition)
        upload.sendall(b'x' * 300_000)
        assert answer(upload)[1] == '500000', transition
        while len(got.split(b'\r\n\r\n', 1)[1]) < 1_200_000:
            piece = download.recv(65536)
            assert piece, transition
            got += piece
        assert got.split(b'\r\n\r\n', 1)[1] == (server.dir / 'file').read_bytes(), transition
    assert server.figure('cut') == 0


def a_long_transfer_has_all_its_time(server):
    """Without worker_shutdown_timeout nothing ends a worker that has still something to do."""
    (server.dir / 'file').write_bytes(bytes(2_400_000))  # 6 s
    download = server.connect()
    download.sendall(b'GET /file HTTP/1.1\r\nHost: localhost\r\n\r\n')
    got = download.recv(65536)
    server.bext('upgrade')
    while len(got.split(b'\r\n\r\n', 1)[1]) < 2_400_000:
        piece = download.recv(65536)
        assert piece, f'it ended after {len(got)} bytes'
        got += piece


def worker_shutdown_timeout_ends_what_a_reload_left(server):
    server.configure(main='worker_shutdown_timeout 300ms;')
    server.bext('reload')
    (server.dir / 'file').write_bytes(bytes(4_000_000))
    download, idle = server.connect(), server.connect()
    silent = server.connect(port=server.tls)    # has not begun its handshake
    worker = server.worker()
    get(idle)
    download.sendall(b'GET /file HTTP/1.1\r\nHost: localhost\r\n\r\n')
    assert download.recv(65536)
    server.configure()
    server.bext('reload')
    size = 0
    while piece := download.recv(65536):
        size += len(piece)
    assert size < 4_000_000
    assert get(idle)[1].startswith('2 '), 'an idle connection is of no configuration'
    assert silent.recv(1) == b'' and server.worker() == worker
    assert server.figure('closed_by_reload') == 2 and server.figure('cut') == 1


def worker_shutdown_timeout_ends_http2_streams_that_a_reload_left(server):
    """The stream ends, its connection goes on."""
    (server.dir / 'file').write_bytes(bytes(4_000_000))
    server.configure(main='worker_shutdown_timeout 300ms;', http='http2 on;')
    server.bext('reload')
    download = subprocess.Popen(['curl', '-sS', '--http2-prior-knowledge', '-o', server.dir / 'got', f'http://127.0.0.1:{server.plain}/file'],
                                stderr=subprocess.PIPE, text=True)
    wait_until(lambda: (server.dir / 'got').exists() and (server.dir / 'got').stat().st_size, 'the first bytes')
    server.configure(http='http2 on;')
    server.bext('reload')
    assert download.wait(20) == 92 and 'HTTP/2 stream' in download.stderr.read()
    assert 0 < (server.dir / 'got').stat().st_size < 4_000_000 and server.figure('cut') == 1


def each_reload_has_its_own_time_to_finish(server):
    server.configure(main='worker_shutdown_timeout 1500ms;')
    server.bext('reload')
    (server.dir / 'file').write_bytes(bytes(4_000_000))
    server.configure(main='worker_shutdown_timeout 1500ms;', body='two')
    server.bext('reload')                       # its time is over 1500 ms from now
    first = time.monotonic()
    download = server.connect()
    download.sendall(b'GET /file HTTP/1.1\r\nHost: localhost\r\n\r\n')
    assert download.recv(65536)
    while time.monotonic() < first + 1:
        assert download.recv(65536)
    server.configure(main='worker_shutdown_timeout 1500ms;', body='three')
    server.bext('reload')
    second = time.monotonic()
    while download.recv(65536):
        pass
    assert time.monotonic() - second > 1, 'what the second one has made old was cut by the first one'
    assert server.figure('closed_by_reload') == server.figure('cut') == 1


def a_worker_without_descriptors_is_reloaded(server):
    server.configure(main='worker_rlimit_nofile 64;')
    server.bext('reload')
    crowd = [server.connect() for _ in range(100)]
    log = server.dir / 'error.log'
    wait_until(lambda: 'accept4() failed (24' in log.read_text(), 'the end of the descriptors')
    server.configure(main='worker_rlimit_nofile 64;', body='two')
    server.bext('reload')
    for one in crowd:
        one.close()

    def serves():
        return get(server.connect())[1].endswith('two')
    wait_until(serves, 'the new configuration')
    assert 'exited on signal' not in log.read_text(), log.read_text()


def memory_kb(process):
    return int(next(line.split()[1] for line in pathlib.Path(f'/proc/{process}/status').read_text().splitlines() if line.startswith('VmSize')))


def limit_memory(process, kb):
    """Of a process of the own user; None: no limit any more."""
    subprocess.run(['prlimit', '--pid', str(process), f'--as={kb * 1024 if kb else "unlimited"}:'], check=True)


# Else the worker's limits are another user's business.
AS_SELF = f'user {pwd.getpwuid(os.geteuid()).pw_name};' if os.geteuid() == 0 else ''


def sanitized(server):
    """Whether the address space is a sanitizer's, which cannot be limited."""
    return memory_kb(server.worker()) > 1 << 30


def a_failed_allocation_ends_one_connection(server):
    if sanitized(server):
        return
    server.configure(main=AS_SELF, server=f'client_max_body_size 10m; location /big/ {{ client_body_buffer_size 4m; proxy_pass http://127.0.0.1:{server.origin}/; }}')
    server.bext('reload')
    wait_until(lambda: not server.status()['draining_pids'], 'the end of the worker before')
    others = [server.connect(tls=number % 2) for number in range(20)]
    for one in others:
        get(one)
    worker = server.worker()
    limit_memory(worker, memory_kb(worker) + 16384)
    head = b'PUT /big/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4000000\r\n\r\n'
    crowd = [server.connect() for _ in range(40)]
    for one in crowd:
        one.sendall(head + b'x' * 1000)
        one.settimeout(0.2)
    ended = []
    for one in crowd:
        try:
            ended.append(one.recv(65536).split(b'\r\n')[0])
        except ConnectionError:
            ended.append(b'')
        except TimeoutError:
            pass                                # it has its buffer, and waits for the rest
    assert 0 < len(ended) < len(crowd) and set(ended) <= {b'HTTP/1.1 500 Internal Server Error', b''}, ended
    for one in others:
        get(one)
    assert server.worker() == worker
    assert 'malloc() failed (12' in (server.dir / 'error.log').read_text()
    for one in crowd:
        one.close()
    again = server.connect()
    again.sendall(head + b'x' * 4_000_000)
    assert answer(again)[1] == '4000000', 'and when there is memory again, all is as before'


def fill_memory(server, size):
    """Connections that hold a buffer of `size` each, until there is no memory for one more."""
    held = []
    for _ in range(60):
        batch = [server.connect() for _ in range(8)]
        for one in batch:
            one.sendall(f'PUT /fill{size}/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\nx'.encode())
        ended, _, _ = select.select(batch, [], [], 0.1)
        held += [one for one in batch if one not in ended]
        for one in ended:
            one.close()
        if len(ended) > 4:
            break
    return held


def memory_runs_out_at_any_place(server):
    """Whatever wants memory when there is none ends at its connection; the process and who waits stay."""
    if sanitized(server):
        return
    (server.dir / 'page').write_text('text ' * 20_000)
    sizes = (8_000_000, 1_000_000, 100_000, 20_000, 5000)
    fillers = ' '.join(f'location /fill{size}/ {{ client_body_buffer_size {size}; client_max_body_size 10m; proxy_pass http://127.0.0.1:{server.origin}/; }}'
                       for size in sizes)
    server.configure(main=AS_SELF, http='gzip on; gzip_min_length 1; gzip_types *; limit_conn_zone $binary_remote_addr zone=z:1m;',
                     server=f'{fillers} location /page {{ root {server.dir}; ssi on; }} '
                            f'location /limited/ {{ limit_conn z 1000; proxy_pass http://127.0.0.1:{server.origin}/; }}')
    server.bext('reload')
    wait_until(lambda: not server.status()['draining_pids'], 'the end of the worker before')
    waiting = [server.connect(tls=number % 2) for number in range(10)]
    for one in waiting:
        get(one)
    worker = server.worker()
    limit_memory(worker, memory_kb(worker) + 2000)
    asks = [(False, '/page', 'Accept-Encoding: gzip\r\n'), (True, '/', ''), (False, '/', 'X: ' + 'y' * 6000 + '\r\n'),
            (False, '/limited/', 'Content-Length: 0\r\n'), (False, '/page', '')]
    held = []
    for size in sizes:
        held += fill_memory(server, size)
        crowd = []
        for tls, path, header in asks * 8:
            try:
                one = server.connect(port=server.tls if tls else None)
                crowd.append(one)
                one.settimeout(5)
                if tls:
                    one = crowd[-1] = ssl._create_unverified_context().wrap_socket(one)
                one.sendall(f'GET {path} HTTP/1.1\r\nHost: localhost\r\n{header}\r\n'.encode())
                one.recv(100)
            except (OSError, ConnectionError):
                pass                            # refused to it alone
        for one in crowd:
            one.close()
        assert pathlib.Path(f'/proc/{worker}').exists(), (size, (server.dir / 'error.log').read_text()[-2000:])
    print('   failed allocations:', (server.dir / 'error.log').read_text(errors='replace').count('malloc() failed (12'), 'held:', len(held), flush=True)
    for one in held:
        one.close()
    for one in waiting:
        get(one)
    assert server.worker() == worker
    wait_until(lambda: server.figure('active') <= len(waiting) + 1, 'the end of the others')


def figures_are_for_others_too(server):
    server.configure(server='location = /status { bext_status; } location = /metrics { bext_metrics; } location = /page { return 200 page; }')
    server.bext('reload')
    for _ in range(3):
        assert get(server.connect(), '/page')[1] == 'page'
    server.bext('reload')
    server.bext('upgrade')
    os.kill(server.worker(), signal.SIGKILL)
    connection = server.connect()
    assert get(connection, '/page')[1] == 'page'
    assert '"upgrades":1' in get(connection, '/status')[1]
    metrics = get(connection, '/metrics')[1]
    assert '\nbext_reloads_total 2\n' in metrics
    pages = re.search(r'\nbext_location_requests_total{server="[^"]*",location="= /page",code="2xx"} (\d+)\n', metrics)
    assert pages and pages[1] == '4', metrics


def reloads_side_by_side_all_get_the_truth(server):
    server.configure(body='many')
    results = []
    threads = [threading.Thread(target=lambda: results.append(server.bext('reload', check=False).returncode)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [0] * 8, results
    assert get(server.connect())[1].endswith('many')
    assert server.figure('reloads') < 8, 'a storm is a few reloads'


def served_certificate(server):
    with server.connect(tls=True) as connection:
        return ssl.DER_cert_to_PEM_cert(connection.getpeercert(binary_form=True)).split()


def make_pair(directory):
    """A certificate and its key in a new directory, as certbot's archive has them."""
    directory.mkdir(parents=True, exist_ok=True)
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', directory / 'key.pem', '-out', directory / 'cert.pem',
                    '-days', '2', '-subj', '/CN=localhost'], check=True, stderr=subprocess.DEVNULL)
    return (directory / 'cert.pem').read_text().split()


def point(link, target):
    """What certbot does with its links, and a deployment with the directory that is current."""
    fresh = link.with_name(link.name + '.new')
    fresh.symlink_to(target)
    fresh.rename(link)


def certificates_that_change_are_taken(server):
    def taken(text, what):
        wait_until(lambda: served_certificate(server) == text, what)

    idle = server.connect(tls=True)
    get(idle)
    for name in ('cert.pem', 'key.pem'):        # written in place
        made = server.dir / 'made'
        if name == 'cert.pem':
            first = make_pair(made)
        shutil.copy(made / name, server.dir / name)
    taken(first, 'a pair that is written over the old one')
    assert get(idle)[1].startswith('2 '), 'it is a reload like any other: no connection is closed'
    second, third = (make_pair(server.dir / 'archive' / name) for name in ('2', '3'))
    for name in ('cert.pem', 'key.pem'):
        point(server.dir / name, f'archive/2/{name}')
    taken(second, 'links in place of the files')
    point(server.dir / 'current', 'archive/2')
    for name in ('cert.pem', 'key.pem'):
        point(server.dir / name, f'current/{name}')
    server.bext('reload')
    point(server.dir / 'current', 'archive/3')
    taken(third, 'a directory on the way that is a link')
    reloads = server.figure('reloads')
    os.utime(server.dir / 'archive/3/cert.pem')
    (server.dir / 'archive/3/cert.pem').write_text((server.dir / 'archive/3/cert.pem').read_text())
    (server.dir / 'current/other').write_text('x')
    fourth = make_pair(server.dir / 'archive' / '4')
    point(server.dir / 'current', 'archive/4')
    taken(fourth, 'the next one')
    assert server.figure('reloads') == reloads + 1, 'what says the same is no reason'


def directories_of_certificates_go_and_come_back(server):
    def taken(text, what):
        wait_until(lambda: served_certificate(server) == text, what)

    def place(name):
        return make_pair(server.dir / name / 'live' / 'site')
    for name in ('cert.pem', 'key.pem'):
        (server.dir / name).unlink()
    first = place('le')
    for name in ('cert.pem', 'key.pem'):
        (server.dir / name).symlink_to(f'le/live/site/{name}')
    taken(first, 'links in place of the files')
    second = place('new')
    (server.dir / 'le').rename(server.dir / 'old')
    (server.dir / 'new').rename(server.dir / 'le')
    taken(second, 'another directory far above the files')
    third = make_pair(server.dir / 'le/live/site')
    taken(third, 'files that are written in it')
    (server.dir / 'le').rename(server.dir / 'gone')
    time.sleep(2 * 1.0)                         # longer than what is waited for quiet
    fourth = place('le')
    taken(fourth, 'a directory that was gone for a while')
    fifth = make_pair(server.dir / 'le/live/site')
    taken(fifth, 'files that are written in that')


def a_pipe_in_place_of_a_key_holds_nothing_up(server):
    made = server.dir / 'made'
    after = make_pair(made)
    (server.dir / 'key.pem').unlink()
    os.mkfifo(server.dir / 'key.pem')
    time.sleep(2 * 1.0)                         # it has looked by then
    assert server.status()['pid'] == server.pid(), 'it answers'
    (server.dir / 'key.pem').unlink()
    for name in ('cert.pem', 'key.pem'):
        shutil.copy(made / name, server.dir / name)
    wait_until(lambda: served_certificate(server) == after, 'a pair of files')


def certificates_take_nothing_else_along(server):
    before = served_certificate(server)
    made = server.dir / 'made'
    after = make_pair(made)
    shutil.copy(made / 'cert.pem', server.dir / 'cert.pem')                 # and the key is still the old one
    log = server.dir / 'error.log'
    wait_until(lambda: 'key values mismatch' in log.read_text(), 'the refusal of half a pair')
    assert served_certificate(server) == before and server.status()['last_reload'] == 'failed'
    server.configure(body='unfinished')
    shutil.copy(made / 'key.pem', server.dir / 'key.pem')
    wait_until(lambda: f'"{server.dir}/nginx.conf" has changed, too' in log.read_text(), 'the refusal')
    assert served_certificate(server) == before and get(server.connect())[1].endswith('one')
    server.bext('reload')
    assert served_certificate(server) == after and get(server.connect())[1].endswith('unfinished')
    (server.dir / 'bext.toml').write_text((server.dir / 'bext.toml').read_text() + '[nginx]\ncompatible = "1.22"\n')
    last = make_pair(made)
    for name in ('cert.pem', 'key.pem'):
        shutil.copy(made / name, server.dir / name)
    wait_until(lambda: '"bext.config.toml" has changed, too' in log.read_text(), 'the refusal')
    assert served_certificate(server) == after and server.status()['compatible'] == '1.31.5'
    server.bext('reload')
    assert served_certificate(server) == last and server.status()['compatible'] == '1.22'


def what_is_not_whole_is_acknowledged_at_once(server):
    """Else a client that has Nagle's algorithm would wait for the kernel's 40 ms with the rest of its request."""
    connection = server.connect()
    peer = wait_until(lambda: server.accepted(connection), 'the connection in the worker')

    def at_once():
        return peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK) == 1
    assert not at_once(), 'an answer is to carry it'
    connection.sendall(b'PUT /app/up HTTP/1.1\r\n')
    wait_until(at_once, 'a head that is not whole')
    connection.sendall(b'Host: localhost\r\nContent-Length: 2\r\n\r\nhi')
    assert answer(connection)[1] == '2'
    wait_until(lambda: not at_once(), 'the state after an answer')
    connection.sendall(b'PUT /app/up HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n')
    wait_until(at_once, 'a body that is not there')
    connection.sendall(b'hi')
    assert answer(connection)[1] == '2'


def a_process_in_namespaces_of_its_own_is_not_heard(server):
    """In the same network namespace, as a container with the host's network is; root in there, without a capability."""
    if os.geteuid() != 0:
        return
    stranger = [sys.executable, HERE.parent / 'support' / 'stranger.py', str(server.pid()), '/bin/sh', '-c', f'touch {server.dir}/executed']
    told = []
    for spaces in (['--pid', '--fork'], ['--user', '--map-root-user'], ['--user', '--map-root-user', '--pid', '--fork']):
        words = ['unshare', '--mount', *spaces, 'setpriv', '--bounding-set=-all', '--inh-caps=-all', '--no-new-privs', *stranger]
        said = subprocess.run(words, capture_output=True, text=True, timeout=60)
        assert said.returncode == 0 and "'0000000000000000'" in said.stdout, said
        told += said.stdout.splitlines()[1:]
    server.bext('reload')  # by then an earlier request has had its effect
    assert not (server.dir / 'executed').exists(), 'it had the server execute a program'
    assert len(told) == 9 and all('namespace may not ask this server' in line for line in told), told


def an_older_one_is_asked_and_upgraded(server):
    """BEXT_BEFORE: the directory of the binaries of an earlier version, which listened elsewhere for commands."""
    before = os.environ.get('BEXT_BEFORE')
    if not before:
        return print('   BEXT_BEFORE names no earlier build')
    old = Server(before)
    old.build = server.dir / 'installed'
    old.build.mkdir()
    for name in ('bext-server', 'bext'):
        shutil.copy(pathlib.Path(before) / name, old.build)
    with old:
        old.build = server.build  # from now on with the command of this build
        assert old.status()['generation'] == 1
        old.configure(body='two')
        old.bext('reload')
        first = old.pid()
        with Load(old) as load:
            old.bext('upgrade', '--binary', server.build / 'bext-server')
            assert old.pid() != first
            old.bext('upgrade')
        load.lost_nothing()
        assert (pathlib.Path('/run/bext/control') if os.geteuid() == 0 else old.run / 'bext').joinpath(
            f'{os.stat("/proc/self/ns/pid").st_ino}.{old.pid()}').exists()


TESTS = [reloads_lose_and_close_nothing, upgrades_lose_nothing, http2_loses_nothing,
         http2_is_given_up_with_its_directive, a_dead_worker_loses_what_was_under_way_over_http2,
         each_of_several_sockets_on_one_port_goes_on, a_dead_worker_is_back_at_once,
         a_worker_that_is_started_again_asks_for_no_name, a_worker_that_hangs_does_not_hold_up_a_reload,
         a_worker_that_is_stopped_has_no_figures, a_stuck_disk_holds_one_thread_and_no_reload,
         a_bad_configuration_changes_nothing_and_says_why, idle_connections_go_on_in_the_next_process,
         idle_connections_go_on_in_the_next_worker,
         tls_sessions_are_resumed_after_an_upgrade,
         a_websocket_and_an_event_stream, transfers_finish_across_a_reload_and_an_upgrade,
         a_long_transfer_has_all_its_time, worker_shutdown_timeout_ends_what_a_reload_left,
         worker_shutdown_timeout_ends_http2_streams_that_a_reload_left, each_reload_has_its_own_time_to_finish,
         a_worker_without_descriptors_is_reloaded, a_failed_allocation_ends_one_connection, memory_runs_out_at_any_place, figures_are_for_others_too, reloads_side_by_side_all_get_the_truth,
         certificates_that_change_are_taken, directories_of_certificates_go_and_come_back, a_pipe_in_place_of_a_key_holds_nothing_up,
         certificates_take_nothing_else_along,
         what_is_not_whole_is_acknowledged_at_once,
         a_process_in_namespaces_of_its_own_is_not_heard, an_older_one_is_asked_and_upgraded]


def main(build, *names):
    for test in TESTS:
        if names and test.__name__ not in names:
            continue
        server = Server(build, getattr(test, 'hosts', None))
        Origin(server.origin)
        with server:
            test(server)
        print('passed', test.__name__, flush=True)


main(*sys.argv[1:])
