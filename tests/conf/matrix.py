#!/usr/bin/env python3
"""Compares what nginx and bext say of every directive of nginx: once and good, twice, with too many and too few arguments, with
junk in each argument's place, with and without a block, and in every context.

    matrix.py --binary build/release/bext-nginx-shim [--nginx PATH] [--only REGEX] [--all]

The directives and a good use of each are in directives.tsv. nginx is asked for its verdict in the same run: --nginx, or
NGINX_MAINLINE; without one the exit status is 77. Both run as BINARY -t -p DIR -c DIR/nginx.conf in the same folder, and what they
write to standard error must be the same, byte for byte, as must the exit status. Where it is not, the directive needs a line in
docs/differences.md; a directive that bext does not have must be refused by its name.
"""
import argparse
import collections
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PAGE = ROOT / 'docs' / 'differences.md'
CONTEXTS = ['main', 'events', 'http', 'upstream', 'server', 'if_server', 'location', 'if_location', 'limit_except']
JUNK = ['junk', '""', '-1', '0', '99999999999999999999', '1x', '$unknown', 'on', 'off']

TEMPLATE = '''[main]
events {
[events]
}
http {
limit_conn_zone $uri zone=conns:1m;
limit_req_zone $uri zone=reqs:1m rate=5r/s;
[http]
upstream u {
server 127.0.0.1:9;
[upstream]
}
server {
listen 127.0.0.1:%%PORT%%;
[server]
if ($arg_a) {
[if_server]
}
location / {
[location]
if ($arg_a) {
[if_location]
}
limit_except GET {
[limit_except]
}
}
}
}
'''

Directive = collections.namedtuple('Directive', 'module name where numbers block words body')
Case = collections.namedtuple('Case', 'directive what context text')


def parse_uses(line):
    """One line of directives.tsv."""
    module, name, where, takes, good = line.split('\t')
    block = takes.endswith(' {')
    numbers = takes.removesuffix(' {')
    words, body = good, ''
    if block and good != '-':
        words, _, body = good.partition('{')
        body = '{' + body if body else '{ }'
    where = CONTEXTS if where == 'any' else where.split()
    return Directive(module, name, where, numbers, block, None if good == '-' else words.split(), body)


def directives():
    lines = (HERE / 'directives.tsv').read_text().splitlines()
    return [parse_uses(line) for line in lines if line and not line.startswith('#')]


def most(numbers):
    """The largest number of arguments; None without a limit."""
    return None if numbers.endswith('+') else max(int(n) for n in numbers.split(','))


def least(numbers):
    return min(int(n.rstrip('+')) for n in numbers.split(','))


def use(directive, words, block=None):
    """The directive with those arguments."""
    block = directive.block if block is None else block
    text = ' '.join([directive.name, *words])
    return f'{text} {directive.body or "{ }"}' if block else text + ';'


def cases_of(directive):
    """Everything that is asked about one directive."""
    here = directive.where[0]
    good = directive.words
    for context in CONTEXTS:
        yield Case(directive, 'good' if context in directive.where else 'misplaced', context, use(directive, good))
    yield Case(directive, 'twice', here, use(directive, good) + '\n' + use(directive, good))
    yield Case(directive, 'block', here, use(directive, good, not directive.block))
    if least(directive.numbers):
        yield Case(directive, 'none', here, use(directive, []))
    limit = most(directive.numbers)
    extra = [] if limit is None else ['extra'] * (limit + 1 - len(good))
    yield Case(directive, 'many', here, use(directive, good + (extra or ['extra'])))
    for place in range(len(good)):
        for junk in JUNK:
            yield Case(directive, f'junk {junk} for word {place + 1}', here, use(directive, good[:place] + [junk] + good[place + 1:]))


def absent_cases(directive):
    """What is asked about a directive that bext does not have."""
    words = ['on'] * max(least(directive.numbers), 1 if most(directive.numbers) is None else 0)
    yield Case(directive, 'absent', directive.where[0], use(directive, words))


