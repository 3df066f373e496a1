"""What a golden hides, and nothing more (README.md, "Masks")."""
import datetime
import email.utils
import gzip
import re

_DATE = r'(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT'
_LOG_TIME = re.compile(r'\d{4}/\d\d/\d\d \d\d:\d\d:\d\d (\[\w+\]) \d+#\d+: ')
_FILLED = re.compile(r'(.)\1{999,}$')
_CLF_TIME = re.compile(r'\[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\]')


def _seconds(text):
    return int(email.utils.parsedate_to_datetime(text).timestamp())


def _mask_dates(text):
    """Date itself, and Expires or a cookie's expires as seconds from the Date of the same answer."""
    now = None

    def line(match):
        nonlocal now
        if match['name'].lower() == 'date':
            now = _seconds(match['date'])
            return f"{match['name']}: %%DATE%%"
        away = _seconds(match['date']) - (now or 0)
        if now is None or abs(away) > 400 * 86400:
            return match[0]
        return f"{match['name']}: %%DATE{away:+d}%%"
    return re.sub(rf'(?m)^(?P<name>Date|Expires): (?P<date>{_DATE})(?=\r?$)', line, text, flags=re.I)


def mask_answer(data, values, own):
    """Masks the volatile parts of what a client received. `values`: placeholder -> text; `own`: the case's regexes."""
    text = data.decode('latin-1')
    text = re.sub(r'nginx/\d+\.\d+\.\d+', 'nginx/%%VERSION%%', text)
    text = _mask_dates(text)
    for boundary in set(re.findall(r'boundary=(\d{20})', text)):
        text = text.replace(boundary, '%%BOUNDARY%%')
    return _common(text, values, own).encode('latin-1')


def mask_log(line, values, own):
    """Masks times, process ids and connection numbers of a log line or a message of -t."""
    line = _FILLED.sub(lambda run: f'%%{run[1]} UP TO BYTE {len(line)}%%', line)
    line = _LOG_TIME.sub(r'%%TIME%% \1 %%PID%%: ', line)
    line = re.sub(r'(%%PID%%: )\*\d+ ', r'\1*%%N%% ', line)
    line = _CLF_TIME.sub('[%%TIME%%]', line)
    line = re.sub(r'nginx/\d+\.\d+\.\d+( \(bext-masquerade\))?', 'nginx/%%VERSION%%', line)
    return _common(line, values, own)


def _common(text, values, own):
    for regex in own:
        text = re.sub(regex, '%%MASK%%', text)
    for name, value in sorted(values.items(), key=lambda item: -len(item[1])):
        if name.startswith(('PORT', 'BACKEND')) and ':' not in value:
            text = re.sub(rf'(?<!\d){value}(?!\d)', f'%%{name}%%', text)
        else:
            text = text.replace(value, f'%%{name}%%')
        if name.startswith(('BACKEND', 'CLOSED', 'NAMES')):
            port = value.rpartition(':')[2]
            text = re.sub(rf'(?<!\d){port}(?!\d)', f'%%{name}:port%%', text)
    return text


def fill(text, values):
    """Puts the values in place of %%NAME%%."""
    def one(match):
        name, port, _ = match[1].partition(':port')
        if name not in values:
            raise SystemExit(f'unknown placeholder {match[0]}')
        return values[name].rpartition(':')[2] if port else values[name]
    return re.sub(r'%%([A-Z][A-Z0-9_:a-z]*)%%', one, text)


def dechunk(body):
    """The data of a chunked body, and whatever stands after its last chunk's size line."""
    data = b''
    while True:
        size, _, body = body.partition(b'\r\n')
        length = int(size.split(b';')[0], 16)
        if not length:
            return data, body
        data, body = data + body[:length], body[length + 2:]


def decode(answer):
    """A gzip answer with its body shown unpacked: compressed bytes are zlib's, not nginx's."""
    head, _, body = answer.partition(b'\r\n\r\n')
    if b'content-encoding: gzip' not in head.lower() or not body:
        return answer
    marks = b'%%GUNZIPPED%%'
    if b'transfer-encoding: chunked' in head.lower():
        body, tail = dechunk(body)
        marks = b'%%DECHUNKED%%' + marks
        if tail != b'\r\n':
            marks = b'%%TAIL ' + tail + b'%%' + marks
    return head + b'\r\n\r\n' + marks + gzip.decompress(body)


def join_chunks(answer):
    """A chunked answer with its chunks joined: where they are cut is a matter of timing."""
    head, _, body = answer.partition(b'\r\n\r\n')
    if b'transfer-encoding: chunked' not in head.lower():
        return answer
    data, tail = dechunk(body)
    return head + b'\r\n\r\n%%DECHUNKED%%' + data + (b'' if tail == b'\r\n' else b'%%TAIL ' + tail + b'%%')


def stamp(text):
    """An ISO time (UTC) as seconds."""
    return datetime.datetime.fromisoformat(text.replace('Z', '+00:00')).timestamp()
