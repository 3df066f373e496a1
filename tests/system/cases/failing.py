"""A worker that dies, hangs or has no memory, under load, and nginx with the same beside it."""
import json

from machine import Skip, thorough
from service import Load, main_pid

NGINX = 8081
KILLS = '''
for i in $(seq {count}); do
    for main in {mains}; do
        set -- $(cat /proc/$main/task/$main/children)
        [ -z "$1" ] || kill -KILL $1
    done
    sleep 0.1
done
'''
# Clients that send a part of a large body and wait: each holds a buffer of the server's.
CROWD = '''
import socket, sys, time
port, count, size = map(int, sys.argv[1:])
crowd = []
for number in range(count):
    try:
        one = socket.create_connection(('127.0.0.1', port), timeout=5)
        one.sendall(b'PUT /big/ HTTP/1.1\\r\\nHost: h\\r\\nContent-Length: %d\\r\\n\\r\\n' % size + b'x' * (size - 1))
        crowd.append(one)
    except OSError:
        pass
time.sleep(1)
'''


def _side_by_side(machine, server, http='', main=''):
    """bext on port 80 and Debian's nginx on another, with the same configuration."""
    machine.run('systemctl stop nginx')
    for path, port, pid in (('/etc/nginx/nginx.conf', 80, '/run/bext.pid'), ('/etc/nginx-beside.conf', NGINX, '/run/nginx.pid')):
        machine.put(f'user www-data; worker_processes 2; pid {pid}; error_log /var/log/nginx/error.{port}.log notice; {main}\nevents {{}}\n'
                    f'http {{ access_log off; {http}\nserver {{ listen {port}; {server} }} }}\n', path)
    machine.put('[Service]\nExecStartPre=\nExecStart=\nExecStart=/usr/sbin/nginx -c /etc/nginx-beside.conf\n'
                'ExecReload=\nExecReload=/usr/sbin/nginx -c /etc/nginx-beside.conf -s reload\n', '/etc/systemd/system/nginx.service.d/beside.conf')
    machine.run('systemctl daemon-reload; systemctl start nginx bext')


def _beside(machine, kept=8, fresh=4):
    return Load(machine, kept=kept, fresh=fresh, pause=5), Load(machine, port=NGINX, kept=kept, fresh=fresh, pause=5)


def _worker(machine):
    return str(json.loads(machine.run('bext status --json').out)['worker_pid'])


def thirty_deaths_cost_no_more_than_nginxs_and_no_name_is_asked_for(machine):
    machine.run('echo "127.0.0.1 backend.test" >> /etc/hosts')
    _side_by_side(machine, 'location / { return 200 here; } location /up { proxy_pass http://backend.test:9; }')
    machine.run('sed -i /backend.test/d /etc/hosts; echo "nameserver 192.0.2.1" > /etc/resolv.conf')
    ours, theirs = _beside(machine)
    with ours, theirs:
        machine.run(KILLS.format(count=30, mains=f'{main_pid(machine)} {main_pid(machine, "nginx")}'))
    assert ours.counts['answers'] > 0.8 * theirs.counts['answers'], (ours.line, theirs.line)
    assert ours.counts['refused'] == 0 and ours.counts['gap_ms'] < 1000, ours.line
    assert machine.run('curl -sS http://127.0.0.1/').out == 'here'
    assert machine.run('systemctl show -P NRestarts bext').out == '0\n'


def a_stopped_worker_does_not_hold_up_a_reload(machine):
    _side_by_side(machine, 'return 200 here;')
    stopped = _worker(machine)
    machine.run('pkill -STOP -P ' + main_pid(machine, 'nginx'))
    ours, theirs = _beside(machine, kept=0)
    machine.run(f'kill -STOP {stopped}')
    machine.run('bext reload; systemctl reload nginx', timeout=20)
    with ours, theirs:
        machine.run('sleep 0.5')
    ours.nothing_was_lost()
    theirs.nothing_was_lost()
    assert _worker(machine) != stopped and 'a signal has stopped it' in machine.get('/var/log/nginx/error.80.log').decode()


