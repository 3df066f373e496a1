"""Places: where in the sources a single slip is put, and how, so that one binary has all of them and a number chooses.

A place is one statement that stands on one line of a function in src/*.cpp. Its mutation changes one thing of it: a comparison, an
arithmetic or logical operator, a constant, a condition, a truth value, which of two is the smaller, or whether it is done at all.
"""
import pathlib
import random
import re

LEFT_OUT = ('cli/', 'modules/list.cpp', 'http/builtin', 'loader/known_directives.cpp', 'takeover/dashboard', 'dashboard/')
OPERATORS = {'<': '<=', '<=': '<', '>': '>=', '>=': '>', '==': '!=', '!=': '==', '&&': '||', '||': '&&', '+': '-', '-': '+', '|': '&', '&': '|'}
WORDS = {'true': 'false', 'false': 'true', 'std::min': 'std::max', 'std::max': 'std::min', 'break': 'continue'}

TOKEN = re.compile(r'(?<= )(<=|>=|==|!=|&&|\|\||[<>+\-|&])(?= )'     # spaces on both sides: neither a template nor a sign
                   r"|(?<![\w.'\"])(\d+)(?![\w.'\"])"                    # a constant
                   r'|\b(std::min|std::max|true|false)\b(?!<)')
STATEMENT = re.compile(r'^(\+\+|--|[A-Za-z_][\w:]*(?:->|\.|\(|\[| [-+|&*/]?= )).*;$')
RETURN = re.compile(r'^((?:co_)?return) (.+);$')
KEPT = re.compile(r'^(auto|bool|int|std::size_t|std::uint64_t|std::int64_t|std::uint32_t|off_t|ssize_t)[&*]? (\w+) = (.+);$')
CONDITION = re.compile(r'^((?:\} else )?(?:if|while)) \(')
NEVER = re.compile(r'\b(co_await|co_yield|constexpr|static_assert|static|using|typedef|template|case|default|operator|goto|throw|delete|extern|friend|virtual)\b'
                   r'|\bBEXT_|\[[&=\w, ]*\](?: ?\(| ?\{)|\{$|R"')


def masked(text):
    """The text with what is quoted, and the comment at its end, blanked."""
    def blank(match):
        return match[0][0] + ' ' * (len(match[0]) - 2) + match[0][-1]
    text = re.sub(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)+\'', blank, text)
    at = text.find('//')
    return text if at < 0 else text[:at]


def closing(text, start):
    """Where the bracket that opens at `start` closes."""
    depth = 0
    for i in range(start, len(text)):
        depth += text[i] in '([{'
        depth -= text[i] in ')]}'
        if depth == 0:
            return i
    return -1


def changed(code, text, chance):
    """The text with one token of it changed, or None. `code` is the masked text."""
    found = [match for match in TOKEN.finditer(code) if not (match[0] in '+|' and '"' in code)]  # joined texts
    if not found:
        return None
    match = chance.choice(found)
    operator, number, word = match.groups()
    new = OPERATORS[operator] if operator else WORDS[word] if word else str(int(number) + 1)
    return text[:match.start()] + new + text[match.end():]


