#!/usr/bin/env python3
"""Runs the system tests: each is a function of a file in cases/, and has a Debian machine of its own.

    run.py --build DIR [--thorough] [CASE[.TEST]…]    cases/CASE.py, or its function TEST alone; all when none is named
    run.py --package FILE [CASE[.TEST]…]              the same with what is in a Debian package, such as that of a build before
    run.py --release NAME --package FILE [CASE[.TEST]…]   in machines of another release of Debian, for which the package was built
    run.py --image                       only makes the disk that the machines start from
    run.py --list                        names the tests

A test takes the machine, with bext installed unless it is marked @bare: `def a_sentence(machine)`. One marked @thorough takes minutes: it
runs when it is named itself, or with --thorough. Those that interrupt something step by step do so at every step then, else at some. Exit
status 77: no machine can run on this host.
"""
import argparse
import importlib.util
import inspect
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE))
import image  # noqa: E402
from machine import Machine, Skip, impossible  # noqa: E402

SKIPPED = 77
TOOLS = {'systemd-nspawn': 'systemd-container', 'mmdebstrap': 'mmdebstrap', 'nsenter': 'util-linux'}


def tests_of(path):
    """The public functions of a case, in their order."""
    spec = importlib.util.spec_from_file_location(f'cases.{path.stem}', path)
    case = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(case)
    return [function for name, function in vars(case).items()
            if inspect.isfunction(function) and function.__module__ == case.__name__ and not name.startswith('_')]


def chosen(names, thorough):
    """(full name, function) of every test that is meant."""
    found = []
    for path in sorted((HERE / 'cases').glob('*.py')):
        for function in tests_of(path):
            full = f'{path.stem}.{function.__name__}'
            by_case = (not names or path.stem in names) and (thorough or not hasattr(function, 'thorough'))
            if by_case or full in names:
                found.append((full, function))
    for name in names:
        if not any(full == name or full.split('.')[0] == name for full, _ in found):
            sys.exit(f'there is no system test {name}; run.py --list names them')
    return found


def stage(build, package, directory):
    """Installs the build, or a package, into a directory, as a package would hold it."""
    if package:
        subprocess.run(['dpkg-deb', '--extract', package, directory], check=True)
        return
    command = ['cmake', '--install', str(build), '--prefix', '/usr', '--strip']
    subprocess.run(command, env={'DESTDIR': directory, 'PATH': '/usr/local/bin:/usr/bin:/bin'}, check=True, stdout=subprocess.DEVNULL)


def run_one(name, function, disk, build, files, thorough):
    """Whether the test did not fail: it passed, or what it needs is not there; a failure is printed with the last messages of the machine."""
    began, since = time.monotonic(), time.time()
    try:
        with Machine(disk, getattr(function, 'disk', 'tmpfs')) as machine:
            try:
                machine.build, machine.thorough = build, thorough
                if not hasattr(function, 'bare'):
                    machine.put_tree(files)
                for tool in ('load.py', 'load_http2.py'):
                    machine.put(HERE / tool, f'/usr/local/bin/{tool}', 0o755)
                machine.run('systemctl daemon-reload')
                since = time.time()
                function(machine)
            except Skip:
                raise
            except Exception:
                if machine.init:
                    print(f'-- the last messages of the machine of {name}\n' + machine.journal(since=since))
                raise
    except Skip as reason:
        print(f'skipped {name}: {reason}', flush=True)
        return True
    except Exception:
        print(f'FAILED {name}\n{traceback.format_exc()}', flush=True)
        return False
    print(f'passed {name} ({time.monotonic() - began:.1f} s)', flush=True)
    return True


def missing_program(function):
    """Why a test marked with `needs = {program: package}` cannot run on this host, '' when it can."""
    missing = sorted({package for program, package in getattr(function, 'needs', {}).items() if not shutil.which(program)})
    return f'{" ".join(missing)} is not installed' if missing else ''


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--build', type=pathlib.Path, default=HERE.parents[1] / 'build' / 'release')
    parser.add_argument('--package', type=pathlib.Path)
    parser.add_argument('--release', choices=image.LIBRARIES, default=image.USUAL)
    parser.add_argument('--image', action='store_true')
    parser.add_argument('--list', action='store_true')
    parser.add_argument('--thorough', action='store_true')
    parser.add_argument('tests', nargs='*')
    args = parser.parse_args()
    tests = chosen(args.tests, args.thorough or args.list)
    if args.list:
        print('\n'.join(name for name, _ in tests))
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    # Under nohup, or behind a script's &, the commands of the tests would ignore these, too.
    for one, default in ((signal.SIGHUP, signal.SIG_DFL), (signal.SIGQUIT, signal.SIG_DFL), (signal.SIGINT, signal.default_int_handler)):
        signal.signal(one, default)
    missing = sorted({package for tool, package in TOOLS.items() if not shutil.which(tool)})
    reason = impossible()
    if reason:
        print(f'skipped: {reason}')
        return SKIPPED
    if missing:
        print(f'missing on this host: {" ".join(missing)}; ./dev system installs what is needed')
        return 1
    skipped = {name: reason for name, function in tests if (reason := missing_program(function))}
    for name, reason in skipped.items():
        print(f'skipped {name}: {reason}')
    tests = [(name, function) for name, function in tests if name not in skipped]
    if skipped and not tests:
        return SKIPPED
    disk = image.ensure(args.release)
    if args.image:
        print(disk)
        return 0
    with tempfile.TemporaryDirectory() as files:
        stage(args.build, args.package, files)
        build = args.package.parent if args.package else args.build
        failed = [name for name, function in tests if not run_one(name, function, disk, build, files, args.thorough or name in args.tests)]
    print(f'{len(tests)} system tests, {len(failed)} failed{": " if failed else ""}{" ".join(failed)}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
