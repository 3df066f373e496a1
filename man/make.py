#!/usr/bin/env python3
"""Makes the parts of the man pages and the completions that tell of commands and flags, from the table that the programs print.

    man/make.py BUILD           writes them
    man/make.py --check BUILD   tells which of them are not what the programs have (status 1); package.manual runs this
"""
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
PROGRAMS = {'bext': 'man/bext.1', 'bext-server': 'man/bext-server.8'}
MARK = re.compile(r'(\.\\" (\w+): made by man/make\.py\n).*?(\.\\" end\n)', re.S)


def flags_of(program):
    """Every flag of a program once, in the order of the table."""
    return list({flag['typed']: flag for command in program['commands'] for flag in command['flags']}.values())


# roff

def roff(text):
    text = text.replace('\\', '\\e').replace('-', '\\-')
    return re.sub(r"(?m)^([.'])", r'\\&\1', text)


def entry(flag):
    """A flag's head, as a macro of man(7)."""
    if flag['value']:
        return f'.BI {roff(flag["typed"])} " {roff(flag["value"])}"'
    return f'.B {roff(flag["typed"])}'


def synopsis(program):
    lines = []
    for command in program['commands']:
        lines.append(f'.B {program["name"]} {command["words"]}'.replace('-', '\\-'))
        for flag in command['flags']:
            value = f'\n.IR {roff(flag["value"])} ]' if flag['value'] else ' ]'
            lines.append(f'.RB [ {roff(flag["typed"])}{value}')
        lines.append('.br')
    return lines + [f'.B {program["name"]}'.replace('-', '\\-'), '.RB { help | \\-\\-help | \\-\\-version }']


def commands(program):
    lines, group = [], None
    for command in program['commands']:
        if command['group'] != group:
            group = command['group']
            lines.append(f'.SH {roff(group.upper())}')
        lines.append(f'.SS {roff(command["words"])}')
        lines.append(roff('\n.PP\n'.join(command['text'].split('\n\n'))).replace('\\&.PP', '.PP'))
        for flag in command['flags']:
            default = f' The default is {flag["default"]}.' if flag['default'] else ''
            lines += ['.TP', entry(flag), roff(flag['text'] + default)]
        lines += ['.PP', 'Examples:']
        for example in command['examples']:
            lines += ['.TP', f'.B {roff(example["line"])}', roff(example['text'])]
        lines += ['.PP', 'Exit status: ' + '; '.join(f'{one["number"]}: {roff(one["text"].rstrip("."))}' for one in command['statuses']) + '.']
    return lines


def page(path, program):
    """A man page with its made parts made anew."""
    parts = {'synopsis': synopsis, 'commands': commands}
    return MARK.sub(lambda found: found[1] + '\n'.join(parts[found[2]](program)) + '\n' + found[3], path.read_text())


# completions

def tree(program):
    """What can follow the words typed so far: {"nginx": {"masquerade": ""}} with the summary where a command is whole."""
    nodes = {}
    for command in program['commands']:
        words = command['words'].split()
        for i, word in enumerate(words):
            whole = command['summary'] if i + 1 == len(words) else ''
            known = nodes.setdefault(' '.join(words[:i]), {})
            known[word] = known.get(word) or whole
    return nodes


def quoted(text):
    return "'" + text.replace("'", "'\\''") + "'"


def patterns(flags, which):
    return ' | '.join(dict.fromkeys(flag['typed'] for flag in flags if which(flag)))


def bash(programs):
    everything = [flag for program in programs for flag in flags_of(program)]
    cases = []
    for program in programs:
        for typed, words in tree(program).items():
            first = ' help --help --version' if not typed else ''
            cases.append(f"    '{' '.join([program['name'], typed]).strip()}') known='{' '.join(words)}{first}' ;;")
        for command in program['commands']:
            known = ' '.join(flag['typed'] for flag in command['flags'])
            cases.append(f"    '{program['name']} {command['words']}') [[ $help ]] || known='{known} --help' ;;")
    return f'''# bash completion for bext and bext-server; made by man/make.py

_bext() {{
  local cur prev words cword
  _init_completion -s || return
  case $prev in
    {patterns(everything, lambda flag: flag['file'])}) _filedir; return ;;
    {patterns(everything, lambda flag: flag['value'] and not flag['file'])}) return ;;
  esac
  local typed=${{1##*/}} help='' known='' i
  for ((i = 1; i < cword; i++)); do
    case ${{words[i - 1]}} in
      {patterns(everything, lambda flag: flag['value'])}) continue ;;
    esac
    case ${{words[i]}} in
      help) help=yes ;;
      --nginx-masquerade | [!-]*) typed+=" ${{words[i]}}" ;;
    esac
  done
  case $typed in
{chr(10).join(cases)}
  esac
  COMPREPLY=($(compgen -W "$known" -- "$cur"))
}} &&
  complete -F _bext bext bext-server
'''


