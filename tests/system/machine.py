"""Machine: a throw-away Debian under its own systemd, with a disk, processes and a loopback network of its own.

    with Machine(image) as machine:
        machine.run('systemctl start nginx')        # raises unless it succeeds; .out, .err, .status
        machine.put('text or Path', '/etc/file')    # and get(path)
        machine.power_cut()                         # every process is gone at once; the disk stays; it boots again

A machine is gone at the end of the block, and whenever the process that made it ends, however that is.
"""
import itertools
import os
import pathlib
import shlex
import signal
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ENVIRONMENT = {'PATH': '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOME': '/root', 'LANG': 'C.UTF-8', 'TERM': 'dumb'}
# Beyond what systemd-nspawn permits by itself: a server takes sockets out of a running one, and tests look into processes.
SYSTEM_CALLS = 'pidfd_open pidfd_getfd pidfd_send_signal ptrace process_vm_readv kcmp'
numbers = itertools.count(1)


def forgetful(test):
    """Marks a test whose machine loses at a power cut what was written but not synced (ext4 on a loop device)."""
    test.disk = 'ext4'
    return test


def bare(test):
    """Marks a test whose machine has no bext yet."""
    test.bare = True
    return test


def thorough(test):
    """Marks a test that takes minutes and whose kind another one covers: it runs when it is named, or with --thorough."""
    test.thorough = True
    return test


class Skip(Exception):
    """What a test needs is not to be had on this host; the reason."""


class Failed(AssertionError):
    """A command in the machine did not do what was expected of it."""


class Done:
    """What a command left: status, out and err."""

    def __init__(self, command, status, out, err):
        self.command, self.status, self.out, self.err = command, status, out, err

    def __str__(self):
        return f'{self.command}\nstatus {self.status}\n{self.out}{self.err}'


def impossible():
    """Why no machine can run on this host, '' when it can."""
    if os.geteuid() != 0:
        return 'system tests need root'
    trial = 'mount --make-rprivate / && mount -t tmpfs none /mnt && umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup' \
            ' && mkdir /sys/fs/cgroup/$0 && rmdir /sys/fs/cgroup/$0 && unshare --net true'
    tried = subprocess.run(['unshare', '--mount', '--pid', '--fork', '--mount-proc', 'sh', '-c', trial, f'bext-trial-{os.getpid()}'],
                           capture_output=True, text=True)
    return f'no machine can be booted inside this one: {tried.stderr.strip()}' if tried.returncode else ''


def process_status(pid):
    """The fields of /proc/PID/status, {} when there is no such process."""
    try:
        text = pathlib.Path(f'/proc/{pid}/status').read_text()
    except (FileNotFoundError, ProcessLookupError):
        return {}
    return dict(line.split(':\t', 1) for line in text.splitlines() if ':\t' in line)


def wait_for(condition, timeout, what):
    """The first true value of condition(), asked again and again."""
    end = time.monotonic() + timeout
    while not (value := condition()):
        if time.monotonic() > end:
            raise Failed(f'{what}: not within {timeout} s')
        time.sleep(0.05)
    return value


