#!/usr/bin/env python3
"""The man pages have no fault that man sees, and tell of every command, option and request of the takeover's page: man.py BUILD."""
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = ROOT / 'man'


def page(path, wrong):
    """The text of a page; what man complains about is added to `wrong`."""
    done = subprocess.run(['man', '--warnings', '--encoding=UTF-8', '--local-file', path], capture_output=True, text=True,
                          env=dict(os.environ, LC_ALL='C.UTF-8', MANWIDTH='400', MAN_KEEP_FORMATTING='', PAGER='cat', MANPAGER='cat'))
    wrong += [f'{path.name}: {line}' for line in done.stderr.splitlines()]
    return re.sub('.\b', '', done.stdout)


def told(program):
    """The commands and the flags that a program knows."""
    table = json.loads(subprocess.run([program, 'help', '--json'], capture_output=True, text=True).stdout)
    flags = {flag['typed'] for command in table['commands'] for flag in command['flags']}
    return {command['words'] for command in table['commands']}, flags | {'--help', '--version'}


def requests_of_the_page(text, wrong):
    """What the page of a takeover answers, docs/takeover-api.yaml and the man page must be the same."""
    actions = re.search(r'(?s)Actions actions_of\(.*?\n}\n', (ROOT / 'src/cli/takeover_command.cpp').read_text())[0]
    served = {'/api/status', '/api/events'} | {f'/api/{name}' for name in re.findall(r'\{"([a-z]+)", ', actions)}
    api = (ROOT / 'docs/takeover-api.yaml').read_text()
    described = {(method.upper(), path) for path, block in re.findall(r'(?m)^  (/api/\w+):\n((?:    .*\n)+)', api)
                 for method in re.findall(r'(?m)^    (get|post):', block)}
    told = set(re.findall(r'(?m)^ +(GET|POST) (/api/\w+)', text))
    wrong += [f'bext.1 and takeover-api.yaml do not agree on {" ".join(one)}' for one in sorted(told ^ described)]
    wrong += [f'the page and takeover-api.yaml do not agree on {path}' for path in sorted({path for _, path in described} ^ served)]


def main():
    build, wrong = pathlib.Path(sys.argv[1]), []
    texts = {path.name: page(path, wrong) for path in sorted(PAGES.glob('*.[0-9]'))}
    for name in ('bext.1', 'bext-server.8'):
        commands, options = told(build / name[:-2])
        text = texts[name]
        wrong += [f'{name}: nothing about {what}' for what in sorted(commands | options) if what not in text]
        if len(commands) < 3 or len(options) < 3:
            wrong.append(f'{name}: the help of the program was not understood')
    requests_of_the_page(texts['bext.1'], wrong)
    print('\n'.join(wrong) or f'{len(texts)} pages are right')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
