"""bext in a directory of its own, with what the tests of handing over do to it."""
import ctypes
import json
import os
import pathlib
import signal
import socket
import ssl
import stat
import subprocess
import tempfile
import time

CONF = '''
worker_processes 2;
error_log {dir}/error.log notice;
{main}
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy; fastcgi_temp_path {dir}/fastcgi;
    {http}
    server {{ listen 127.0.0.1:{plain}; listen 127.0.0.1:{proxied} proxy_protocol; {server}
        location / {{ return 200 "$connection_requests $remote_addr {body}"; }}
        location /peer {{ return 200 $proxy_protocol_addr; }}
        location /file {{ root {dir}; limit_rate 400k; }}
        location /app/ {{ proxy_pass http://127.0.0.1:{origin}/; proxy_http_version 1.1; proxy_buffering off;
            proxy_request_buffering off; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $http_connection; }}
    }}
    server {{ listen 127.0.0.1:{tls} ssl; ssl_certificate {dir}/cert.pem; ssl_certificate_key {dir}/key.pem;
        return 200 "$connection_requests {body}"; }}
}}
'''


def free_ports(count):
    """Ports that nobody listens on now."""
    sockets = [socket.create_server(('127.0.0.1', 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def wait_until(condition, what, seconds=20):
    end = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > end:
            raise AssertionError(f'not within {seconds} s: {what}')
        time.sleep(0.02)
    return value


class Server:
    def __init__(self, build, hosts=None):
        """`hosts`: what /etc/hosts is for the server, which then knows no other names; write_hosts() changes it."""
        self.build = pathlib.Path(build)
        self.hosts = hosts
        self.temp = tempfile.TemporaryDirectory(prefix='bext-handover-')
        self.dir = pathlib.Path(self.temp.name)
        self.dir.chmod(0o777)                   # workers report what a sanitizer finds
        self.run = self.dir / 'run'             # where a user's own server listens for commands
        self.run.mkdir(mode=0o700)
        (self.dir / 'bext.toml').touch()
        self.environment = {**os.environ, 'XDG_RUNTIME_DIR': str(self.run), 'BEXT_CONFIG': str(self.dir / 'bext.toml')}
        self.reports = f'log_path={self.dir}/sanitizer:leak_check_at_exit=0'
        self.plain, self.proxied, self.tls, self.origin = free_ports(4)
        self.pid_file = self.dir / 'bext.pid'
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', self.dir / 'key.pem', '-out',
                        self.dir / 'cert.pem', '-days', '2', '-subj', '/CN=localhost'], check=True, stderr=subprocess.DEVNULL)
        self.configure()

    def configure(self, main='', http='', server='', body='one'):
        (self.dir / 'nginx.conf').write_text(CONF.format(
            dir=self.dir, plain=self.plain, proxied=self.proxied, tls=self.tls, origin=self.origin,
            main=main, http=http, server=server, body=body))

    def write_hosts(self, text):
        (self.dir / 'hosts').write_text(text)

    def with_own_names(self):
        """The beginning of a command that has the names of `hosts`."""
        if self.hosts is None:
            return []
        self.write_hosts(self.hosts)
        (self.dir / 'nsswitch.conf').write_text('hosts: files\n')
        mounts = ''.join(f'mount --bind {self.dir}/{name} /etc/{name} && ' for name in ('hosts', 'nsswitch.conf'))
        return ['unshare', *['--map-root-user'] * (os.geteuid() != 0), '--mount', '--propagation', 'private', 'sh', '-c', mounts + 'exec "$@"', 'sh']

    def __enter__(self):
        self.first = subprocess.Popen([*self.with_own_names(), self.build / 'bext-server', 'run', '--nginx_config', self.dir / 'nginx.conf',
                                       '--pid_file', self.pid_file],
                                      stderr=open(self.dir / 'stderr', 'a'),
                                      env={**self.environment, **{name: self.reports for name in ('ASAN_OPTIONS', 'UBSAN_OPTIONS')},
                                           'TSAN_OPTIONS': f'log_path={self.dir}/sanitizer'})
        wait_until(self.serves, 'the start')
        return self

    def __exit__(self, kind, *_):
        try:
            os.kill(self.pid(), signal.SIGTERM)
        except OSError:
            pass
        self.first.wait()
        if kind:
            print((self.dir / 'error.log').read_text(errors='replace')[-4000:], (self.dir / 'stderr').read_text()[-2000:])
        wait_until(lambda: not self.can_connect(), 'the end')
        for report in self.dir.glob('sanitizer.*'):
            raise AssertionError(report.read_text()[:8000])
        self.temp.cleanup()

    def serves(self):
        return self.pid_file.exists() and self.can_connect() and self.bext('status', check=False).returncode == 0 and self.status()['generation'] > 0

    def can_connect(self):
        try:
            socket.create_connection(('127.0.0.1', self.plain)).close()
            return True
        except OSError:
            return False

    def pid(self):
        return int(self.pid_file.read_text())

    def worker(self):
        return self.status()['worker_pid']

    def bext(self, *words, check=True):
        done = subprocess.run([self.build / 'bext', *words, '--pid_file', self.pid_file], capture_output=True, text=True, timeout=120, env=self.environment)
        assert not check or done.returncode == 0, done
        return done

    def status(self):
        return json.loads(self.bext('status', '--json').stdout)

    def figure(self, name):
        return self.status()['figures'][name]

    def accepted(self, connection):
        """The worker's end of a connection, as a duplicate; None before there is one."""
        pidfd_getfd = 438
        worker = self.worker()
        process = os.pidfd_open(worker)
        try:
            for fd in os.listdir(f'/proc/{worker}/fd'):
                copy = ctypes.CDLL(None).syscall(pidfd_getfd, process, int(fd), 0)
                if copy < 0:
                    continue
                if not stat.S_ISSOCK(os.fstat(copy).st_mode):
                    os.close(copy)
                    continue
                one = socket.socket(fileno=copy)
                try:
                    if one.getpeername() == connection.getsockname():
                        return one
                except OSError:
                    pass
                one.close()
        finally:
            os.close(process)
        return None

    def alpn(self, offered):
        """The protocol that the server chooses of those."""
        context = ssl._create_unverified_context()
        context.set_alpn_protocols(offered)
        with context.wrap_socket(socket.create_connection(('127.0.0.1', self.tls), timeout=20)) as connection:
            return connection.selected_alpn_protocol()

    def connect(self, tls=False, port=None):
        connection = socket.create_connection(('127.0.0.1', port or (self.tls if tls else self.plain)), timeout=20)
        return ssl._create_unverified_context().wrap_socket(connection) if tls else connection


def get(connection, path='/', header=''):
    """One answer on a connection that stays: (header, body)."""
    connection.sendall(f'GET {path} HTTP/1.1\r\nHost: localhost\r\n{header}\r\n'.encode())
    return answer(connection)


def answer(connection):
    data = b''
    while b'\r\n\r\n' not in data:
        piece = connection.recv(65536)
        if not piece:
            raise ConnectionError(f'ended within an answer: {data}')
        data += piece
    head, body = data.split(b'\r\n\r\n', 1)
    length = int(next(line.split(b': ')[1] for line in head.split(b'\r\n') if line.lower().startswith(b'content-length')))
    while len(body) < length:
        body += connection.recv(65536)
    return head.decode(), body.decode()
