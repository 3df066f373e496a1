#!/usr/bin/env python3
"""Compares servers on the same nginx.conf, side by side in one run: requests per second and server CPU per request.

    serve.py --bext BINARY [--nginx BINARY] [--seconds N] [--rounds N] [CASE...]

Each server has one worker pinned to CPU 0; wrk runs on CPU 1; rounds take the servers in turn and medians are printed.
Only the ratios say something: the absolute figures are this machine's.
"""
import argparse
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

CASES = {  # name: path, TLS, connections, header
    'return': ('/ret', False, 64, ''),
    'static1k': ('/1k.txt', False, 64, ''),
    'static64k': ('/64k.txt', False, 64, ''),
    'static1m': ('/1m.bin', False, 32, ''),
    'proxy': ('/proxy', False, 64, ''),
    'tls1k': ('/1k.txt', True, 64, ''),
    'tls-handshake': ('/1k.txt', True, 32, 'Connection: close'),
    'conn-close': ('/1k.txt', False, 64, 'Connection: close'),
}

CONF = '''daemon off; worker_processes 1; pid %(dir)s/%(name)s.pid; error_log %(dir)s/%(name)s.err;
events { worker_connections 4096; }
http {
    access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; types { text/plain txt; }
    client_body_temp_path %(dir)s/%(name)s-body; proxy_temp_path %(dir)s/%(name)s-proxy; fastcgi_temp_path %(dir)s/%(name)s-fcgi;
    upstream backend { server 127.0.0.1:%(backend)d; keepalive 64; }
    ssl_certificate %(dir)s/c.pem; ssl_certificate_key %(dir)s/k.pem;
    server {
        listen 127.0.0.1:%(port)d reuseport; listen 127.0.0.1:%(tls)d ssl; root %(dir)s/www;
        location /ret { return 200 "hello"; }
        location /proxy { proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection ""; }
    }
}
'''
BACKEND = '''daemon off; worker_processes 1; pid %(dir)s/backend.pid; error_log %(dir)s/backend.err;
events { worker_connections 4096; }
http { access_log off; keepalive_requests 1000000; client_body_temp_path %(dir)s/b1; proxy_temp_path %(dir)s/b2;
    fastcgi_temp_path %(dir)s/b3; uwsgi_temp_path %(dir)s/b4; scgi_temp_path %(dir)s/b5;
    server { listen 127.0.0.1:%(backend)d; location / { return 200 "%(text)s"; } } }
'''


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def wait_for(port):
    for _ in range(200):
        with socket.socket() as s:
            if s.connect_ex(('127.0.0.1', port)) == 0:
                return
        time.sleep(0.02)
    sys.exit(f'nothing listens on port {port}')


def cpu_ticks(root):
    """Clock ticks used by a process and its descendants."""
    children, ticks = {}, {}
    for pid in filter(str.isdigit, os.listdir('/proc')):
        try:
            fields = pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(pid))
        ticks[int(pid)] = int(fields[11]) + int(fields[12])
    total, todo = 0, [root]
    while todo:
        pid = todo.pop()
        total += ticks.get(pid, 0)
        todo += children.get(pid, [])
    return total


def measure(server, case, seconds):
    path, tls, connections, header = CASES[case]
    url = f"{'https' if tls else 'http'}://127.0.0.1:{server['tls' if tls else 'port']}{path}"
    before = cpu_ticks(server['process'].pid)
    command = ['taskset', '-c', '1', 'wrk', '-t1', f'-c{connections}', f'-d{seconds}s'] + (['-H', header] if header else []) + [url]
    out = subprocess.run(command, capture_output=True, text=True).stdout
    used = cpu_ticks(server['process'].pid) - before
    if 'Non-2xx' in out:
        print(f"{case} {server['name']}: answers other than 2xx", file=sys.stderr)
    requests = int(re.search(r'(\d+) requests in', out)[1])
    rate = float(re.search(r'Requests/sec:\s*([\d.]+)', out)[1])
    return rate, used * 10000 / requests if requests else 0.0


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument('--bext', required=True)
    parser.add_argument('--nginx', default='/usr/sbin/nginx')
    parser.add_argument('--seconds', type=int, default=3)
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('cases', nargs='*')
    args = parser.parse_args()
    work = tempfile.mkdtemp(prefix='bext-bench-')
    os.chmod(work, 0o755)
    www = pathlib.Path(work, 'www')
    www.mkdir()
    (www / '1k.txt').write_text('x' * 1024)
    (www / '64k.txt').write_text('x' * 65536)
    (www / '1m.bin').write_bytes(os.urandom(1 << 20))
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout',
                    f'{work}/k.pem', '-out', f'{work}/c.pem', '-days', '30', '-subj', '/CN=localhost'], check=True, capture_output=True)
    backend = free_port()
    servers, started = [], []

    def start(binary, conf, name, cpu):
        file = pathlib.Path(work, name + '.conf')
        file.write_text(conf)
        process = subprocess.Popen(['taskset', '-c', cpu, binary, '-p', work + '/', '-c', str(file), '-e', f'{work}/{name}.err'])
        started.append(process)
        return process

    try:
        start(args.nginx, BACKEND % {'dir': work, 'backend': backend, 'text': '0123456789abcdef' * 4}, 'backend', '1')
        wait_for(backend)
        for name, binary in (('nginx', args.nginx), ('bext', args.bext)):
            server = {'name': name, 'port': free_port(), 'tls': free_port()}
            server['process'] = start(binary, CONF % {'dir': work, 'backend': backend, **server}, name, '0')
            wait_for(server['port'])
            servers.append(server)
        print(f"{'case':14}" + ''.join(f"{s['name'] + ' req/s':>14}{'us/req':>9}" for s in servers) + '   ratio  cpu')
        for case in args.cases or CASES:
            rows = {s['name']: [] for s in servers}
            for _ in range(args.rounds):
                for server in servers:
                    rows[server['name']].append(measure(server, case, args.seconds))
            median = {name: tuple(statistics.median(x) for x in zip(*values)) for name, values in rows.items()}
            line = ''.join(f'{median[s["name"]][0]:14.0f}{median[s["name"]][1]:9.2f}' for s in servers)
            ratio = median['bext'][0] / median['nginx'][0]
            print(f'{case:14}{line}{ratio:8.2f}{median["bext"][1] / max(median["nginx"][1], 0.001):6.2f}', flush=True)
    finally:
        for process in started:
            process.send_signal(signal.SIGTERM)
        for process in started:
            process.wait()
        shutil.rmtree(work, ignore_errors=True)


main()
