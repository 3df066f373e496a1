#!/usr/bin/env python3
"""The command lines of bext and bext-server: help of every command, what is unknown, and what other programs of ours call.

    words.py BUILD     BUILD: the directory of bext and bext-server
"""
import json
import os
import pathlib
import pty
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(sys.argv[1])
PROGRAMS = ('bext', 'bext-server')


def run(program, *words):
    return subprocess.run([BUILD / program, *words], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)


def helped(program, *words):
    """What is printed on standard output and nowhere else, with status 0."""
    done = run(program, *words)
    assert (done.returncode, done.stderr) == (0, ''), (program, words, done)
    return done.stdout


def refused(program, words, *told):
    done = run(program, *words)
    assert (done.returncode, done.stdout) == (2, ''), (program, words, done)
    first = done.stderr.splitlines()[0]
    assert first.startswith(program), first
    for text in told:
        assert text in first, (words, text, first)
    assert 'src/' not in done.stderr and '/build/' not in done.stderr, done.stderr


def commands(program):
    return json.loads(helped(program, 'help', '--json'))['commands']


def help_of_the_whole():
    for program in PROGRAMS:
        texts = {helped(program, *words) for words in ([], ['-h'], ['--help'], ['help'], ['-?'])}
        assert len(texts) == 1, texts
        text = texts.pop()
        assert text.startswith(f'{program} ') and 'nginx' in text.split('\n\n')[0], 'the first line says what it is'
        for command in commands(program):
            assert re.search(rf'(?m)^  {command["words"]}  +\w', text), command
        assert 'flagfile' not in text and 'logtostderr' not in text and max(map(len, text.splitlines())) <= 80, text
        assert {helped(program, word) for word in ('-v', '--version', 'version')} == {f'{program} version {version()}\n'}


def version():
    return re.search(r'project\(bext VERSION ([\d.]+)', (ROOT / 'CMakeLists.txt').read_text())[1]


def help_of_each():
    for program in PROGRAMS:
        for command in commands(program):
            words = command['words'].split()
            text = helped(program, *words, '--help')
            assert text == helped(program, 'help', *words) == helped(program, *words, '-h'), words
            assert text.startswith(f'{program} {command["words"]}: '), text
            assert max(map(len, text.splitlines())) <= 80, text
            for flag in command['flags']:
                head = flag['typed'] + (' ' + flag['value'] if flag['value'] else '')
                found = re.search(rf'(?m)^  {re.escape(head)}(\s[^\0]*?)(?=^  -|^$)', text)
                assert found, (words, head)
                assert not flag['default'] or f'(default: {flag["default"]})' in ' '.join(found[1].split()), (words, flag)
            examples = re.search(r'(?m)^Examples\n((?:  .*\n)+)', text)[1]
            assert len(re.findall(rf'(?m)^  {program} ', examples)) >= 2, examples
            assert re.findall(r'(?m)^  (\d)  ', text.split('Exit status\n')[1])[:3] == ['0', '1', '2'], text
            assert 'flagfile' not in text and 'src/' not in text, text
    assert 'nginx masquerade doctor' in helped('bext', 'help', 'nginx') == helped('bext', 'nginx', '--help')


