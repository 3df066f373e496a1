"""The commands that change who serves are killed INSIDE their steps, at random moments: one server serves, the next command settles
the rest, and the package can be removed."""
import json
import os
import random
import time

from machine import Failed, bare, thorough, wait_for
from packages import APT, install, put_versions

GO = 'bext nginx-takeover --auto-takeover --probation 0 --rehearsal 0'
BACK = 'bext rollback --yes'
INSTALL, UNINSTALL = 'bext nginx masquerade install', 'bext nginx masquerade uninstall'
FEW, MANY = 20, 200
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
    try:
        wait_for(lambda: len(_servers(machine)) == 1, 45, 'one server')
    except Failed:
        shown = machine.run('ps -eo pid,ppid,lstart,args; ss -ltnp; systemctl status nginx bext; bext nginx masquerade status; ls -R /run/systemd/system', check=False)
        raise AssertionError(f'{when}\n{_servers(machine)}\n{shown}') from None
    _answers(machine, when)


def _plain(machine, when, before):
    after = _state(machine)
    assert after == before, f'{when}\n{before}\n{after}'
    servers = _servers(machine)
    assert servers == ['/usr/sbin/nginx'], (when, servers)


def _state(machine):
    return machine.run('systemctl is-active nginx; systemctl is-enabled nginx; dpkg-divert --list | grep nginx;'
                       ' ls /usr/sbin/nginx* /etc/systemd/system/*.service.d /run/systemd/system/*.service.d /var/lib/bext/active /etc/systemd/system/*.wants/bext* 2>/dev/null', check=False).out


class Killer:
    """Kills commands after random times, every other time with their children. How long a command takes by itself is learned; the host may be
    busy, so the shortest time counts."""

    def __init__(self, machine, name):
        self.machine, self.chance, self.shortest = machine, random.Random(f'{SEED} {name}'), {}

    def learn(self, command):
        began = time.monotonic()
        self.machine.run(command, timeout=120)
        self.shortest[command] = min(time.monotonic() - began, self.shortest.get(command, 60))

    def kill(self, command, turn):
        """What was done, for a failure to tell; clients are answered all the same."""
        after = self.chance.uniform(0, self.shortest[command])
        alone = '--foreground' if self.chance.random() < 0.5 else ''
        began = time.monotonic()
        done = self.machine.run(f'timeout {alone} --signal=KILL {after:.3f} {command}', timeout=120, check=False)
        if done.status == 0:  # it was done before
            self.shortest[command] = min(self.shortest[command], time.monotonic() - began)
        when = f'turn {turn}: {command}, killed after {after:.3f} s: {done}'
        _answers(self.machine, when)
        return when


def _phase(machine):
    return json.loads(machine.run('bext takeover status --json').out)['phase']


def _removed(machine, when, before):
    """The package goes, and nginx serves as if it had never been there; then it is there again."""
    machine.run(f'{APT} remove bext', timeout=120)
    _one_serves(machine, when)
    _plain(machine, when, before)
    install(machine, 'one')


def _rounds(machine, number, there, back, settle):
    """Kills the way there and the way back again and again. `settle` finishes or undoes what is left; now and then the package goes instead."""
    put_versions(machine)
    install(machine, 'one')
    before = _state(machine)
    killer = Killer(machine, there)
    killer.learn(there)
    killer.learn(back)
    for turn in range(number):
        when = killer.kill(there, turn)
        if turn % 10 == 4:
            _removed(machine, when, before)
        else:
            settle(machine, when)
            _one_serves(machine, when)
        killer.learn(there)
        when = killer.kill(back, turn)
        if turn % 10 == 9:
            _removed(machine, when, before)
            continue
        settle(machine, when)
        _one_serves(machine, when)
        machine.run(f'{back}; true', timeout=120)  # what was killed early has changed nothing
        _plain(machine, when, before)


def _recovered(machine, when):
    machine.run('bext recover', timeout=120)
    assert 'there is nothing to recover' in machine.run('bext recover', timeout=60).err, when
    assert _phase(machine) in ('Preflight', 'Active', 'Failed', 'RolledBack'), when


def _gone_on(machine, when):
    """What was cut off between its beginning and its end has a timer; every other time the next command is there before that."""
    left = '"interrupted":true' in machine.run('bext nginx masquerade status --json', check=False).out
    watched = machine.run('systemctl is-active bext-masquerade-deadman.timer', check=False).status == 0
    assert watched or not left, when
    if left and 'turn 1' in when:
        machine.run('bext recover', timeout=120)
    elif watched:
        machine.run('systemctl start bext-masquerade-deadman.service', timeout=120)  # what the timer starts
        machine.wait_until('! systemctl is-active bext-masquerade-deadman.timer bext-masquerade-deadman.service')
    assert machine.run('bext nginx masquerade status', check=False).status in (0, 3), when


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
def an_installation_that_had_done_nothing_goes_with_the_package(machine):
    """Killed before its first step was done: what a takeover has left to settle must not have it finished."""
    put_versions(machine)
    install(machine, 'one')
    before = _state(machine)
    machine.run(f'{GO}; {BACK}', timeout=120)
    machine.run(f'BEXT_FAILPOINT=diversion:kill {INSTALL}', check=False)
    assert machine.run('bext nginx masquerade status', check=False).status == 3
    assert machine.run('systemctl is-active bext-masquerade-deadman.timer', check=False).status == 0
    _removed(machine, 'killed before the diversion', before)
    assert machine.run('systemctl is-active bext-masquerade-deadman.timer', check=False).status != 0


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
def takeovers_and_rollbacks_are_killed(machine):
    _rounds(machine, FEW, GO, BACK, _recovered)


@bare
def masquerade_is_killed_there_and_back(machine):
    _rounds(machine, FEW, INSTALL, UNINSTALL, _gone_on)


@thorough
@bare
def takeovers_and_rollbacks_are_killed_200_times_each(machine):
    _rounds(machine, MANY, GO, BACK, _recovered)


@thorough
@bare
def masquerade_is_killed_200_times_each_way(machine):
    _rounds(machine, MANY, INSTALL, UNINSTALL, _gone_on)
