#!/usr/bin/env python3
"""Which slips would no test notice? Puts single mutations into a copy of the sources, all of them into one build, wakes one after the other,
and runs the tests that reach it, the cheapest first, until one fails.

    mutate.py [--area DIR] [--count N] [--seed S] [--jobs J] [--time S]    what ./dev mutate runs; one that was stopped goes on
    mutate.py --report                                                     the last run's result again

Everything is below build/mutate: the copy, its build, what each test reaches, and result.jsonl, a line for each mutation. The tests are
those of ctest that need no machine and no package. A mutation that no test reaches counts as survived. equivalent.txt names those
that change nothing that anybody could see, with the reason; they are left out.
"""
import argparse
import collections
import concurrent.futures
import contextlib
import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import places as placing  # noqa: E402

ROOT = HERE.parents[1]
WORK = ROOT / 'build' / 'mutate'
TREE, OUT, RESULT = WORK / 'tree', WORK / 'out', WORK / 'result.jsonl'
TARGETS = ['bext-server', 'bext', 'bext-nginx-shim', 'unit_tests']
NO_TEST = re.compile(r'^(system\.|package\.|packages|layout|directives|matrix|lint|units|golden_1_22\.)')
RESERVE = 1.15  # of what is asked for: some do not compile
# A mutated server may live on where its test cannot find it: the processes of a test are a namespace of their own, in which it is not
# the first process, to which signals mean something else.
ALONE = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc', 'sh', '-c', '"$@"; exit $?', 'alone'] if os.geteuid() == 0 else []


def run(command, **options):
    return subprocess.run(command, check=True, **options)


def copy_sources():
    """Copies the project as it stands; the digest of what was copied."""
    listed = subprocess.run(['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard'], cwd=ROOT, capture_output=True, check=True).stdout
    shutil.rmtree(TREE, ignore_errors=True)
    digest = hashlib.sha256()
    for name in filter(None, listed.decode().split('\0')):
        if (ROOT / name).is_file():
            (TREE / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, TREE / name)
            digest.update(name.encode() + (ROOT / name).read_bytes())
    for name in ('mutant.h', 'mutant.cpp'):
        shutil.copy2(HERE / name, TREE / 'src/base' / name)
    return digest.hexdigest()


def build(chosen):
    """Builds with as many of the mutations as compile; returns those."""
    chosen = dict(chosen)
    original = {place.file: (ROOT / 'src' / place.file).read_text() for place in chosen.values()}
    placing.put(TREE / 'src', chosen)
    run(['cmake', '-S', str(TREE), '-B', str(OUT), '-G', 'Ninja', '-DCMAKE_BUILD_TYPE=Debug', '-DCMAKE_CXX_FLAGS_DEBUG=-O1 -g0 -w', '-DBEXT_TOGETHER=ON'],
        stdout=subprocess.DEVNULL)
    for _ in range(6):
        done = subprocess.run(['cmake', '--build', str(OUT), '--target', *TARGETS, '--', '-k', '0'], capture_output=True, text=True, errors='replace')
        if done.returncode == 0:
            return chosen
        bad = {(match[1], int(match[2])) for match in re.finditer(r'/tree/src/([\w/.]+\.cpp):(\d+):\d+: error', done.stdout)}
        wrong = {number for number, place in chosen.items() if (place.file, place.number) in bad}
        files = {file for file, _ in bad}
        # An error that is told elsewhere in the file: none of that file's.
        wrong |= {number for number, place in chosen.items() if place.file in files - {chosen[one].file for one in wrong}}
        if not wrong:
            sys.exit(done.stdout[-4000:])
        print(f'{len(wrong)} mutations do not compile and are left out', flush=True)
        touched = {chosen.pop(number).file for number in wrong}
        for file in touched:
            (TREE / 'src' / file).write_text(original[file])
        placing.put(TREE / 'src', {number: place for number, place in chosen.items() if place.file in touched})
    sys.exit('the mutations do not compile')


