#!/usr/bin/env python3
"""Checks the units as systemd reads them, without a machine: units.py BUILD. Nothing may be unknown, missing or lax."""
import pathlib
import subprocess
import sys
import tempfile

EXPOSURE = 30  # of 100; nginx's own unit has 96


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={'PATH': '/usr/bin:/bin', 'LC_ALL': 'C'})
    return done.returncode, done.stdout


def of_the_build(build, directory):
    """The units, with the binary of the build in place of the installed one."""
    source = pathlib.Path(__file__).resolve().parents[2] / 'systemd'
    units = []
    for path in sorted(source.glob('*.service*')):
        unit = pathlib.Path(directory) / path.name.removesuffix('.in')
        unit.write_text(path.read_text().replace('@BEXT_SBINDIR@', str(build)).replace('@BEXT_BINDIR@', str(build)))
        units.append(str(unit))
    return units


def main():
    wrong = []
    with tempfile.TemporaryDirectory() as directory:
        units = of_the_build(pathlib.Path(sys.argv[1]).resolve(), directory)
        status, said = run('systemd-analyze', 'verify', '--man=no', *units)
        if status or directory in said:
            wrong.append(f'systemd-analyze verify: status {status}\n{said}')
        service = next(unit for unit in units if unit.endswith('/bext.service'))
        status, said = run('systemd-analyze', 'security', '--offline=true', f'--threshold={EXPOSURE}', service)
        if status:
            wrong.append(f'systemd-analyze security: more than {EXPOSURE}\n{said}')
    print('\n'.join(wrong) or f'{len(units)} units are right')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
