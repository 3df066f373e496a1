"""A signal in the middle (an ssh that hangs up, Ctrl-C) kills no command: the first one asks for the way back, and is told so."""
import json
import random

from machine import thorough

GO = 'bext nginx-takeover --auto-takeover --probation 0 --rehearsal 0'
BACK = 'bext rollback --yes'
INSTALL, UNINSTALL = 'bext nginx masquerade install', 'bext nginx masquerade uninstall'
STATE = 'systemctl is-active nginx bext; systemctl is-enabled nginx bext bext-recover; systemctl list-timers --all | grep bext; dpkg-divert --list | grep nginx;' \
        ' ls /usr/sbin/nginx* /etc/systemd/system/*.service.d /run/systemd/system/*.service.d /var/lib/bext/active 2>/dev/null'


def _state(machine):
    return machine.run(STATE, check=False).out


def _phase(machine):
    return json.loads(machine.run('bext takeover status --json').out)['phase']


def _signalled(machine, command, step, signals):
    """Sends signals to the command right before a step, and lets it go on."""
    process = machine.start(f'exec env BEXT_FAILPOINT={step}:pause {command}')
    machine.wait_until('test -e /run/bext/failpoint', timeout=60)
    machine.run(f'for one in {signals}; do kill -$one $(pgrep -x bext); done')
    assert process.poll() is None, machine.finish(process, check=False)
    machine.run('rm /run/bext/failpoint')
    return machine.finish(process, timeout=120, check=False)


def _serves(machine, server):
    assert machine.run('systemctl is-active nginx bext', check=False).out.split() == (['active', 'inactive'] if server == 'nginx' else ['inactive', 'active'])
    assert f'Server: {server}/' in machine.run('curl -sSI http://127.0.0.1/').out
    assert 'there is nothing to recover' in machine.run('bext recover').err


def a_takeover_goes_back_until_it_is_committed(machine):
    before = _state(machine)
    for step, signals in (('give', 'HUP'), ('prove', 'INT'), ('stop', 'TERM'), ('commit', 'HUP INT TERM QUIT')):
        done = _signalled(machine, GO, step, signals)
        assert done.status == 1 and 'interrupted; as soon as' in done.err and 'nginx gets the ports back' in done.err, (step, done)
        assert 'interrupted by a signal' in done.err, (step, done)
        _serves(machine, 'nginx')
        assert _phase(machine) == 'Failed' and _state(machine) == before, (step, _state(machine))
    done = _signalled(machine, GO, 'disable', 'INT')
    assert done.status == 0, done
    _serves(machine, 'bext')
    machine.run(BACK, timeout=60)
    assert _state(machine) == before


def a_rollback_is_called_off_until_the_commit_bit_goes(machine):
    before = _state(machine)
    machine.run(GO, timeout=60)
    for step, signals in (('back-start', 'HUP'), ('back-verify', 'INT'), ('back-verify', 'TERM HUP')):
        done = _signalled(machine, BACK, step, signals)
        assert done.status == 1 and 'interrupted by a signal' in done.err and 'bext serves on' in done.err, (step, done)
        _serves(machine, 'bext')
        assert _phase(machine) == 'Failed', step
    assert 'bext-takeover-deadman' not in _state(machine)
    done = _signalled(machine, BACK, 'back-stop', 'INT')
    assert done.status == 0, done
    _serves(machine, 'nginx')
    assert _state(machine) == before


def a_rollback_that_dies_is_finished_by_its_timer(machine):
    before = _state(machine)
    machine.run(GO, timeout=60)
    machine.run(f'BEXT_FAILPOINT=back-verify:kill {BACK}', check=False)
    assert 'NextElapse' in machine.run('systemctl show -p NextElapseUSecMonotonic bext-takeover-deadman.timer').out
    machine.run('systemctl is-active bext-takeover-deadman.timer')
    machine.run('systemctl start bext-takeover-deadman.service', timeout=60)  # what the timer starts
    machine.wait_until('systemctl is-active bext | grep -qx inactive', timeout=60)
    machine.wait_until('! pgrep -x bext')
    _serves(machine, 'nginx')
    assert _phase(machine) == 'RolledBack' and _state(machine) == before


def _at_random(machine, number):
    """Signals at random moments: the command ends by itself, and nothing is left in the middle."""
    before = _state(machine)
    chance = random.Random('signals')
    for turn in range(number):
        for command, undo in ((INSTALL, UNINSTALL), (UNINSTALL, 'true'), (GO, 'true'), (BACK, 'true')):
            if command == UNINSTALL:
                machine.run(INSTALL, timeout=60)
            name, after = chance.choice(('INT', 'TERM', 'HUP')), chance.uniform(0.05, 1.5)
            done = machine.run(f'timeout --foreground --signal={name} {after:.3f} {command}', timeout=120, check=False)
            when = f'{turn}: {command}, {name} after {after:.3f} s: {done}'
            assert machine.run('curl -sS -o /dev/null -w "%{http_code}" http://127.0.0.1/').out == '200', when
            if command in (GO, BACK):
                # Before anything is changed a signal ends the command at once, as it ends any.
                assert 'there is nothing to recover' in machine.run('bext recover').err, when
            else:
                assert '"interrupted":true' not in machine.run('bext nginx masquerade status --json', check=False).out, when
            machine.run(undo, timeout=60)
            if command == BACK and _phase(machine) in ('Active', 'Failed'):
                machine.run(BACK, timeout=60, check=False)
            if command != GO:
                assert _state(machine) == before, (when, before, _state(machine))


def signals_at_random_moments(machine):
    _at_random(machine, 4)


@thorough
def signals_at_many_random_moments(machine):
    _at_random(machine, 60)