def zsh_flag(flag):
    text = re.sub(r'([\[\]:])', r'\\\1', flag['text'].split('. ')[0].rstrip('.'))
    kind = f':{flag["value"].lower()}:{"_files" if flag["file"] else ""}' if flag['value'] else ''
    return quoted(f'{flag["typed"]}[{text}]{kind}')


def zsh(programs):
    everything = [flag for program in programs for flag in flags_of(program)]
    cases = []
    for program in programs:
        for typed, words in tree(program).items():
            known = [quoted(f'{word}:{text}' if text else word) for word, text in words.items()]
            known += ["'help:all about one command'", "'--help:the commands'", "'--version:the version'"] if not typed else []
            cases.append(f"  '{' '.join([program['name'], typed]).strip()}') known=({' '.join(known)}); _describe command known ;;")
        for command in program['commands']:
            known = ' '.join([zsh_flag(flag) for flag in command['flags']] + ["'--help[all about this command]'"])
            cases.append(f"  '{program['name']} {command['words']}') [[ -n $help ]] || _arguments {known} ;;")
    return f'''#compdef bext bext-server
# made by man/make.py

local typed=$service help='' i
local -a known
for ((i = 2; i < CURRENT; i++)); do
  case $words[i-1] in
    {patterns(everything, lambda flag: flag['value'])}) continue ;;
  esac
  case $words[i] in
    help) help=yes ;;
    --nginx-masquerade|[^-]*) typed+=" $words[i]" ;;
  esac
done
case $typed in
{chr(10).join(cases)}
esac
'''


def fish(program):
    name = program['name']
    is_typed = f'__{name.replace("-", "_")}_typed'
    lines = ['# made by man/make.py', f'function {is_typed}', '    set -l words', '    set -l before', '    for word in (commandline -opc)[2..]',
             '        switch "$before"', f'            case {patterns(flags_of(program), lambda flag: flag["value"]).replace(" | ", " ")}',
             '            case \'*\'', '                string match -q -- \'--nginx-masquerade\' $word; or string match -qv -- \'-*\' $word; and set -a words $word',
             '        end', '        set before $word', '    end', '    test "$words" = "$argv"', 'end', f'complete -c {name} -f']
    for typed, words in tree(program).items():
        for word, text in words.items():
            for start in dict.fromkeys((typed, f'help {typed}'.strip())):
                condition = quoted(f'{is_typed} {typed_words(start)}'.strip())
                lines.append(f"complete -c {name} -n {condition} -a {quoted(word)}" + (f' -d {quoted(text)}' if text else ''))
    for word, text in (('help', 'All about one command'), ('--help', 'The commands'), ('--version', 'The version')):
        lines.append(f"complete -c {name} -n {quoted(is_typed)} -a {quoted(word)} -d {quoted(text)}")
    for command in program['commands']:
        for flag in command['flags'] + [{'typed': '--help', 'value': '', 'file': False, 'text': 'All about this command.'}]:
            dashes, word = re.fullmatch('(-+)(.*)', flag['typed']).groups()
            option = f'-{"s" if len(dashes) == 1 else "l"} {word}' + (' -rF' if flag['file'] else ' -x' if flag['value'] else '')
            text = flag['text'].split('. ')[0].rstrip('.')
            condition = quoted(is_typed + ' ' + typed_words(command['words']))
            lines.append(f"complete -c {name} -n {condition} {option} -d {quoted(text)}")
    return '\n'.join(lines) + '\n'


def typed_words(text):
    return f'"{text}"' if text else ''


def main():
    check = sys.argv[1] == '--check'
    build = pathlib.Path(sys.argv[-1])
    programs = {name: json.loads(subprocess.run([build / name, 'help', '--json'], capture_output=True, text=True, check=True).stdout) for name in PROGRAMS}
    made = {path: page(ROOT / path, programs[name]) for name, path in PROGRAMS.items()}
    made['completions/bext.bash'] = bash(list(programs.values()))
    made['completions/bext.zsh'] = zsh(list(programs.values()))
    for name, program in programs.items():
        made[f'completions/{name}.fish'] = fish(program)
    stale = [path for path, text in made.items() if (ROOT / path).read_text() != text]
    if not check:
        for path in stale:
            (ROOT / path).write_text(made[path])
    print('\n'.join(f'{path}: {"is not what the programs have: man/make.py BUILD" if check else "made"}' for path in stale) or 'all is as the programs have it')
    return 1 if check and stale else 0


if __name__ == '__main__':
    sys.exit(main())
