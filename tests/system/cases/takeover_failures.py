"""The takeover process, bext and nginx fail at every step, there and back, under load: what happens is undone or finished, and one server serves."""
import json

from machine import forgetful, thorough
from service import Load

GO = 'bext nginx-takeover --auto-takeover --probation 0 --rehearsal 0'
BACK = 'bext rollback --yes'
BEFORE_COMMIT = ('record', 'arm', 'gates', 'give', 'prove', 'stop', 'ports', 'alone', 'probation', 'commit')
STEPS = BEFORE_COMMIT + ('disable',)
BACK_STEPS = ('back-start', 'back-verify', 'back-bit', 'back-stop', 'back-clean')
PAUSED = 'test -e /run/bext/failpoint'


def _phase(machine):
    return json.loads(machine.run('bext takeover status --json').out)['phase']


def _state(machine):
    """What decides who serves, now and at boot."""
    return machine.run('systemctl is-active nginx bext; systemctl is-enabled nginx bext bext-recover; ls /etc/rc?.d | grep nginx;'
                       ' ls /etc/systemd/system/*.service.d /run/systemd/system/*.service.d /var/lib/bext/active 2>/dev/null', check=False).out


def _serves(machine, server, when):
    active = machine.run('systemctl is-active nginx bext', check=False).out.split()
    assert active == (['active', 'inactive'] if server == 'nginx' else ['inactive', 'active']), (when, active)
    assert f'Server: {server}/' in machine.run('curl -sSI http://127.0.0.1/').out, when


def _is_nginx_as(machine, before, when):
    _serves(machine, 'nginx', when)
    after = _state(machine)
    assert after == before, f'{when}\n{before}\n{after}'


def _light(machine):
    return Load(machine, kept=2, fresh=2, pause=20)


def _nobody_was_refused(load, when):
    assert load.counts['refused'] == 0 and load.counts['errors'] == 0, f'{when}: {load.line}'


def _settled(machine, step, before):
    """What a takeover that ended at `step` has left is settled by the next command; a second one finds nothing."""
    machine.run('bext recover', timeout=60)
    assert 'there is nothing to recover' in machine.run('bext recover', timeout=60).err, step
    if step == 'disable':
        _serves(machine, 'bext', step)
        assert _phase(machine) == 'Active', step
        machine.run(BACK, timeout=60)
    _is_nginx_as(machine, before, step)


def _ended_forward(machine, kind):
    before = _state(machine)
    for step in STEPS:
        with _light(machine) as load:
            machine.run(f'BEXT_FAILPOINT={step}:{kind} {GO}', timeout=60, check=False)
            _settled(machine, step, before)
        _nobody_was_refused(load, f'{step}:{kind}')


@thorough
def a_takeover_that_exits_is_settled(machine):
    _ended_forward(machine, 'exit')


def a_takeover_that_is_killed_is_settled(machine):
    _ended_forward(machine, 'kill')


@thorough
def a_takeover_that_hangs_is_ended(machine):
    """By what the timer runs; that the timer runs it is another test's."""
    before = _state(machine)
    for step in STEPS:
        with _light(machine) as load:
            hung = machine.start(f'exec env BEXT_FAILPOINT={step}:hang {GO}')
            machine.wait_until(f'grep -q "step.{step}" /var/lib/bext/takeover/journal')
            machine.run('bext rollback --if-uncommitted', timeout=60)
            machine.finish(hung, check=False)
            _settled(machine, step, before)
        _nobody_was_refused(load, f'{step}:hang')


@thorough
def a_full_disk_at_any_step_is_undone(machine):
    before = _state(machine)
    for step in STEPS:
        with _light(machine) as load:
            done = machine.run(f'BEXT_FAILPOINT={step}:enospc {GO}', timeout=60, check=False)
            assert done.status == 1 and 'No space left on device' in done.err, (step, done)
            _serves(machine, 'bext' if step == 'disable' else 'nginx', step)
            _settled(machine, step, before)
        _nobody_was_refused(load, f'{step}:enospc')