def a_stopped_worker_is_replaced_and_the_watchdog_stays_content(machine):
    machine.put('[Service]\nWatchdogSec=4\n', '/etc/systemd/system/bext.service.d/watchdog.conf')
    _side_by_side(machine, 'return 200 here;')
    main, stopped = main_pid(machine), _worker(machine)
    machine.run(f'kill -STOP {stopped}')
    machine.run('curl -sS --max-time 25 http://127.0.0.1/')  # waits in the queue until another worker is there
    assert main_pid(machine) == main and machine.run('systemctl show -P NRestarts bext').out == '0\n'
    assert _worker(machine) != stopped
    machine.wait_until(f'systemctl show -P StatusText bext | grep -q "worker process {stopped} hangs"')


@thorough
def a_stuck_disk_is_named(machine):
    """The log of one location is a pipe that nobody empties: whoever writes there hangs, as on a disk that does not answer."""
    machine.run('mkfifo -m 666 /run/stuck; systemd-run -q sh -c "exec 3<>/run/stuck; yes | head -c 65536 >&3; exec sleep 600"; sleep 0.5')
    _side_by_side(machine, 'location / { return 200 here; } location /stuck { access_log /run/stuck; return 200 stuck; }')
    first = _worker(machine)
    ours, theirs = _beside(machine)
    with ours, theirs:
        for port in (80, NGINX):
            machine.run(f'curl -sS http://127.0.0.1:{port}/stuck')
        machine.wait_until('grep -q "hangs: thread .* write() ./run/stuck" /var/log/nginx/error.80.log')
    assert ours.counts['refused'] == ours.counts['errors'] == 0 and ours.counts['answers'] > 100, ours.line
    assert _worker(machine) != first


def too_little_memory_ends_a_worker_and_not_the_service(machine):
    """MemoryMax: the kernel ends who has most, which is the worker; it is back at once."""
    machine.put('[Service]\nMemoryMax=100M\nMemorySwapMax=0\n', '/etc/systemd/system/bext.service.d/memory.conf')
    _side_by_side(machine, 'location / { return 200 here; } client_max_body_size 20m; location /big/ { client_body_buffer_size 20m; proxy_pass http://127.0.0.1:9; }')
    if machine.run('test -e /sys/fs/cgroup/system.slice/bext.service/memory.max', check=False).status:
        raise Skip('this host gives its machines no control of memory')
    main, first = main_pid(machine), _worker(machine)
    machine.put(CROWD, '/srv/crowd.py')
    for _ in range(3):
        machine.run('python3 /srv/crowd.py 80 12 16000000')
    machine.wait_until('curl -sS http://127.0.0.1/ | grep -q here')
    assert _worker(machine) != first, 'the memory was enough'
    assert main_pid(machine) == main and machine.run('systemctl is-active bext').out == 'active\n'
    assert machine.run('systemctl show -P NRestarts bext').out == '0\n'


def a_failed_allocation_costs_the_one_who_asked(machine):
    """RLIMIT_AS: who waits with a kept connection keeps it, with bext as with nginx."""
    _side_by_side(machine, 'location / { return 200 here; } client_max_body_size 20m; location /big/ { client_body_buffer_size 8m; proxy_pass http://127.0.0.1:9; }')
    size = 'awk "/VmSize/ {print \\$2 + 24576}" /proc/$(echo $(pgrep -P %s) | cut -d" " -f1)/status'
    for unit in ('bext', 'nginx'):
        most = machine.run(size % main_pid(machine, unit)).out.strip()
        machine.put(f'[Service]\nLimitAS={most}K\n', f'/etc/systemd/system/{unit}.service.d/memory.conf')
    machine.run('systemctl daemon-reload; systemctl restart nginx bext')
    first = _worker(machine)
    machine.put(CROWD, '/srv/crowd.py')
    ours, theirs = _beside(machine, fresh=0)
    with ours, theirs:
        for port in (80, NGINX):
            machine.run(f'python3 /srv/crowd.py {port} 30 8000000')
    ours.nothing_was_lost()
    theirs.nothing_was_lost()
    assert ours.counts['closed'] == 0 and _worker(machine) == first, ours.line
    assert 'malloc() failed (12' in machine.get('/var/log/nginx/error.80.log').decode()