def what_is_unknown():
    refused('bext', ['rollback', 'now', '--yes'], 'bext rollback', '"now"')
    refused('bext', ['upgrade', './bext-server'], '"./bext-server"', '--binary ./bext-server')
    refused('bext', ['relaod'], '"relaod"', 'did you mean "reload"?')
    refused('bext', ['takover', 'status'], 'did you mean "takeover status"?')
    refused('bext', ['masquerade', 'install'], 'did you mean "bext nginx masquerade install"?')
    refused('bext', ['nginx', 'masquerade', 'intsall'], 'did you mean "nginx masquerade install"?')
    refused('bext', ['nginx', 'masquerade'], '"bext nginx masquerade doctor"')
    refused('bext', ['takeover'], '"bext takeover status"')
    refused('bext', ['status', '--jsn'], 'bext status', '"--jsn"', 'did you mean --json?')
    refused('bext', ['status', '--binary', 'x'], 'bext status', '"--binary"')
    refused('bext', ['status', '-j'], '"-j"')
    refused('bext', ['status', '--flagfile=/dev/null'], '"--flagfile"')
    refused('bext-server', ['run', '--logtostderr'], '"--logtostderr"')
    refused('bext', ['--nonsense'], '"--nonsense"')
    refused('bext', ['status', ''], '""')
    refused('bext', ['help', 'nonsense'], '"nonsense"')
    refused('bext', ['status', '--json=perhaps'], '--json', '"perhaps"')
    refused('bext', ['reload', '--pid-file'], '--pid-file FILE')
    refused('bext', ['reload', '--pid-file', '--no-wait'], '--pid-file FILE')
    refused('bext-server', ['run', 'run'], '"run"')
    refused('bext-server', ['nginx', 'check', '--conf', 'x'], '"--conf"')
    for port in ('0', '99999', '-1', '80x', ''):
        refused('bext', ['nginx-takeover', '--port', port], '--port')
        refused('bext-server', ['run', '--default-site', f'--port={port}'], '--port')
    refused('bext', ['nginx-takeover', '--timeout', '0'], '--timeout takes a number from 1')
    refused('bext-server', ['run', '--port', '80'], '--port is for --default-site')
    refused('bext-server', ['run', '--default-site', '--nginx-config', '/etc/nginx/nginx.conf'], '--nginx-config', '--default-site')


def output_that_is_lost():
    for program, words in (('bext', ['help']), ('bext', ['--version']), ('bext', ['status', '--help']), ('bext-server', ['help'])):
        with open('/dev/full', 'w') as full:
            done = subprocess.run([BUILD / program, *words], stdout=full, stderr=subprocess.PIPE, text=True, timeout=30)
        assert done.returncode == 1 and 'could not be written: No space left on device' in done.stderr, (words, done)


def a_pid_file_of_somebody_else():
    """A file that was left behind: whoever has the number now gets no signal."""
    stranger = subprocess.Popen(['sleep', '600'])
    try:
        with tempfile.NamedTemporaryFile('w') as file:
            file.write(f'{stranger.pid}\n')
            file.flush()
            for words in (['reload'], ['reload', '--no-wait'], ['stop'], ['upgrade'], ['status']):
                done = run('bext', *words, '--pid-file', file.name)
                assert done.returncode == 1 and f'process {stranger.pid} is no bext-server' in done.stderr, (words, done)
                assert stranger.poll() is None, words
    finally:
        stranger.kill()
        stranger.wait()


def what_is_spelled_otherwise():
    """Flags as gflags has them go on working: a server that runs is upgraded with the words that it was started with."""
    nobody = ['--pid_file=/nonexistent/a.pid']
    for words in (['reload', *nobody], ['-pid_file', '/nonexistent/a.pid', 'reload', '--nowait'], ['ctl', 'status', '--json=true', *nobody],
                  ['--json', 'status', *nobody], ['reload', '--wait', *nobody], ['reload', '--no-wait', *nobody], ['stop', *nobody]):
        done = run('bext', *words)
        assert done.returncode == 1 and '/nonexistent/a.pid' in done.stderr, (words, done)
    done = run('bext-server', 'ctl', 'reload', '--wait', '--pid-file=/nonexistent/a.pid')
    assert done.returncode == 1 and '/nonexistent/a.pid' in done.stderr, done


