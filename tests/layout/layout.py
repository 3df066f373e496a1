#!/usr/bin/env python3
"""Checks who includes whom, and how large files and functions are. Prints file:line: message; exit status 1 if there is any.

    layout.py [ROOT]          checks ROOT/src (ROOT: the project, by default the one this script is in)
    layout.py --self-test     checks that it finds what is wrong in a bad tree, and nothing in a good one (also run every time)

The table of folders is read from ROOT/docs/architecture.md where that has it (lines `name/  what it holds  -> folders`);
a folder that the document leaves open has its row in ALLOWED below.
"""
import argparse
import pathlib
import re
import sys
import tempfile

FUNCTION_LINES = 60
FILE_LINES = 400
MODULE_LINES = 250
SUFFIXES = ('.h', '.cpp')

ALLOWED = {
    'base': '', 'handoff': 'base', 'conf': 'base', 'net': 'base', 'http': 'base conf net',
    'http1': 'base conf net http', 'http2': 'base conf net http', 'tls': 'base conf net http upstream',
    'upstream': 'base conf net http http1', 'cache': 'base', 'stream': 'base conf net upstream',
    'modules': 'base conf net tls http http1 upstream cache stream',
    'loader': 'base handoff conf net http modules',
    'worker': 'base handoff conf net tls http http1 http2 upstream cache stream modules loader',
    'supervisor': 'base handoff', 'sysd': 'base', 'deploy': 'base', 'dashboard': 'base',
    'takeover': 'base conf net loader sysd', 'masquerade': 'base supervisor sysd', 'cli': '*',
}

# A library's headers, and the folders that may see them.
LIBRARIES = [
    (r'boost/beast', ['dashboard', 'deploy']), (r'boost/asio', ['net', 'dashboard', 'deploy']), (r'openssl/', ['tls', 'base']), (r'nghttp2/', ['http2']),
    (r'systemd/', ['supervisor']), (r'sdbus-c\+\+/', ['sysd']), (r'gflags/', ['cli']), (r'toml\+\+/', ['cli']), (r'glog/', ['cli']),
]

INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^">]+)[">]')
SCOPE = re.compile(r'(\[\[.*?\]\]|template\s*<[^{]*>|alignas\s*\([^)]*\)|export|inline|typedef|static|constexpr|\s)*'
                   r'(namespace|class|struct|union|enum|extern)\b')


def table(root):
    """Folder -> folders it may include ('*': any)."""
    allowed = {name: set(text.split()) for name, text in ALLOWED.items()}
    page = root / 'docs' / 'architecture.md'
    known = list(allowed)
    for line in page.read_text().splitlines() if page.exists() else []:
        found = re.match(r'\s*([a-z][a-z0-9_]*)/\s.*->\s*(.*)$', line)
        if not found or found[1] not in allowed:
            continue
        name, text = found[1], re.sub(r'\[.*?\]', '', found[2])
        if 'all above' in text:
            allowed[name] = set(known[:known.index(name)])
        else:
            allowed[name] = {word for word in re.findall(r'[a-z0-9]+', text) if word in allowed}
            allowed[name] |= {'modules'} if 'module tables' in text else set()
    return allowed


