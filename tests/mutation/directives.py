#!/usr/bin/env python3
"""Which tests use a directive: a directive without one could lose its effect unnoticed.

    directives.py [--all]     prints the directives that no test uses (--all: every directive with its tests)

That a test uses a directive is told by its text: the name at the beginning of a statement in a golden, or in the configuration that a
unit, wire or handover test holds. What only tests of parsing (tests/conf, tests/unit/loader) use counts as not used. With the results
of a mutation run, --all marks by `*` the tests that killed a mutant: those are known to look at what they use.
"""
import argparse
import importlib.util
import json
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
PARSING = ('tests/conf/', 'tests/unit/conf/', 'tests/unit/loader/')
RESULT = ROOT / 'build/mutate/result.jsonl'


def known_directives():
    """Names of the tables' directives that have an effect, as tests/layout/directives.py reads them."""
    spec = importlib.util.spec_from_file_location('tables', ROOT / 'tests/layout/directives.py')
    tables = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tables)
    found = tables.tables({str(p.relative_to(ROOT)): p.read_text() for p in sorted((ROOT / 'src').rglob('*')) if p.suffix in ('.cpp', '.h')})
    lines = tables.section((ROOT / 'docs/differences.md').read_text(), tables.SECTION)
    return sorted(name for name in found if not tables.covered(name, lines))


def uses():
    """directive -> names of the tests whose text has a statement of it."""
    out = {}
    for path in sorted((ROOT / 'tests').rglob('*')):
        name = str(path.relative_to(ROOT))
        if path.suffix not in ('.golden', '.cpp', '.py', '.h') or name.startswith(PARSING + ('tests/mutation/', 'tests/layout/')):
            continue
        for word in set(re.findall(r'''(?:^|[{};"'(`]|\\n)\s*([a-z][a-z0-9_]+)(?=\s+[^\s=(]|\s*;|\s*\{)''', path.read_text(errors='replace'), re.M)):
            out.setdefault(word, []).append(test_name(name))
    return out


def test_name(path):
    kind = path.split('/')[1]
    return f'golden.{pathlib.Path(path).stem}' if kind == 'golden' else path.removeprefix('tests/')


def killers():
    lines = RESULT.read_text().splitlines() if RESULT.exists() else []
    return {one['by'] for one in map(json.loads, lines) if one['verdict'] == 'killed'}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--all', action='store_true')
    args = parser.parse_args()
    names, used, looked = known_directives(), uses(), killers()
    without = [name for name in names if name not in used]
    for name in names if args.all else without:
        print(name, *(f'{test}*' if test in looked else test for test in used.get(name, [])), sep='\t')
    print(f'{len(names)} directives, {len(without)} that no test uses')


main()
