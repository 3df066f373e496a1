#!/usr/bin/env python3
"""Records what nginx answers, and checks that another binary answers the same bytes. README.md beside this file.

    golden.py record [FILE...] [--nginx BINARY] [--mainline BINARY] [--only NAME]
    golden.py check --binary BINARY [FILE...] [--oldest] [--compatible VERSION] [-j N] [--only NAME]
"""
import argparse
import concurrent.futures
import difflib
import pathlib
import re
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE))
from harness import format as golden_format  # noqa: E402
from harness.run import How, Seen, run_group  # noqa: E402
from harness.server import abandon  # noqa: E402


def _expecting_parts(group):
    return group.all('case', 'test')


def _steps(part):
    found = golden_format.steps(part.lines)
    return found or [golden_format.Step([])]


def _version(binary):
    said = subprocess.run([binary, '-v'], capture_output=True, text=True).stderr
    return re.search(r'nginx/([\d.]+)', said)[1]


def _merge(part, first, second, version):
    """Puts what two versions showed into a part: once where they agree."""
    found = _steps(part)
    for number, step in enumerate(found):
        since = next((mark for mark, _ in step.expected if mark), version)
        step.expected = [(None, first[number])] if number < len(first) else []
        if second is not None and number < len(second) and second[number] != first[number]:
            step.expected.append((since, second[number]))
    lines = []
    for number, step in enumerate(found):
        lines += ([''] if number else []) + step.asks
        for since, expected in step.expected:
            lines += ([f'[differs since {since}]'] if since else []) + expected
    return lines + ['']


def _record_group(group, args):
    how = How(args.timeout, recording=True)
    if '[since ' in group.name:
        return group, run_group(group, args.mainline, how) if args.mainline else Seen(), None
    first = run_group(group, args.nginx, how)
    second = run_group(group, args.mainline, how) if args.mainline else None
    return group, first, second


def record(args, files):
    """Rewrites the expectations of files from Debian's nginx and, where it differs, a newer one."""
    version = _version(args.mainline) if args.mainline else None
    troubled = False
    for path in files:
        golden = golden_format.parse(path)
        wanted = [group for group in golden.groups if not args.only or args.only in group.name]
        with concurrent.futures.ThreadPoolExecutor(args.j) as pool:
            for group, first, second in pool.map(lambda one: _record_group(one, args), wanted):
                for trouble in first.troubles + (second.troubles if second else []):
                    troubled = True
                    print(f'{path}:{group.where}: {group.name}: {trouble}', file=sys.stderr)
                for part in _expecting_parts(group):
                    if id(part) in first.parts:
                        newer = second.parts.get(id(part)) if second else None
                        part.lines = _merge(part, first.parts[id(part)], newer, version)
        golden_format.write(golden)
    return 1 if troubled else 0


def _compare(path, group, seen, oldest):
    """Readable differences of one group."""
    out = [f'{path}:{group.where}: {group.name}: {trouble}' for trouble in seen.troubles]
    passed = 0
    for part in _expecting_parts(group):
        got = seen.parts.get(id(part))
        if got is None:
            if not seen.troubles:
                out.append(f'{path}:{part.where}: {part.words}: was not run')
            continue
        bad = []
        for number, step in enumerate(_steps(part)):
            want = golden_format.expected(step, oldest)
            have = got[number] if number < len(got) else []
            if [line.rstrip() for line in want] != [line.rstrip() for line in have]:
                bad += difflib.unified_diff(want, have, 'nginx', 'this', n=20, lineterm='')
        if bad:
            out.append('\n'.join([f'{path}:{part.where}: {group.name}: {part.words or part.kind}', *bad]))
        passed += not bad
    return out, passed


ABSENT = re.compile(r'(?:directive|parameter|variables in) "(\w+)".* not supported by this version of bext')


def _absent():
    """Directives that the binary is known not to have yet (absent.txt): groups that need one are skipped."""
    lines = (HERE / 'absent.txt').read_text().splitlines()
    return {line.split()[0] for line in lines if line and not line.startswith('#')}