def blank(text):
    """The source with comments and literals blanked out, line ends kept."""
    pattern = (r'//[^\n]*|/\*.*?\*/|R"([^()\\\s]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'')

    def spaces(match):
        return re.sub(r'[^\n]', ' ', match[0])
    text = re.sub(pattern, spaces, text, flags=re.S)
    return re.sub(r'(?m)^[ \t]*#(?:[^\n]*\\\n)*[^\n]*', spaces, text)


def opens(head, inside_scope):
    """What a brace after `head` opens: 'scope', 'function' or 'other'."""
    if not inside_scope:
        return 'other'
    if SCOPE.match(head) and not re.search(r'=\s*$', head):
        return 'scope'
    if ')' in head and not re.search(r'[=,(]\s*$', head):
        return 'function'
    return 'other'


def functions(text):
    """(first line, last line, name) of every function that is not inside another."""
    text = blank(text)
    stack, start = [], 0
    for at, char in enumerate(text):
        if char == '{':
            head = text[start:at]
            kind = opens(head, all(kind == 'scope' for kind, _, _ in stack))
            first = text.count('\n', 0, start + len(head) - len(head.lstrip())) + 1
            stack.append((kind, first, head))
        elif char == '}' and stack:
            kind, first, head = stack.pop()
            if kind == 'function':
                names = re.findall(r'([\w:~]+)\s*\(', head)
                yield first, text.count('\n', 0, at) + 1, names[0] if names else 'a lambda'
        if char in '{};' and not any(kind != 'scope' for kind, _, _ in stack):
            start = at + 1


def check_includes(path, folder, lines, allowed):
    for number, line in enumerate(lines, 1):
        found = INCLUDE.match(line)
        if not found:
            continue
        name = found[2]
        if found[1] == '"' and '/' in name:
            target = name.split('/')[0]
            if target not in allowed:
                yield number, f'"{name}": there is no folder src/{target} in the table'
            elif target != folder and '*' not in allowed[folder] and target not in allowed[folder]:
                yield number, f'{folder}/ may not include {target}/ ("{name}"); it may include: ' \
                              f'{" ".join(sorted(allowed[folder])) or "nothing but std"}'
        for library, folders in LIBRARIES:
            if re.match(library, name) and folder not in folders:
                yield number, f'<{name}> belongs behind {" or ".join(f + "/" for f in folders)}, not in {folder}/'


def check_file(path, folder, allowed):
    """(line, message) for everything wrong in one file."""
    text = path.read_text()
    lines = text.splitlines()
    yield from check_includes(path, folder, lines, allowed)
    limit = MODULE_LINES if folder == 'modules' else FILE_LINES
    if len(lines) > limit:
        kind = 'a module' if folder == 'modules' else 'a file'
        yield limit + 1, f'{len(lines)} lines: {kind} has at most {limit}; make it a folder or move a concern out'
    for first, last, name in functions(text):
        if last - first + 1 > FUNCTION_LINES:
            yield first, f'{name} has {last - first + 1} lines: a function has at most {FUNCTION_LINES}'


def check(root):
    """Everything wrong under ROOT/src, as printable lines, and the number of files looked at."""
    allowed = table(root)
    found, files = [], 0
    for path in sorted((root / 'src').rglob('*')):
        if path.suffix not in SUFFIXES:
            continue
        files += 1
        folder = path.relative_to(root / 'src').parts[0]
        shown = path.relative_to(root)
        if folder not in allowed:
            found.append(f'{shown}:1: folder src/{folder} is not in the table')
            continue
        found += [f'{shown}:{line}: {message}' for line, message in check_file(path, folder, allowed)]
    return found, files


GOOD = '''#include "base/text.h"
#include <vector>
namespace bext::conf {
// } a brace in a comment {
constexpr Row kRows[] = {{"a", f()}, {"b", '{'}};
struct Point { int x() const { return x_; } int x_{0}; };
int f(int a) {
    auto g = [&] { return R"x(}})x" + a; };
    return a;
}
}
'''

BAD = {
    'conf/includes.cpp': ('#include "http/request.h"\n', 1, 'conf/ may not include http/'),
    'base/std.cpp': ('\n#include "conf/lexer.h"\n', 2, 'base/ may not include conf/'),
    'http/tls.cpp': ('#include <openssl/ssl.h>\n', 1, 'belongs behind tls/'),
    'http1/asio.h': ('#include <boost/asio/awaitable.hpp>\n', 1, 'belongs behind net/'),
    'http/nowhere.cpp': ('#include "nowhere/x.h"\n', 1, 'there is no folder src/nowhere'),
    'net/long.cpp': ('// x\n' * (FILE_LINES + 1), FILE_LINES + 1, 'a file has at most'),
    'modules/http/long.cpp': ('// x\n' * (MODULE_LINES + 1), MODULE_LINES + 1, 'a module has at most'),
    'net/function.cpp': ('namespace n {\nint small() { return 1; }\nint A::large(int a)\n    : b_{a}, c_(a) {\n'
                         + '    g();\n' * FUNCTION_LINES + '}\n}\n', 4, 'a function has at most'),
    'net/method.h': ('class A {\n    void m() const {\n' + 'x();\n' * FUNCTION_LINES + '    }\n};\n', 2, 'm has 62 lines'),
    'unknown/a.cpp': ('\n', 1, 'is not in the table'),
}


def self_test():
    """What the check misses in a tree made to be bad, and what it invents in a good one."""
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, (text, _, _) in BAD.items():
            (root / 'src' / name).parent.mkdir(parents=True, exist_ok=True)
            (root / 'src' / name).write_text(text)
        (root / 'src' / 'conf' / 'good.cpp').write_text(GOOD)
        found, _ = check(root)
        for name, (_, line, message) in BAD.items():
            if not any(text.startswith(f'src/{name}:{line}:') and message in text for text in found):
                wrong.append(f'self-test: src/{name}:{line}: "{message}" was not found; found: {found}')
        wrong += [f'self-test: nothing is wrong there, but: {text}' for text in found if 'good.cpp' in text]
        (root / 'docs').mkdir()
        (root / 'docs' / 'architecture.md').write_text('  base/   text        -> std\n  conf/   lexer       -> base http [X]\n')
        if any('conf/includes.cpp' in text for text in check(root)[0]):
            wrong.append('self-test: the table of docs/architecture.md was not used')
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('root', nargs='?', type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[2])
    parser.add_argument('--self-test', action='store_true')
    args = parser.parse_args()
    found = self_test()
    files = 0
    if not args.self_test and not found:
        found, files = check(args.root)
    for line in found:
        print(line)
    print(f'{files} files, {len(found)} found wrong' if not args.self_test else f'self-test: {len(found)} wrong')
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())
