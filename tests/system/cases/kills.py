"""The commands that change who serves are killed INSIDE their steps, at random moments: one server serves, the next command settles
the rest, and the package can be removed."""
import json
import os
import random
import time

from machine import bare, thorough
from packages import APT, install, put_versions

GO = 'bext nginx-takeover --auto-takeover --probation 0 --rehearsal 0'
BACK = 'bext rollback --yes'
INSTALL, UNINSTALL = 'bext nginx masquerade install', 'bext nginx masquerade uninstall'
FEW, MANY = 20, 200
REMOVED = 4  # every so many kills the package is removed instead of the rest being settled
SEED = os.environ.get('BEXT_SEED', 'bext')

# The main processes that listen on port 80, by their programs: a worker's parent has the same program as it.
LISTENERS = r'''
import os, re
inodes = set()
for name in ('/proc/net/tcp', '/proc/net/tcp6'):
    for line in open(name).readlines()[1:]:
        fields = line.split()
        if fields[1].endswith(':0050') and fields[3] == '0A':
            inodes.add(f'socket:[{fields[9]}]')
found = set()
for pid in filter(str.isdigit, os.listdir('/proc')):
    try:
        program = os.readlink(f'/proc/{pid}/exe').replace(' (deleted)', '')
        if program.endswith(('/nginx', '/nginx.real', '/bext-server')) and inodes & {os.readlink(f'/proc/{pid}/fd/{fd}') for fd in os.listdir(f'/proc/{pid}/fd')}:
            parent = open(f'/proc/{pid}/stat').read().rsplit(')', 1)[1].split()[1]
            try:
                same = os.readlink(f'/proc/{parent}/exe').replace(' (deleted)', '') == program
            except OSError:
                same = False
            if not same:
                found.add((program, pid))
    except OSError:
        pass
print(' '.join(sorted(program for program, _ in found)))
'''


def _servers(machine):
    return machine.run(['python3', '-c', LISTENERS]).out.split()


def _answers(machine, when):
    assert machine.run('curl -sS -o /dev/null -w "%{http_code}" --max-time 5 http://127.0.0.1/', check=False).out == '200', when


def _one_serves(machine, when):
    """One server has the port; the one before it may still be finishing what it began."""
    machine.wait_until(f"[ $(python3 - <<'END' | wc -w\n{LISTENERS}\nEND\n) = 1 ]", timeout=45)
    _answers(machine, when)


def _plain(machine, when, before):
    after = _state(machine)
    assert after == before, f'{when}\n{before}\n{after}'
    servers = _servers(machine)
    assert servers == ['/usr/sbin/nginx'], (when, servers)


def _state(machine):
    return machine.run('systemctl is-active nginx; systemctl is-enabled nginx; dpkg-divert --list | grep nginx;'
                       ' ls /usr/sbin/nginx* /etc/systemd/system/*.service.d /run/systemd/system/*.service.d /var/lib/bext/active /etc/systemd/system/*.wants/bext* 2>/dev/null', check=False).out


def _killed(machine, command, chance):
    """Runs the command and kills it after a random time; every other time with its children."""
    after = chance.uniform(0, machine.shortest)
    alone = '--foreground' if chance.random() < 0.5 else ''
    began = time.monotonic()
    done = machine.run(f'timeout {alone} --signal=KILL {after:.3f} {command}', timeout=120, check=False)
    if done.status == 0:  # it was done before
        machine.shortest = min(machine.shortest, time.monotonic() - began)
    return after, done


def _learn(machine, command):
    """How long the command takes by itself; the host may be busy, so the shortest time counts."""
    began = time.monotonic()
    machine.run(command, timeout=120)
    machine.shortest = time.monotonic() - began


def _settled(machine, when):
    machine.run('bext recover', timeout=120)
    assert 'there is nothing to recover' in machine.run('bext recover', timeout=60).err, when


def _phase(machine):
    return json.loads(machine.run('bext takeover status --json').out)['phase']


def _removed(machine, when, before):
    """The package goes, and nginx serves as if it had never been there; then it is there again."""
    machine.run(f'{APT} remove bext', timeout=120)
    assert _state(machine) == before, (when, before, _state(machine))
    _one_serves(machine, when)
    assert _servers(machine) == ['/usr/sbin/nginx'], when
    install(machine, 'one')