def mutations(line, chance):
    """(what it becomes with {n} for the number, what is said of it) for one line, or None."""
    code = masked(line)
    bare, code_of = line[:len(code)].strip(), code.strip()
    indent = line[:len(line) - len(line.lstrip())]
    if not indent or code_of.startswith(('#', '//', '*', '}', ':', ',')) and not code_of.startswith('} else'):
        return None
    condition = CONDITION.match(code_of)
    if condition:
        start = condition.end() - 1
        end = closing(code_of, start)
        head, whole, rest = bare[:start], bare[start + 1:end], bare[end + 1:]
        seen = code_of[start + 1:end]
        if end < 0 or NEVER.search(seen):
            return None
        declared, cut = '', seen.rfind('; ')
        if cut >= 0:
            declared, whole, seen = whole[:cut + 2], whole[cut + 2:], seen[cut + 2:]
        elif re.match(r'(?:const )?(?:auto|[\w:]+)[&*]* ?\w* = ', seen):
            return None
        other = changed(seen, whole, chance) if chance.random() < 0.6 else None
        other = other or f'!({whole})'
        return f'{indent}{head}({declared}::bext::mutant({{n}}) ? bool({other}) : bool({whole})){rest}', (whole, other)
    if NEVER.search(code_of) or code_of.count('(') != code_of.count(')') or code_of.count('{') != code_of.count('}'):
        return None
    returned = RETURN.match(code_of)
    kept = KEPT.match(code_of)
    if returned or kept:
        at = (returned or kept).start(2 if returned else 3)
        whole, seen = bare[at:-1], code_of[at:-1]
        if kept and re.search(r', \w+ = ', seen):
            return None
        other = None if seen.startswith('{') else changed(seen, whole, chance)
        if not other:
            return None
        return f'{indent}{bare[:at]}::bext::mutant({{n}}) ? {other} : {whole};', (whole, other)
    if STATEMENT.match(code_of) and not re.match(r'(return|if|for|while|else|do|switch|case|struct|class|enum|public|private)\b', code_of):
        if re.match(r'[\w:<>*&, ]+ \w+(\(|\{| =)', code_of) and not re.match(r'[\w.\->\[\]()]+ [-+|&*/]?= ', code_of):
            return None  # a declaration
        other = changed(code_of[:-1], bare[:-1], chance) if chance.random() < 0.4 else None
        if other:
            return f'{indent}{{ if (::bext::mutant({{n}})) {{ {other}; }} else {{ {bare} }} }}', (bare, other + ';')
        return f'{indent}{{ if (!::bext::mutant({{n}})) {{ {bare} }} }}', (bare, '(not done)')
    return None


class Place:
    def __init__(self, file, number, before, after, told):
        self.file, self.number, self.before, self.after, self.told = file, number, before, after, told

    @property
    def room(self):
        return self.file.split('/')[0]

    @property
    def name(self):
        """Stays the same when lines are added above."""
        return f'{self.file} | {self.told[0]} | {self.told[1]}'


def all_places(source, area, chance):
    places = []
    for path in sorted(pathlib.Path(source).rglob('*.cpp')):
        file = path.relative_to(source).as_posix()
        if file.startswith(LEFT_OUT) or not file.startswith(area):
            continue
        depth_of_table = 0
        lines = path.read_text().split('\n')
        for number, line in enumerate(lines, 1):
            code = masked(line)
            if depth_of_table or re.search(r'constexpr .*= ?\{$|constexpr .*\[\] = \{|R"\w*\(', code):  # a table
                depth_of_table += code.count('{') - code.count('}')
                continue
            # One that goes on from the line before, or in the next one, is none.
            before = masked(lines[number - 2]).strip() if number > 1 else ''
            if before and before[-1] not in ';{}:' and not re.match(r'(?:\} )?(?:else )?(?:if|for|while) \(.*\)$|(?:\} )?else$', before):
                continue
            made = mutations(line, chance)
            if made:
                places.append(Place(file, number, line, *made))
    return places


def choose(source, area, count, seed):
    """`count` places spread over the rooms by their lines, and some in reserve: those that do not compile are left out."""
    chance = random.Random(seed)
    places = all_places(source, area, chance)
    return chance.sample(places, min(len(places), count))


def put(tree, places):
    """Writes the mutations into the copy `tree` of src; the numbers are the indices, from 1 on."""
    by_file = {}
    for number, place in places.items():
        by_file.setdefault(place.file, []).append((number, place))
    for file, ones in by_file.items():
        path = pathlib.Path(tree, file)
        lines = path.read_text().split('\n')
        for number, place in ones:
            lines[place.number - 1] = place.after.replace('{n}', str(number), 1)
        path.write_text('#include "base/mutant.h"\n#line 1\n' + '\n'.join(lines))