def nginx_check():
    for words in (['-c', '/nonexistent/nginx.conf'], ['-c/nonexistent/nginx.conf', '-q']):
        done = run('bext-server', 'nginx', 'check', *words)
        assert done.returncode == 1 and 'open() "/nonexistent/nginx.conf" failed' in done.stderr, done
    # nginx's own command line stays nginx's.
    for words, told in ((['--help'], 'nginx: invalid option: "-"'), (['-s', 'relaod'], 'nginx: invalid option: "-s relaod"'), (['help'], 'nginx: invalid option: "help"')):
        done = run('bext-nginx-shim', *words)
        assert done.returncode == 1 and done.stderr.startswith(told), done
    assert 'Usage: nginx [-?hvVtTq]' in run('bext-nginx-shim', '-h').stderr


def colours():
    """Headings are bold on a terminal, unless that is not wanted."""
    def on_terminal(**environment):
        ours, theirs = pty.openpty()
        done = subprocess.run([BUILD / 'bext', 'help'], stdout=theirs, env={**os.environ, **environment}, timeout=60)
        os.close(theirs)
        text = b''
        try:
            while part := os.read(ours, 65536):
                text += part
        except OSError:
            pass  # all was read
        os.close(ours)
        assert done.returncode == 0
        return text
    assert b'\033[1mUsage' in on_terminal(TERM='xterm', NO_COLOR='')
    assert b'\033' not in on_terminal(TERM='xterm', NO_COLOR='1') and b'\033' not in on_terminal(TERM='dumb')
    assert '\033' not in helped('bext', 'help')


def called_by_scripts():
    """Every command line of ours in a script or unit is one that is known."""
    texts = {path: path.read_text() for part in ('debian', 'rpm', 'systemd', 'needrestart', 'docs', 'README.md', 'dev')
             for path in ([ROOT / part] if (ROOT / part).is_file() else sorted((ROOT / part).rglob('*'))) if path.is_file()}
    known = {(program, command['words']): {flag['typed'] for flag in command['flags']} for program in PROGRAMS for command in commands(program)}
    count = 0
    for path, text in texts.items():
        for program, line in re.findall(r'(?:^|[`/ (=!])(bext|bext-server) ((?:--?)?[a-z][^\n`|;&#)>]*)', text):
            words = line.split()
            found = [command for owner, command in known if owner == program and words[:len(command.split())] == command.split()]
            if not found:
                continue
            count += 1
            for flag in re.findall(r'(?<![\w-])--[a-z-]+', ' '.join(words[len(max(found, key=len).split()):])):
                assert flag in known[program, max(found, key=len)] | {'--help', '--wait'}, (str(path), line)
    assert count > 30, count


def what_needs_root():
    """Another user is told that, and no falsehoods about what it cannot see."""
    if os.geteuid() != 0:
        return print('   this user is not root')
    for words in (['nginx-takeover', '--check'], ['nginx-takeover', '--auto-takeover'], ['rollback', '--yes'], ['recover'], ['nginx', 'masquerade', 'status'],
                  ['nginx', 'masquerade', 'doctor'], ['nginx', 'masquerade', 'install', '--dry-run']):
        done = subprocess.run(['setpriv', '--reuid=65534', '--clear-groups', BUILD / 'bext', *words], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
        assert done.returncode == 1 and 'needs root' in done.stderr and not done.stdout, (words, done)
    with tempfile.TemporaryDirectory() as room:
        pid_file = pathlib.Path(room) / 'pid'
        pid_file.write_text(str(os.getpid()))
        os.chmod(room, 0o755)
        for command in ('status', 'reload', 'upgrade', 'stop'):
            done = subprocess.run(['setpriv', '--reuid=65534', '--clear-groups', BUILD / 'bext', command, '--pid-file', pid_file], capture_output=True, text=True, timeout=60)
            assert done.returncode == 1 and 'belongs to another user: it needs root' in done.stderr, (command, done)


def main():
    for test in (help_of_the_whole, help_of_each, what_is_unknown, output_that_is_lost, a_pid_file_of_somebody_else, what_is_spelled_otherwise, nginx_check, colours, called_by_scripts, what_needs_root):
        test()
        print(test.__name__)


main()
