"""Sockets that systemd opens before the server starts are used, and go on through an upgrade."""
from service import Load, main_pid, serve_debians_site

SOCKET = """[Socket]
ListenStream=0.0.0.0:80
ListenStream=[::]:80
BindIPv6Only=ipv6-only
FileDescriptorName=http
[Install]
WantedBy=sockets.target
"""


def a_connection_before_the_start_is_answered(machine):
    serve_debians_site(machine)
    machine.run('systemctl stop bext')
    machine.put(SOCKET, '/etc/systemd/system/bext.socket')
    machine.run('systemctl daemon-reload; systemctl start bext.socket')
    assert machine.run('systemctl is-active bext', check=False).out == 'inactive\n'
    assert 'Welcome to nginx!' in machine.run('curl -sS http://127.0.0.1/').out, 'the connection starts the service'
    first = main_pid(machine)
    with Load(machine, kept=8, fresh=4) as load:
        machine.run('systemctl reload bext')
        machine.run('systemctl restart bext')
    load.nothing_was_lost()
    assert main_pid(machine) != first
    assert machine.run('ss -Hltn "sport = 80" | wc -l').out == '2\n', 'no socket beside those of systemd'