class Machine:
    def __init__(self, image, disk='tmpfs'):
        self.image, self.disk, self.name = image, disk, f'bext{next(numbers)}'
        self.group = f'bext-system-{os.getpid()}-{self.name}'
        self.build = None  # where the build and its packages are
        self.thorough = False
        self.console = tempfile.TemporaryFile()
        self.holder = self.nspawn = self.init = None
        command = ['unshare', '--mount', '--pid', '--fork', '--kill-child', 'sh', str(HERE / 'holder.sh'), str(image), self.group, disk]
        self.holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.console, start_new_session=True)
        if self.holder.stdout.readline() != b'held\n':
            self.remove()
            raise Failed('the disk of the machine could not be made:\n' + self.console_text())
        self.held = self._child(self.holder.pid)

    def __enter__(self):
        try:
            self.boot()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(self, *_):
        self.remove()

    def steps(self, every, some):
        """The steps at which a test is to interrupt something: all of `every` when it is thorough; else `some`, one of each kind of outcome."""
        assert set(some) <= set(every), some
        return every if self.thorough else some

    @staticmethod
    def _child(pid):
        children = pathlib.Path(f'/proc/{pid}/task/{pid}/children').read_text().split()
        return int(children[0]) if children else None

    def _find_init(self):
        """The machine's first process as this host numbers it: two process namespaces further in."""
        pid = self.nspawn.pid
        while pid and self.nspawn.poll() is None:
            fields = process_status(pid)
            numbers_of_it = fields.get('NSpid', '').split()
            if len(numbers_of_it) >= 3 and numbers_of_it[-1] == '1' and fields.get('Name') == 'systemd':
                return pid
            try:
                pid = self._child(pid)
            except (FileNotFoundError, ProcessLookupError):
                return None
        return None

    def boot(self, timeout=60):
        """Starts the machine and waits until its systemd has started everything."""
        self.console.truncate(0)
        start = f'echo 0 > /sys/fs/cgroup/{self.group}/cgroup.procs && exec "$@"'
        spawn = ['systemd-nspawn', '--quiet', '--register=no', '--keep-unit', '--boot', '--console=pipe', '--private-network',
                 '--directory=/run/bext-machine/disk', f'--hostname={self.name}', '--rlimit=RLIMIT_NOFILE=1048576', f'--system-call-filter={SYSTEM_CALLS}',
                 '--resolv-conf=off', '--timezone=off', '--link-journal=no']
        enter = ['nsenter', f'--target={self.held}', '--mount', '--pid', 'sh', '-c', start, 'sh']
        self.nspawn = subprocess.Popen(enter + spawn, stdin=subprocess.DEVNULL, stdout=self.console, stderr=self.console,
                                       start_new_session=True, env=dict(ENVIRONMENT, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY='1'))

        def booted():
            if self.nspawn.poll() is not None:
                raise Failed(f'the machine did not boot:\n{self.console_text()}')
            self.init = self._find_init()
            return self.init and self.run('systemctl is-system-running', check=False).out.strip() in ('running', 'degraded')
        try:
            wait_for(booted, timeout, 'boot')
        except Failed as failure:
            raise Failed(f'{failure}\n{self.console_text()}') from None

    def _ended(self, timeout):
        try:
            self.nspawn.wait(timeout)
        except subprocess.TimeoutExpired:
            raise Failed(f'the machine did not stop within {timeout} s:\n{self.console_text()}') from None
        self.init = None

    def power_off(self, timeout=60):
        """Shuts down in good order; boot() starts it again."""
        self.run('systemctl poweroff', check=False)
        self._ended(timeout)

    def reboot(self):
        """Shuts down in good order and boots."""
        self.run('systemctl reboot', check=False)
        self._ended(60)
        self.boot()

    def power_cut(self):
        """Ends every process at once, without a word to any, and boots with the disk as it was at that moment; in a
        forgetful machine without what had not been synced."""
        os.kill(self.init, signal.SIGKILL)
        self._ended(20)
        if self.disk == 'ext4':
            cut = ['nsenter', f'--target={self.held}', '--mount', '--pid', 'sh', str(HERE / 'power-cut.sh'), str(self.image)]
            done = subprocess.run(cut, capture_output=True, text=True, timeout=60, env=ENVIRONMENT)
            if done.returncode:
                raise Failed(f'the disk could not be cut off: {done.stderr}')
        self.boot()

    def remove(self):
        """Ends the machine and everything of it."""
        if self.holder:
            self.holder.stdin.close()
            try:
                self.holder.wait(20)
            except subprocess.TimeoutExpired:
                self.holder.kill()
                self.holder.wait()
            self.holder = None
        if self.nspawn:
            self.nspawn.wait()
        self.console.close()

    def console_text(self):
        self.console.seek(0)
        return self.console.read().decode(errors='replace')[-4000:]

    def _inside(self, command):
        words = ['bash', '-c', command] if isinstance(command, str) else list(command)
        if not self.init:
            raise Failed('the machine is not running')
        return ['nsenter', f'--target={self.init}', '--mount', '--uts', '--ipc', '--net', '--pid', '--cgroup', '--root', '--wd'] + words

    def start(self, command, **options):
        """Starts a command (a shell line, or a list of words) and returns its Popen; its output is a pipe of text."""
        options = dict(dict(stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors='replace'), **options)
        return subprocess.Popen(self._inside(command), start_new_session=True, env=ENVIRONMENT, **options)

    def finish(self, process, timeout=60, check=True, command='', data=None):
        """Waits for what start() gave; after `timeout` seconds it is killed and that is a failure."""
        try:
            out, err = process.communicate(data, timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            raise Failed(f'not done within {timeout} s: {command}\n{out}{err}') from None
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise
        done = Done(command, process.returncode, out, err)
        if check and done.status != 0:
            raise Failed(str(done))
        return done

    def run(self, command, timeout=30, check=True):
        """Runs a command and returns what it left; a status other than 0 is a failure unless `check` is False."""
        shown = command if isinstance(command, str) else shlex.join(command)
        return self.finish(self.start(command), timeout, check, shown)

    def wait_until(self, command, timeout=20):
        """Runs a command again and again until it succeeds."""
        return wait_for(lambda: (done := self.run(command, check=False)).status == 0 and done, timeout, command)

    def put(self, what, path, mode=0o644):
        """Writes a file in place of what was there: `what` is its text, its bytes, or the Path of a file of the host."""
        data = what.read_bytes() if isinstance(what, pathlib.Path) else what.encode() if isinstance(what, str) else what
        line = f'mkdir -p "$(dirname "$0")" && cat > "$0.new" && chmod {mode:o} "$0.new" && mv "$0.new" "$0"'
        process = self.start(['sh', '-c', line, path], stdin=subprocess.PIPE, text=False, errors=None)
        self.finish(process, 30, True, f'put {path}', data)

    def put_tree(self, directory, path='/'):
        """Unpacks a directory of the host below `path`, owned by root."""
        packed = subprocess.run(['tar', '-C', str(directory), '--owner=0', '--group=0', '-c', '.'], stdout=subprocess.PIPE, check=True).stdout
        process = self.start(['tar', '-C', path, '--no-overwrite-dir', '-x'], stdin=subprocess.PIPE, text=False, errors=None)
        self.finish(process, 60, True, f'put_tree {path}', packed)

    def get(self, path):
        """The bytes of a file."""
        process = self.start(['cat', path], text=False, errors=None)
        return self.finish(process, 30, True, f'get {path}').out

    def journal(self, unit=None, since=0.0):
        """The messages of one unit or of all, those of the machine's earlier boots too, from a time of the host on."""
        words = ['journalctl', '--no-pager', '--output=short-precise', f'--since=@{since:.6f}'] + (['--unit', unit] if unit else [])
        return self.run(words, check=False).out