def _ended_back(machine, kind):
    before = _state(machine)
    for step in BACK_STEPS:
        machine.run(GO, timeout=60)
        with _light(machine) as load:
            ended = machine.start(f'exec env BEXT_FAILPOINT={step}:{kind} {BACK}')
            if kind == 'hang':  # the step back-stop is inside another, and not in the journal
                machine.wait_until('test ! -e /var/lib/bext/active' if step == 'back-stop' else f'grep -q "step.{step}" /var/lib/bext/takeover/journal')
                machine.run('bext rollback --if-uncommitted', timeout=60)
            machine.finish(ended, check=False)
            machine.run('bext recover', timeout=60)
            if _phase(machine) == 'Failed':
                machine.run(BACK, timeout=60)
            assert _phase(machine) == 'RolledBack', step
            _is_nginx_as(machine, before, f'{step}:{kind}')
        _nobody_was_refused(load, f'{step}:{kind}')


@thorough
def a_rollback_that_exits_is_finished(machine):
    _ended_back(machine, 'exit')


@thorough
def a_rollback_that_hangs_is_ended_and_finished(machine):
    _ended_back(machine, 'hang')


@thorough
def a_rollback_on_a_full_disk_can_be_repeated(machine):
    _ended_back(machine, 'enospc')


def _paused(machine, step, command=GO):
    process = machine.start(f'exec env BEXT_FAILPOINT={step}:pause {command}')
    machine.wait_until(PAUSED, timeout=60)
    return process


def _go_on(machine, process):
    machine.run('rm /run/bext/failpoint')
    return machine.finish(process, timeout=120, check=False)


def _each_step_with(machine, harm, steps, undo='true', sockets_live=True, some=()):
    """`harm` is done right before each step; either it is undone or bext serves, and then the rollback works. Nobody is refused
    unless the harm itself closes the sockets."""
    before = _state(machine)
    for step in machine.steps(steps, some or steps):
        with _light(machine) as load:
            process = _paused(machine, step)
            machine.run(harm)
            done = _go_on(machine, process)
            machine.run(undo, check=False)
            phase = _phase(machine)
            assert phase in ('Active', 'Failed') and (phase == 'Active') == (done.status == 0), (step, done)
            machine.wait_until('systemctl is-active nginx bext | grep -qx active')
            if phase == 'Active':
                machine.wait_until('curl -sSI http://127.0.0.1/ | grep -q "Server: bext/"')
                machine.run(BACK, timeout=120)
            _is_nginx_as(machine, before, f'{step}: {harm}')
        assert load.counts['refused'] == 0 or not sockets_live, f'{step}: {harm}: {load.line}'


def a_bext_that_is_killed_at_any_step(machine):
    _each_step_with(machine, 'systemctl kill --kill-who=all -s KILL bext', ('prove', 'stop', 'ports', 'alone', 'probation', 'commit', 'disable'),
                    some=('prove', 'ports', 'commit', 'disable'))


@thorough
def a_bext_that_hangs_at_any_step(machine):
    _each_step_with(machine, 'systemctl kill --kill-who=all -s STOP bext', ('prove', 'stop', 'ports', 'alone', 'probation', 'commit', 'disable'))


@thorough
def a_bext_that_exits_or_hangs_at_its_start(machine):
    machine.run('mv /usr/sbin/bext-server /usr/sbin/bext-server.away; cp /usr/sbin/bext-server.away /usr/sbin/bext-server')
    restore = 'cp /usr/sbin/bext-server.away /usr/sbin/bext-server.new; mv /usr/sbin/bext-server.new /usr/sbin/bext-server'
    for script in ('exit 1', 'exec sleep 1000'):
        _each_step_with(machine, f"printf '#!/bin/sh\\n{script}\\n' > /usr/sbin/bext-server.new; chmod +x /usr/sbin/bext-server.new;"
                        ' mv /usr/sbin/bext-server.new /usr/sbin/bext-server', ('give',), restore)


