#!/usr/bin/env python3
"""Holds docs/differences.md against the directive tables: every directive that bext accepts has a reader in the code, or a line
in the page's section of what is accepted and has no effect. Prints what has neither, and lines that no directive needs.

    directives.py [ROOT]

A directive has a reader when a setting that it fills is read (`*conf.x`, `conf.x->`) outside its table. One of the actions that fill
no setting (`checked`, `run_once`) has none, nor has one of dormant.cpp. `_*` in a line stands for every name that begins so.
"""
import pathlib
import re
import sys

SECTION = 'Accepted, and without effect'
ROW = re.compile(r'\{(?:"(?P<name>[a-z0-9_]+)"|joined<P, "(?P<suffix>[a-z0-9_]+)">),\s*[^{}]*?(?P<action>(?:conf::|upstream::)?'
                 r'(?:into|one_of|any_of|call|run|run_once|checked)<[^;]*?)\},?\s*(?=\{|\};|//|$)', re.M | re.S)
SHARED = re.compile(r'(\w+_directives)<\w+, "([a-z]+_)">')
CACHE = re.compile(r'kCache<"([a-z]+_)", \d>')


def section(page, title):
    """The names in the first column of a section's tables."""
    text = page.split(f'## {title}', 1)[1].split('\n## ', 1)[0]
    rows = [line.split('|')[1] for line in text.splitlines() if line.startswith('| `')]
    return {name for row in rows for name in re.findall(r'`([a-z0-9_*]+)`', row)}


def rows(text):
    """(name or suffix, is a suffix, action) of each row of a file's tables; BEXT_SSL_PATH is a `call`."""
    text = re.sub(r'BEXT_SSL_PATH\((\w+)\)', r'conf::call<path, &ServerConf::\1>', text)
    for match in ROW.finditer(text):
        yield match['name'] or match['suffix'], match['suffix'] is not None, match['action']


def tables(files):
    """name -> (file, action) of every directive."""
    out, suffixes = {}, {'kCache': []}
    for path, text in files.items():
        for name, is_suffix, action in rows(text):
            if not is_suffix:
                out[name] = (path, action)
                continue
            where = 'kCache' if path.endswith('dormant.cpp') else re.findall(r'(\w+_directives)\[\]', text[:text.index(f'"{name}"')])[-1]
            suffixes.setdefault(where, []).append((name, action))
    for path, text in files.items():
        for table, prefix in SHARED.findall(text) + [('kCache', prefix) for prefix in CACHE.findall(text)]:
            parts = list(suffixes) if table == 'shared_directives' else [table]
            for part in parts:
                if part == 'kCache' and table != 'kCache':
                    continue
                for suffix, action in suffixes.get(part, []):
                    out.setdefault(prefix + suffix, (path, action))
    return out


def members_read(code):
    """The names of all settings that the code reads: behind a star, before an arrow, or given to hash_limits()."""
    out = set(re.findall(r'\b(\w+)->', code))
    for text in re.findall(r'\*[^\s;,={}]+', code):
        out |= set(re.findall(r'\b(\w+)\b(?!\.)', text))
    for text in re.findall(r'hash_limits\([^;]*', code):
        out |= set(re.findall(r'\w+', text))
    return out


def has_reader(path, action, read):
    if path.endswith('dormant.cpp') or re.match(r'(conf::)?(checked|run_once)<', action):
        return False
    if re.match(r'(conf::|upstream::)?run<', action):
        return True
    members = re.findall(r'&\w+(?:::\w+)*::(\w+)', action)
    return not members or any(member in read for member in members)


def covered(name, lines):
    return name in lines or any(line.endswith('*') and name.startswith(line[:-1]) for line in lines)


def check(root):
    files = {str(p.relative_to(root)): p.read_text() for p in sorted((root / 'src').rglob('*')) if p.suffix in ('.cpp', '.h')}
    found = tables(files)
    code = '\n'.join(re.sub(r'//[^\n]*', '', text) for text in files.values())
    read = members_read(ROW.sub('', code))
    lines = section((root / 'docs' / 'differences.md').read_text(), SECTION)
    without = {name for name, (path, action) in found.items() if not has_reader(path, action, read)}
    wrong = [f'{found[name][0]}: `{name}` has no reader, and no line in docs/differences.md' for name in sorted(without) if not covered(name, lines)]
    for line in sorted(lines):
        if not any(covered(name, {line}) for name in without):
            wrong.append(f'docs/differences.md: `{line}` is not needed: it has a reader, or does not exist')
    return wrong, len(found), len(without)


def main():
    root = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[2]
    wrong, all_of_them, without = check(root)
    for line in wrong:
        print(line)
    print(f'{all_of_them} directives, {without} of them without a reader, {len(wrong)} found wrong')
    return 1 if wrong or all_of_them < 300 else 0


if __name__ == '__main__':
    sys.exit(main())
