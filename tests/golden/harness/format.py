"""Reads and writes golden files: groups of parts (README.md, "The file")."""
import re
from dataclasses import dataclass, field

DIFFERS = re.compile(r'\[differs since ([\w.]+)\]$')


@dataclass
class Part:
    """One `--- KIND WORDS` part and the lines under it."""
    kind: str
    words: str
    lines: list
    where: int

    def text(self):
        """The lines as a text, without the blank lines that only set parts apart."""
        lines = list(self.lines)
        while lines and not lines[-1].strip():
            lines.pop()
        return ''.join(line + '\n' for line in lines)


@dataclass
class Group:
    """One `=== NAME` group: a configuration and what is tried on it."""
    name: str
    where: int
    parts: list = field(default_factory=list)

    def all(self, *kinds):
        return [part for part in self.parts if part.kind in kinds]


@dataclass
class Golden:
    path: str
    head: list
    groups: list


def parse(path):
    """A golden file as groups of parts."""
    head, groups = [], []
    with open(path, encoding='utf-8') as file:
        for number, line in enumerate(file.read().split('\n'), 1):
            if line.startswith('=== '):
                groups.append(Group(line[4:].strip(), number))
            elif line.startswith('--- ') and groups:
                kind, _, words = line[4:].strip().partition(' ')
                groups[-1].parts.append(Part(kind, words, [], number))
            elif not groups:
                head.append(line)
            elif groups[-1].parts:
                groups[-1].parts[-1].lines.append(line)
            elif line.strip():
                raise SystemExit(f'{path}:{number}: text before the first part of a group')
    return Golden(str(path), head, groups)


def write(golden):
    """Writes a golden back to its file, byte for byte as it was where nothing was changed."""
    lines = list(golden.head)
    for group in golden.groups:
        lines.append('=== ' + group.name)
        for part in group.parts:
            lines.append(f'--- {part.kind} {part.words}'.rstrip())
            lines += part.lines
    with open(golden.path, 'w', encoding='utf-8') as file:
        file.write('\n'.join(lines).rstrip('\n') + '\n')


@dataclass
class Step:
    """What one part asks for before it expects something: its own lines, and the expectation after them."""
    asks: list
    expected: list = field(default_factory=list)   # [(since or None, [lines])]


EXPECTING = ('<', '|', '!', '=')


def steps(lines):
    """Splits a case's lines into steps: asking lines, then expecting ones (perhaps for several versions).

    A step ends after its expectations, or at a blank line."""
    found = []
    expecting = ended = False
    for line in lines:
        differs = DIFFERS.match(line)
        if differs and found:
            found[-1].expected.append((differs[1], []))
            expecting = True
        elif line[:1] in EXPECTING:
            if not found:
                found.append(Step([]))
            if not expecting or not found[-1].expected:
                found[-1].expected = [(None, [])]
            found[-1].expected[-1][1].append(line)
            expecting = True
        elif not line.strip():
            ended = True
        else:
            if expecting or ended or not found:
                found.append(Step([]))
                expecting = ended = False
            found[-1].asks.append(line)
    return found


def expected(step, oldest=False):
    """The lines that a step expects of the newest version, or of the oldest."""
    return step.expected[0 if oldest else -1][1] if step.expected else []

