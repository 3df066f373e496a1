"""Bytes as readable lines and back: the escapes that golden files use (README.md, "Lines and bytes")."""
import hashlib
import re

_NAMED = {'n': 10, 'r': 13, 't': 9, '\\': 92, '0': 0}
_LONG = 1200


def unescape(text):
    """The bytes that an escaped text stands for."""
    out = bytearray()
    at = 0
    while at < len(text):
        char = text[at]
        if char != '\\':
            out += char.encode('utf-8')
            at += 1
        elif text[at + 1:at + 2] == 'x':
            out.append(int(text[at + 2:at + 4], 16))
            at += 4
        elif text[at + 1:at + 2] == '*':
            count, unit = re.match(r'\\\*(\d+)\{(.*?)\}', text[at:]).groups()
            out += unescape(unit) * int(count)
            at += len(f'\\*{count}{{{unit}}}')
        elif text[at + 1:at + 2] in _NAMED:
            out.append(_NAMED[text[at + 1]])
            at += 2
        else:
            raise ValueError(f'unknown escape at: {text[at:at + 10]!r}')
    return bytes(out)


def lines_to_bytes(lines):
    """Lines end in CRLF, unless their last two characters are \\n (LF only) or \\c (nothing)."""
    out = b''
    for line in lines:
        if line.endswith('\\c') and not line.endswith('\\\\c'):
            out += unescape(line[:-2])
        elif line.endswith('\\n') and not line.endswith('\\\\n'):
            out += unescape(line)
        else:
            out += unescape(line) + b'\r\n'
    return out


def _escape(data):
    if len(data) > _LONG:
        return f'%%BYTES {len(data)} sha256={hashlib.sha256(data).hexdigest()[:16]}%%'
    out = []
    for byte in data:
        if byte == 92:
            out.append('\\\\')
        elif 32 <= byte < 127:
            out.append(chr(byte))
        else:
            out.append({10: '\\n', 13: '\\r', 9: '\\t'}.get(byte, f'\\x{byte:02x}'))
    text = ''.join(out)
    return text[:-1] + '\\x20' if text.endswith(' ') else text


def bytes_to_lines(data):
    """The inverse of lines_to_bytes."""
    lines = []
    for piece in re.findall(rb'[^\n]*\n|[^\n]+', data):
        if piece.endswith(b'\r\n'):
            lines.append(_escape(piece[:-2]))
            if lines[-1].endswith(('\\c', '\\n')):
                lines[-1] += '\\r\\n'
        elif piece.endswith(b'\n'):
            lines.append(_escape(piece[:-1]) + '\\n')
        else:
            lines.append(_escape(piece) + '\\c')
    return lines