class Test:
    def __init__(self, listed):
        self.name, self.command = listed['name'], listed['command']
        properties = {one['name']: one['value'] for one in listed.get('properties', [])}
        self.directory = properties.get('WORKING_DIRECTORY', str(OUT))
        self.seconds, self.reaches = 0.0, set()

    def passes(self, environment, limit):
        """Whether it ends well in time; what it has started ends with it."""
        process = subprocess.Popen(ALONE + self.command, cwd=self.directory, env=dict(os.environ, **environment), start_new_session=True,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            return process.wait(limit) in (0, 77)
        except subprocess.TimeoutExpired:
            return False
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def tests_of_build():
    listed = json.loads(run(['ctest', '--test-dir', str(OUT), '--show-only=json-v1'], capture_output=True, text=True).stdout)
    return [Test(one) for one in listed['tests'] if 'command' in one and not NO_TEST.match(one['name'])]


def explore(tests, numbers, jobs):
    """What each test takes and reaches; one that fails without any mutation is left out."""
    def one(test):
        file = WORK / 'reached' / re.sub(r'[^\w.]', '_', test.name)
        file.write_bytes(bytes(max(numbers) + 1))
        file.chmod(0o666)  # servers that give their rights away note what they reach, too
        began = time.monotonic()
        good = test.passes({'BEXT_REACHED': str(file)}, 300)
        test.seconds = time.monotonic() - began
        reached = file.read_bytes()
        test.reaches = {number for number in numbers if reached[number]}
        return good
    (WORK / 'reached').mkdir(exist_ok=True)
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        good = list(pool.map(one, tests))
    for test, fine in zip(tests, good):
        if not fine:
            print(f'{test.name} fails without any mutation, and is left out', flush=True)
    return [test for test, fine in zip(tests, good) if fine]


def judge(number, tests, most):
    """(verdict, by which test). Those of at most `most` seconds together are run; a test that hangs has failed."""
    reaching = sorted((test for test in tests if number in test.reaches), key=lambda test: test.seconds)
    if not reaching:
        return 'not reached', ''
    spent = 0.0
    for test in reaching:
        if spent > most:
            return 'survived', f'{spent:.0f} s of tests'
        began = time.monotonic()
        if not test.passes({'BEXT_MUTANT': str(number)}, 30 + 5 * test.seconds):
            # A second look: tests fail for reasons of their own, too.
            if not test.passes({'BEXT_MUTANT': str(number)}, 30 + 5 * test.seconds):
                return 'killed', test.name
        spent += time.monotonic() - began
    return 'survived', f'{len(reaching)} tests'


def equivalents():
    text = (HERE / 'equivalent.txt').read_text()
    return {line.rsplit(' # ', 1)[0] for line in text.splitlines() if line and not line.startswith('#')}


def report():
    known = equivalents()
    rows = [json.loads(line) for line in RESULT.read_text().splitlines()]
    rows = [row for row in rows if row['name'] not in known]
    for row in rows:
        if row['verdict'] != 'killed':
            print(f'\nsrc/{row["file"]}:{row["line"]}  {row["verdict"]} ({row["by"]})\n- {row["was"]}\n+ {row["is"]}')
    print(f'\n{"room":14}{"killed":>8}{"survived":>10}{"not reached":>13}{"share":>8}')
    rooms = collections.defaultdict(collections.Counter)
    for row in rows:
        rooms[row['file'].split('/')[0]][row['verdict']] += 1
        rooms['all'][row['verdict']] += 1
    for room in sorted(rooms, key=lambda name: (name == 'all', name)):
        of = rooms[room]
        print(f'{room:14}{of["killed"]:8}{of["survived"]:10}{of["not reached"]:13}{100 * of["killed"] / sum(of.values()):7.0f}%')
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--area', default='', help='a folder of src, or the beginning of file names')
    parser.add_argument('--count', type=int, default=300)
    parser.add_argument('--seed', default='bext')
    parser.add_argument('--jobs', type=int, default=os.cpu_count())
    parser.add_argument('--time', type=float, default=240, help='seconds of tests for one mutation')
    parser.add_argument('--report', action='store_true')
    args = parser.parse_args()
    if args.report:
        return report()
    WORK.mkdir(parents=True, exist_ok=True)
    asked, before = f'{args.area} {args.count} {args.seed} {copy_sources()}', WORK / 'asked'
    if not before.exists() or before.read_text() != asked:
        RESULT.unlink(missing_ok=True)
    before.write_text(asked)
    known = equivalents()
    chosen = [place for place in placing.choose(ROOT / 'src', args.area, int(args.count * RESERVE), args.seed) if place.name not in known]
    print(f'{len(chosen)} mutations are built in', flush=True)
    chosen = build(enumerate(chosen, 1))
    chosen = dict(list(chosen.items())[:args.count])
    tests = explore(tests_of_build(), list(chosen), args.jobs)
    print(f'{len(tests)} tests take {sum(test.seconds for test in tests):.0f} s', flush=True)
    done = {json.loads(line)['name'] for line in RESULT.read_text().splitlines()} if RESULT.exists() else set()
    left = [(number, place) for number, place in chosen.items() if place.name not in done]
    with RESULT.open('a') as result, concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        waiting = {pool.submit(judge, number, tests, args.time): place for number, place in left}
        for future in concurrent.futures.as_completed(waiting):
            place = waiting[future]
            verdict, by = future.result()
            result.write(json.dumps({'name': place.name, 'file': place.file, 'line': place.number, 'was': place.told[0], 'is': place.told[1],
                                     'verdict': verdict, 'by': by}) + '\n')
            result.flush()
            print(f'{verdict:12} src/{place.file}:{place.number}  {by}', flush=True)
    return report()


if __name__ == '__main__':
    sys.exit(main())