class Place:
    """A folder with everything that good uses name."""

    def __init__(self, port):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='bext-matrix-'))
        self.ports = port
        shutil.copytree(ROOT / 'tests' / 'golden' / 'tls', self.folder / 'tls')
        for name in ('logs', 'html', 'modules'):
            (self.folder / name).mkdir()
        for name, text in {'included.conf': '', 'htpasswd': 'a:{PLAIN}b\n', 'passwords': 'a\n'}.items():
            (self.folder / name).write_text(text)
        (self.folder / 'ticket.key').write_bytes(b'k' * 80)
        for name in ('dhparam', 'crl', 'staple'):
            shutil.copy(HERE / name, self.folder / name)

    def say(self, binary, case):
        """What the binary says of the configuration, and its exit status."""
        text = TEMPLATE.replace(f'[{case.context}]', case.text)
        text = re.sub(r'\[\w+\]\n', '', text)
        text = text.replace('%%PORT2%%', str(self.ports + 1)).replace('%%PORT%%', str(self.ports))
        (self.folder / 'nginx.conf').write_text(text)
        done = subprocess.run([binary, '-t', '-p', f'{self.folder}/', '-c', f'{self.folder}/nginx.conf', '-e', f'{self.folder}/error.log'],
                              capture_output=True, text=True, errors='replace', timeout=60, cwd=self.folder)
        said = done.stderr.replace(str(self.folder), 'DIR').replace(str(self.ports + 1), 'PORT2').replace(str(self.ports), 'PORT')
        return done.returncode, said

    def remove(self):
        shutil.rmtree(self.folder)


def explained():
    """The directives that docs/differences.md names as told otherwise."""
    text = PAGE.read_text().split('## Told otherwise', 1)[1].split('\n## ', 1)[0]
    rows = [line.split('|')[1] for line in text.splitlines() if line.startswith('| `')]
    return {name for row in rows for name in re.findall(r'`([a-z0-9_]+)`', row)}


def judge(case, nginx, bext, known):
    """What is wrong, or None."""
    if case.what == 'absent':
        name = case.directive.name
        refused = f'directive "{name}" is known to nginx but not supported by this version of bext' in bext[1]
        return None if refused else f'not refused by its name: {bext[1].splitlines()[0]}'
    if nginx == bext or case.directive.name in known:
        return None
    return f'\n      nginx {nginx[0]}: ' + nginx[1].strip().replace('\n', '\n               ') + \
           f'\n      bext  {bext[0]}: ' + bext[1].strip().replace('\n', '\n               ')


def work(args, number, cases, known):
    place = Place(17000 + 2 * number)
    try:
        found = []
        for case in cases:
            nginx = (0, '') if case.what == 'absent' else place.say(args.nginx, case)
            bext = place.say(args.binary, case)
            wrong = judge(case, nginx, bext, known)
            if wrong:
                found.append(f'{case.directive.name} ({case.what}, {case.context}): {case.text!r}: {wrong}')
        return found
    finally:
        place.remove()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--binary', required=True)
    parser.add_argument('--nginx', default=os.environ.get('NGINX_MAINLINE'))
    parser.add_argument('--only', default='')
    parser.add_argument('--all', action='store_true', help='show also what docs/differences.md explains')
    parser.add_argument('-j', type=int, default=2)
    args = parser.parse_args()
    if not args.nginx or not os.access(args.nginx, os.X_OK):
        print('skipped: no nginx to ask; name one in NGINX_MAINLINE')
        return 77
    args.binary = str(pathlib.Path(args.binary).resolve())
    wanted = [d for d in directives() if re.fullmatch(args.only or '.*', d.name)]
    cases = [case for d in wanted for case in (cases_of(d) if d.words is not None else absent_cases(d))]
    known = set() if args.all else explained()
    with concurrent.futures.ThreadPoolExecutor(args.j) as pool:
        parts = list(pool.map(lambda n: work(args, n, cases[n::args.j], known), range(args.j)))
    found = [text for part in parts for text in part]
    for text in found:
        print(text)
    print(f'{len(wanted)} directives, {len(cases)} configurations, {len(found)} found wrong')
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())