def _needs(differences, absent):
    """The absent directive that a group could not do without, if that is why it differs."""
    for text in differences:
        for name in ABSENT.findall(text):
            if name in absent:
                return name
    return None


def _kept_newest():
    """Cases in which bext does what the newest nginx does whatever it is compatible with (kept_newest.txt): (file, group, case)."""
    lines = (HERE / 'kept_newest.txt').read_text().splitlines()
    return {tuple(word.strip() for word in line.split(' | ')[:3]) for line in lines if line and not line.startswith('#')}


def _as_expected(path, group, kept):
    """Takes what an older nginx did out of the steps of a case that bext keeps as the newest has it."""
    for part in _expecting_parts(group):
        name = (pathlib.Path(path).name, group.name, part.words or part.kind)
        if name in kept:
            part.lines = _newest_alone(part)


def _newest_alone(part):
    lines = []
    for number, step in enumerate(_steps(part)):
        lines += ([''] if number else []) + step.asks + golden_format.expected(step, False)
    return lines


def check(args, files):
    """Runs files against a binary. One diff for each case that differs."""
    absent, skipped = _absent(), {}
    started = time.monotonic()
    kept = _kept_newest() if args.compatible != 'newest' else set()
    work = []
    for path in files:
        golden = golden_format.parse(path)
        work += [(path, group) for group in golden.groups if (not args.only or args.only in group.name)
                 and not (args.oldest and '[since ' in group.name)]

    def one(item):
        path, group = item
        begun = time.monotonic()
        _as_expected(path, group, kept)
        seen = run_group(group, args.binary, How(args.timeout, oldest=args.oldest, compatible=args.compatible))
        return path, group, *_compare(path, group, seen, args.oldest), time.monotonic() - begun
    passed = failed = 0
    slow = []
    with concurrent.futures.ThreadPoolExecutor(args.j) as pool:
        for path, group, differences, good, took in pool.map(one, work):
            total = len(_expecting_parts(group))
            slow.append((took, f'{path}: {group.name}'))
            if name := _needs(differences, absent):
                skipped[name] = skipped.get(name, 0) + total
                continue
            passed, failed = passed + good, failed + total - good + (bool(differences) and good == total)
            for text in differences:
                print(text + '\n')
    if args.slow:
        for took, name in sorted(slow, reverse=True)[:args.slow]:
            print(f'{took:.2f} s  {name}')
    print(f'{len(files)} files, {len(work)} groups, {time.monotonic() - started:.1f} s')
    if skipped:
        print('skipped for what bext does not have yet: ' + ', '.join(f'{name} {count}' for name, count in sorted(skipped.items())))
    print(f'{passed} passed, {failed} failed' + (f', {sum(skipped.values())} skipped' if skipped else ''))
    return 1 if failed else 0


def main():
    signal.signal(signal.SIGTERM, abandon)
    signal.signal(signal.SIGINT, abandon)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest='command', required=True)
    for name in ('record', 'check'):
        command = commands.add_parser(name)
        command.add_argument('files', nargs='*', type=pathlib.Path)
        command.add_argument('-j', type=int, default=2, help='groups at a time')
        command.add_argument('--only', help='only groups whose name contains this')
        command.add_argument('--timeout', type=float, default=20, help='seconds until a missing answer is one')
    commands.choices['record'].add_argument('--nginx', default='/usr/sbin/nginx')
    commands.choices['record'].add_argument('--mainline', help='a newer nginx, kept beside where it differs')
    commands.choices['check'].add_argument('--binary', required=True)
    commands.choices['check'].add_argument('--oldest', action='store_true', help="expect the oldest version's answers")
    commands.choices['check'].add_argument('--compatible', default='newest', help='whose defaults bext is told to have, such as 1.22')
    commands.choices['check'].add_argument('--slow', type=int, default=0, help='name the N slowest groups')
    args = parser.parse_args()
    files = args.files or sorted(HERE.glob('*.golden'))
    if args.command == 'check':
        args.binary = str(pathlib.Path(args.binary).resolve())
    return record(args, files) if args.command == 'record' else check(args, files)


if __name__ == '__main__':
    sys.exit(main())