def _rounds(machine, number, command, prepare, settle):
    """Kills `command` again and again, each time from where `prepare` leads."""
    put_versions(machine)
    install(machine, 'one')
    before = _state(machine)
    prepare(machine)
    _learn(machine, command)
    settle(machine, 'once')
    chance = random.Random(f'{SEED} {command}')
    for turn in range(number):
        prepare(machine)
        after, done = _killed(machine, command, chance)
        when = f'{command}, kill {turn} after {after:.3f} s: {done}'
        _answers(machine, when)
        if turn % REMOVED == REMOVED - 1:
            _removed(machine, when, before)
            continue
        settle(machine, when)
        _one_serves(machine, when)
        _plain(machine, when, before)


def _to_plain(machine, when):
    """What a takeover or rollback left is settled, and nginx serves."""
    _settled(machine, when)
    _one_serves(machine, when)
    if _phase(machine) == 'Active':
        machine.run(BACK, timeout=120)


def _takeovers(machine, number):
    _rounds(machine, number, GO, lambda machine: None, _to_plain)


def _rollbacks(machine, number):
    def settle(machine, when):
        _settled(machine, when)
        _one_serves(machine, when)
        if _phase(machine) in ('Active', 'Failed'):
            machine.run(BACK, timeout=120)
    _rounds(machine, number, BACK, lambda machine: machine.run(GO, timeout=60), settle)


def _uninstalled(machine, when):
    machine.run(UNINSTALL, timeout=120)


def _installs(machine, number):
    _rounds(machine, number, INSTALL, lambda machine: None, _uninstalled)


def _uninstalls(machine, number):
    _rounds(machine, number, UNINSTALL, lambda machine: machine.run(INSTALL, timeout=60), _uninstalled)


def _cut_off_rollback(machine):
    """What a rollback leaves that is killed while systemd starts nginx on bext's sockets."""
    machine.run(GO, timeout=60)
    machine.run(f'BEXT_FAILPOINT=back-start:kill {BACK}', check=False)
    machine.put('[Unit]\nConditionPathExists=\n\n[Service]\nType=forking\nPIDFile=/run/nginx.pid\nExecStartPre=\nExecStart=\n'
                'ExecStart=/usr/bin/bext serve-on /run/bext/rollback.sock /run/nginx.pid /usr/sbin/nginx -g "daemon on; master_process on;"\n',
                '/run/systemd/system/nginx.service.d/zzz-bext-rollback.conf')
    machine.run('systemctl daemon-reload; systemctl start nginx', check=False)


@bare
def a_rollback_that_was_cut_off_is_finished_by_whatever_comes_next(machine):
    put_versions(machine)
    install(machine, 'one')
    before = _state(machine)
    for command in ('bext recover', BACK + '; true', GO + f' && {BACK}', f'{INSTALL} && {UNINSTALL}', f'{APT} remove bext'):
        _cut_off_rollback(machine)
        _answers(machine, command)
        machine.run(command, timeout=120)
        _one_serves(machine, command)
        _plain(machine, command, before)


@bare
def a_package_whose_programs_fail_leaves_nginx_serving(machine):
    put_versions(machine)
    before = _state(machine)
    for left in (lambda: machine.run(GO, timeout=60), lambda: _cut_off_rollback(machine)):
        install(machine, 'one')
        left()
        machine.put('#!/bin/sh\nexit 1\n', '/usr/bin/bext', 0o755)
        machine.run(f'{APT} remove bext', timeout=120)
        _one_serves(machine, left)
        _plain(machine, 'removed', before)


@bare
def a_takeover_is_killed(machine):
    _takeovers(machine, FEW)


@bare
def a_rollback_is_killed(machine):
    _rollbacks(machine, FEW)


@bare
def an_install_of_masquerade_is_killed(machine):
    _installs(machine, FEW)


@bare
def an_uninstall_of_masquerade_is_killed(machine):
    _uninstalls(machine, FEW)


@thorough
@bare
def a_takeover_is_killed_200_times(machine):
    _takeovers(machine, MANY)


@thorough
@bare
def a_rollback_is_killed_200_times(machine):
    _rollbacks(machine, MANY)


@thorough
@bare
def an_install_of_masquerade_is_killed_200_times(machine):
    _installs(machine, MANY)


@thorough
@bare
def an_uninstall_of_masquerade_is_killed_200_times(machine):
    _uninstalls(machine, MANY)