@thorough
def an_nginx_that_is_killed_at_any_step(machine):
    harm = 'systemctl kill --kill-who=main -s KILL nginx; while systemctl is-active -q nginx; do :; done'
    _each_step_with(machine, harm, ('prove', 'stop'))
    _each_step_with(machine, harm, ('give',), sockets_live=False)


@thorough
def an_nginx_that_hangs_at_any_step(machine):
    _each_step_with(machine, 'systemctl kill --kill-who=main -s STOP nginx', ('give', 'prove', 'stop'))


def an_nginx_that_does_not_start_on_the_way_back_leaves_bext(machine):
    before = _state(machine)
    machine.run(GO, timeout=60)
    machine.run('mv /usr/sbin/nginx /usr/sbin/nginx.away')
    for script in ('exit 1', 'exec sleep 1000'):
        machine.put('#!/bin/sh\ncase "$*" in *-t*) exit 0;; -v) exit 0;; esac\n' + script + '\n', '/usr/sbin/nginx', 0o755)
        with _light(machine) as load:
            done = machine.run(BACK, timeout=120, check=False)
            assert done.status == 1 and 'nginx does not start on bext\'s sockets' in done.err, done
            _serves(machine, 'bext', script)
            assert _phase(machine) == 'Failed'
        load.nothing_was_lost()
    machine.run('mv /usr/sbin/nginx.away /usr/sbin/nginx')
    machine.run(BACK, timeout=60)
    _is_nginx_as(machine, before, 'afterwards')


@thorough
def a_disk_that_is_filled_at_any_step(machine):
    machine.run('mkdir -p /var/lib/bext; mount -t tmpfs -o size=64m none /var/lib/bext; mkdir /var/lib/bext/takeover')
    _each_step_with(machine, 'dd if=/dev/zero of=/var/lib/bext/fill bs=1M 2>/dev/null; dd if=/dev/zero of=/var/lib/bext/fill2 bs=4k 2>/dev/null; true', ('gates', 'give', 'stop', 'commit', 'disable'), 'rm -f /var/lib/bext/fill*')


@thorough
def a_full_run_at_any_step(machine):
    """What a takeover and systemd itself keep in /run is missing; systemd cannot write a unit there either."""
    machine.run('mkdir -p /run/bext; mount -o remount,size=256m /run')
    _each_step_with(machine, 'dd if=/dev/zero of=/run/fill bs=1M 2>/dev/null; dd if=/dev/zero of=/run/fill2 bs=1k 2>/dev/null; true',
                    ('gates', 'give', 'prove', 'stop', 'commit', 'disable'), 'rm -f /run/fill*; bext recover')


@forgetful
def after_a_power_cut_at_any_step_one_server_starts(machine):
    before = _state(machine)
    machine.run('sync')
    for step in machine.steps(STEPS + ('none',), ('record', 'give', 'stop', 'commit', 'disable', 'none')):
        machine.run(f'BEXT_FAILPOINT={step}:kill {GO}', timeout=60, check=False)
        machine.power_cut()
        _serves(machine, 'bext' if step in ('disable', 'none') else 'nginx', step)
        for _ in range(2):
            machine.run('bext recover')
        assert _phase(machine) == ('Active' if step in ('disable', 'none') else 'Failed'), step
        if step in ('disable', 'none'):
            machine.run(BACK, timeout=60)
        _is_nginx_as(machine, before, step)
    for step in machine.steps(BACK_STEPS, ('back-verify', 'back-stop')):
        machine.run(GO, timeout=60)
        machine.run(f'BEXT_FAILPOINT={step}:kill {BACK}', timeout=60, check=False)
        machine.power_cut()
        committed = step in ('back-start', 'back-verify', 'back-bit')
        _serves(machine, 'bext' if committed else 'nginx', step)
        for _ in range(2):
            machine.run('bext recover')
        if committed:
            machine.run(BACK, timeout=60)
        _is_nginx_as(machine, before, step)
