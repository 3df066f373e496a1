"""systemctl reload bext changes the binary; what can go wrong with that changes nothing; a crash refuses nobody."""
from service import Load, main_pid, serve_debians_site

BROKEN = """#!/bin/sh
case "$*" in *-t*|--version) exit 0;; esac
"""


def reload_changes_the_process_and_loses_nothing(machine):
    serve_debians_site(machine)
    first = main_pid(machine)
    with Load(machine, kept=16, fresh=4) as load:
        for _ in range(3):
            machine.run('systemctl reload bext')
    load.nothing_was_lost()
    assert main_pid(machine) != first
    assert machine.get('/run/bext.pid').decode().strip() == main_pid(machine)
    assert machine.run('systemctl is-active bext').out == 'active\n'
    assert '3 upgrades' in machine.run('systemctl show -P StatusText bext').out
    assert machine.run('bext status --json | grep -o \'"upgrades":3\'').out


def stopping_an_upgraded_one_answers_what_is_under_way(machine):
    machine.put('x' * 300_000, '/var/www/html/large')
    machine.run("sed -i 's/server_name _;/server_name _; limit_rate 100k;/' /etc/nginx/sites-enabled/default")
    serve_debians_site(machine)
    machine.run('systemctl reload bext')
    download = machine.start('curl -sS -o /tmp/large -w "%{http_code} %{size_download}" http://127.0.0.1/large')
    machine.wait_until('[ -s /tmp/large ]')
    machine.run('systemctl stop bext')
    assert machine.finish(download).out == '200 300000'
    assert machine.run('systemctl show -P Result bext').out == 'success\n'


def it_is_still_watched_after_an_upgrade(machine):
    serve_debians_site(machine)
    machine.run('systemctl reload bext')
    upgraded = main_pid(machine)
    machine.run('systemctl kill --kill-who=main -s KILL bext')
    machine.wait_until('curl -sS http://127.0.0.1/ | grep -q Welcome')
    assert main_pid(machine) != upgraded


def killing_everything_refuses_nobody(machine):
    serve_debians_site(machine)
    with Load(machine, kept=8, fresh=4) as load:
        for _ in range(3):
            before = main_pid(machine)
            machine.run('systemctl kill --kill-who=all -s KILL bext')
            machine.wait_until(f'[ "$(systemctl show -P MainPID bext)" != {before} ] && systemctl is-active -q bext')
    assert load.counts['refused'] == 0, load.counts


def a_binary_that_cannot_run_changes_nothing(machine):
    serve_debians_site(machine)
    first = main_pid(machine)
    for script, reason in (('#!/bin/sh\necho no luck; exit 1\n', 'no luck'),
                           (BROKEN + 'exit 1\n', 'exited with code 1'),
                           (BROKEN + 'kill -SEGV $$\n', 'exited on signal 11')):
        machine.run('cp /usr/sbin/bext-server /root/good')
        machine.put(script, '/usr/sbin/bext-server.new', mode=0o755)
        machine.run('mv /usr/sbin/bext-server.new /usr/sbin/bext-server')
        with Load(machine, kept=4, fresh=2) as load:
            # ExecReload= would run the bad binary itself: asked by the command, as an administrator does
            done = machine.run('bext upgrade', check=False)
        load.nothing_was_lost()
        machine.run('mv /root/good /usr/sbin/bext-server')
        assert done.status == 1 and reason in done.err, done
        assert main_pid(machine) == first
        assert machine.get('/run/bext.pid').decode().strip() == first
        assert reason in machine.run('systemctl show -P StatusText bext').out
    machine.run('systemctl reload bext')
    assert main_pid(machine) != first


def a_binary_that_hangs_is_given_up(machine):
    serve_debians_site(machine)
    first = main_pid(machine)
    machine.put(BROKEN + 'exec sleep 100\n', '/root/hangs', mode=0o755)
    machine.run('cp /usr/sbin/bext-server /root/good')
    with Load(machine, kept=4, fresh=2) as load:
        done = machine.run('bext upgrade --binary /root/hangs', check=False, timeout=60)
    load.nothing_was_lost()
    assert done.status == 1 and 'did not serve in time' in done.err, done
    assert main_pid(machine) == first
    assert machine.run('cmp /usr/sbin/bext-server /root/good', check=False).status == 0, 'the binary before is back'


def a_broken_configuration_fails_the_reload_with_its_cause(machine):
    serve_debians_site(machine)
    first = main_pid(machine)
    machine.run('echo "no_such_directive;" >> /etc/nginx/nginx.conf')
    with Load(machine, kept=4, fresh=2) as load:
        done = machine.run('systemctl reload bext', check=False)
        bare = machine.run('bext-server ctl reload --wait', check=False)
    load.nothing_was_lost()
    assert done.status == 1
    assert bare.status == 1 and 'unknown directive "no_such_directive" in /etc/nginx/nginx.conf' in bare.err, bare
    assert main_pid(machine) == first
    assert machine.run('systemctl is-active bext').out == 'active\n'
    assert 'unknown directive "no_such_directive"' in machine.journal('bext')


def another_binary_is_put_in_place_and_the_one_before_kept(machine):
    serve_debians_site(machine)
    machine.run('cp /usr/sbin/bext-server /root/next; cp /usr/sbin/bext-server /root/before; echo >> /root/next')
    machine.run('bext upgrade --binary /root/next')
    machine.run('cmp /usr/sbin/bext-server /root/next; cmp /usr/sbin/bext-server.prev /root/before')
    assert machine.run(f'readlink /proc/{main_pid(machine)}/exe').out == '/usr/sbin/bext-server\n'
