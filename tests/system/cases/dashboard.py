"""The dashboard as a person has it: driven in headless Chromium with mouse and keyboard, on a desk and on a phone, light and dark."""
import json
import pathlib
import re

from browser import Browser, needs_browser
from machine import wait_for
from service import Load

VERSION = re.search(r'project\(bext VERSION ([0-9.]+)', (pathlib.Path(__file__).resolve().parents[3] / 'CMakeLists.txt').read_text())[1]
DESK, PHONE = (1280, 900), (390, 844)
SITE = """
upstream app { server 127.0.0.1:8089; server 127.0.0.1:1; }
gzip_types text/html;
server { listen 80; server_name www.example; location / { proxy_pass http://app; } location /old/ { proxy_pass http://127.0.0.1:2/; } }
server { listen 80; server_name static.example; root /var/www/html; }
server { listen 443 ssl; server_name shop.example; ssl_certificate shop.pem; ssl_certificate_key shop.key; location / { return 200 "shop\\n"; } }
"""
# A page of somewhere else on this machine, to which the browser would send the cookie: ports do not part sites.
FOREIGN = """<!doctype html><title>foreign</title><script>
async function attack(base) {
  const tried = [];
  for (const path of ['/api/takeover', '/api/rollback'])
    for (const mode of ['no-cors', 'cors'])
      tried.push(await fetch(base + path, {method: 'POST', mode, credentials: 'include'}).then(r => mode + ' ' + r.type, e => mode + ' refused'));
  tried.push(await fetch(base + '/api/status', {credentials: 'include'}).then(r => 'read', e => 'unreadable'));
  const frame = document.createElement('iframe');
  frame.src = base + '/';
  await new Promise(done => { frame.onload = done; document.body.append(frame); });
  tried.push(frame.contentDocument === null ? 'frame closed' : 'frame open');
  return tried;
}
</script><body></body>"""
# The smallest contrast of a text on the page with what is behind it, after https://www.w3.org/TR/WCAG22/#contrast-minimum.
CONTRAST = """
const parts = text => { const n = text.match(/[\\d.]+/g).map(Number); return [n[0], n[1], n[2], n[3] ?? 1]; };
const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
const light = c => [0, 1, 2].map(i => c[i] / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const behind = e => e ? over(parts(getComputedStyle(e).backgroundColor), behind(e.parentElement)) : [255, 255, 255, 1];
let worst = [99, ''];
for (const e of document.querySelectorAll('body *')) {
  if (!e.checkVisibility() || ![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
  const back = behind(e), a = light(over(parts(getComputedStyle(e).color), back)), b = light(back);
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < worst[0]) worst = [ratio, e.tagName + ' ' + e.className + ' ' + e.textContent.slice(0, 40)];
}
return worst;
"""
# Cells that do not have their column's title where a table is stacked, or whose parts do not stand under each other.
STACKED = """
const wrong = [];
for (const table of document.querySelectorAll('table')) {
  const titles = [...table.querySelectorAll('thead th')].map(e => JSON.stringify(e.textContent));
  for (const tr of table.querySelectorAll('tbody tr')) for (const [i, td] of [...tr.children].entries()) {
    if (i && getComputedStyle(td, '::before').content !== titles[i]) wrong.push(td.innerText + ' without ' + titles[i]);
    const starts = new Set([...td.children].map(e => e.getBoundingClientRect().left));
    if (i && starts.size > 1) wrong.push(td.innerText + ' starts at ' + [...starts]);
  }
}
for (const box of document.querySelectorAll('.table')) if (box.scrollWidth > box.clientWidth) wrong.push(box.innerText + ' is wider than its place');
return wrong;
"""


def _site(machine):
    machine.run('openssl req -x509 -newkey rsa:2048 -nodes -days 9 -subj /CN=shop.example -addext subjectAltName=DNS:shop.example'
                ' -keyout /etc/nginx/shop.key -out /etc/nginx/shop.pem; mkdir -p /run/foreign')
    machine.put('live\n', '/run/live/index.html')
    machine.put(FOREIGN, '/run/foreign/index.html')
    for port, directory in ((8089, 'live'), (8099, 'foreign')):
        machine.run(f'systemd-run --quiet python3 -m http.server -b 127.0.0.1 -d /run/{directory} {port}')
        machine.wait_until(f'curl -fsS http://127.0.0.1:{port}/')
    machine.put(SITE, '/etc/nginx/conf.d/site.conf')
    machine.run('systemctl reload nginx')


def _start(machine, before=''):
    """Starts the command as a unit, so that it can be ended; the URL that it prints."""
    machine.run(f'systemd-run --quiet --unit dash -p StandardOutput=file:/run/dash.log {before} bext nginx-takeover --probation 3')
    machine.wait_until('grep -q token= /run/dash.log', timeout=60)
    return machine.run('grep -o "http://.*token=.*" /run/dash.log').out.strip()


def _phase(machine):
    return json.loads(machine.run('bext takeover status --json').out)['phase']


def _focus(browser):
    """The element that has the focus, and whether that can be seen."""
    return browser.script("const e = document.activeElement; return [e.id || e.tagName, e.matches(':focus-visible') && getComputedStyle(e).outlineStyle]")


def _pictures(machine, browser, stage, whole=True):
    """The page in both sizes and schemes; in each, text can be read and nothing needs scrolling sideways."""
    for name, size in (('desk', DESK), ('phone', PHONE)):
        for scheme in ('light', 'dark'):
            browser.look(*size, scheme)
            browser.screenshot(machine.build / 'screenshots' / f'{stage}-{name}-{scheme}.png', whole)
            ratio, text = browser.script(CONTRAST)
            assert ratio >= 4.5, f'{stage} {name} {scheme}: contrast {ratio:.2f} of {text}'
            wide = browser.script('return [document.documentElement.scrollWidth, innerWidth]')
            assert wide[0] <= size[0], f'{stage} {name}: {wide}'
            assert name == 'desk' or browser.script(STACKED) == [], f'{stage} {name}: {browser.script(STACKED)}'
    browser.look(*DESK, 'light')


def _text(browser, selector):
    return browser.script('return document.querySelector(arguments[0]).innerText', selector)


def _transition(machine, browser, button, phase, stage):
    """Opens the question and leaves it, then agrees with the keyboard; waits for the phase."""
    assert browser.script('return document.activeElement.id') != button
    for _ in range(5):
        browser.press('Tab')
        if _focus(browser)[0] == button:
            break
    assert _focus(browser) == [button, 'solid'], 'the button cannot be reached with the keyboard, or not be seen to be'
    before = _phase(machine)
    browser.press('Enter')
    browser.wait("document.querySelector('#ask').open")
    assert _focus(browser)[0] == 'no', 'what changes nothing must be first'
    _pictures(machine, browser, f'{stage}-question', whole=False)
    browser.press('Escape')
    assert not browser.script("return document.querySelector('#ask').open") and _focus(browser)[0] == button
    assert _phase(machine) == before
    browser.click('#' + button)
    browser.press('Shift', 'Tab')
    assert _focus(browser)[0] == 'yes'
    browser.press('Enter')
    browser.wait("!document.querySelector('#overlay').hidden && document.querySelector('#moving').innerText.length > 20", 20)
    assert _focus(browser)[0] == 'h-phase', 'the focus must not get lost with the button'
    if button == 'take':  # the probation leaves time for it
        browser.wait("document.querySelector('#phase').innerText === 'TakingOver'")
        _pictures(machine, browser, f'{stage}-overlay', whole=False)
        assert browser.script("return document.querySelector('#take').disabled")
        assert re.match(r'Step ([1-9]|1[01]) of 11: ', _text(browser, '#doing')) and browser.script("return document.querySelector('#bar').max") == 11
        assert 'TakingOver' in browser.script('return document.title')
        seen = "const at = document.querySelector('#history').lastElementChild.getBoundingClientRect();" \
               " return document.elementFromPoint(at.x + 5, at.y + at.height / 2)?.closest('#history') !== null"
        assert browser.script(seen), 'the overlay must not hide the history'
    browser.wait(f"document.querySelector('#phase').innerText === '{phase}' && document.querySelector('#overlay').hidden", 90)
    assert _phase(machine) == phase


def _first_look(machine, browser):
    browser.wait("document.querySelectorAll('#hosts tr').length && document.querySelectorAll('.check').length && !document.querySelector('#take').disabled")
    assert browser.address() == 'http://127.0.0.1:9999/', 'the token must not stay in the address bar'
    assert browser.script("return !document.cookie && !document.referrer"), 'scripts must not see the token of the cookie'
    host = machine.run('hostname').out.strip()
    assert browser.script('return document.title') == _text(browser, '#title') == f'{host}: Preflight - bext {VERSION}', _text(browser, '#title')
    assert _text(browser, '#phase') == 'Preflight' and _text(browser, '#path [aria-current]') == 'Preflight'
    assert _text(browser, '.check').startswith('Config Parsed'), 'what is wrong comes first'
    hosts, upstreams = _text(browser, '#hosts'), _text(browser, '#upstreams')
    assert 'shop.example' in hosts and 'conf.d/site.conf:6' in hosts, hosts
    assert re.search('expires soon: [89] days left', hosts), hosts  # 9 within the second in which it was made
    assert 'app: 127.0.0.1:8089' in upstreams and 'app: 127.0.0.1:1' in upstreams and 'http://127.0.0.1:2/' in upstreams, upstreams
    states = browser.script("return [...document.querySelectorAll('#upstreams td.health')].map(e => e.innerText.replace('\\n', ' '))")
    assert states == ['up', 'down Connection refused', 'down Connection refused'], states
    assert '/etc/nginx/conf.d/site.conf:3' in _text(browser, '#warnings')
    stats = browser.script("return Object.fromEntries([...document.querySelectorAll('#stats div')].map(e => [e.children[0].innerText, +e.children[1].innerText]))")
    assert stats.pop('directives') > 100
    assert stats == {'virtual hosts': 4, 'listens': 3, 'upstream': 1, 'backends down': 2, 'certificate': 1, 'warning': 1}, stats
    assert browser.script("return fetch('/api/status').then(r => r.status)") == 403, 'what the browser sends by itself must not be enough'


def _for_a_screen_reader(browser):
    nodes = browser.accessible()
    for role, name in (('button', 'Take Over'), ('button', 'Rollback'), ('heading', 'Phase'), ('heading', 'Checks'), ('heading', 'History'),
                       ('heading', 'Virtual hosts'), ('heading', 'Certificates'), ('heading', 'Error log'), ('table', 'Virtual hosts'), ('table', 'Certificates'), ('table', 'Upstreams'), ('columnheader', 'Certificate'),
                       ('columnheader', 'Health'), ('list', 'The way of a takeover'), ('rowheader', None), ('status', None), ('main', None)):
        assert any(node[0] == role and name in (None, node[1]) for node in nodes), f'{role} {name} is missing: {nodes}'
    charts = [name for role, name in nodes if role == 'image' or role == 'img']
    assert [name.split(':')[0] for name in charts] == ['Requests', 'Errors', 'Answer time'], charts
    assert all('now ' in name and 'axis to' in name and 'average' in name for name in charts), charts


@needs_browser
def there_and_back_with_the_keyboard(machine):
    _site(machine)
    url = _start(machine)
    with Load(machine, kept=4, fresh=2, pause=50) as load, Browser(machine) as browser:
        browser.look(*DESK, 'light')
        browser.open(url)
        _first_look(machine, browser)
        _for_a_screen_reader(browser)
        _pictures(machine, browser, '1-preflight')
        _transition(machine, browser, 'take', 'Active', '2-takeover')
        wait_for(lambda: 'after' in _text(browser, '.requests p'), 20, 'the averages before and after the switch')
        assert browser.script("return document.querySelectorAll('#c-requests line:not(.half)').length") == 1
        assert 'before the switch to bext' in browser.script("return document.querySelector('#c-requests').getAttribute('aria-label')")
        browser.wait("document.querySelector('#step-next').innerText === 'bext nginx masquerade install'")
        assert 'logrotate' in _text(browser, '#asks') and '/etc/logrotate.d/nginx:' in _text(browser, '#asks'), _text(browser, '#asks')
        browser.wait("document.querySelector('#series').innerText.includes('www.example')")
        browser.wait("document.querySelectorAll('#upstreams td.health + td')[0].innerText > '0'")
        machine.run('curl -sS -o /dev/null -H "Host: www.example" http://127.0.0.1/old/')
        browser.wait("[...document.querySelectorAll('#upstreams tbody tr')][2].innerText.split('\\t').slice(2, 4).join() === '1,1'", 20)  # a *_pass to an address
        at_the_end = "const log = document.querySelector('.log'); return [log.scrollHeight > log.clientHeight, log.scrollTop + log.clientHeight > log.scrollHeight - 2]"
        assert browser.script(at_the_end) == [True, True], 'the newest lines of the error log are seen first'
        _pictures(machine, browser, '3-active')
        first = browser.script('return seconds[0][0]')
        browser.reload()
        browser.wait("document.querySelector('#phase').innerText === 'Active' && !document.querySelector('#back').disabled")
        browser.wait(f'seconds[0]?.[0] <= {first}', 20)  # what was before it
        browser.script('seconds.length = 2')
        browser.wait('seconds.length > 2 && seconds.every((s, i) => !i || s[0] - seconds[i - 1][0] <= 3)', 10)  # what it has missed
        assert 'disabling nginx' in _text(browser, '#history'), 'a page that is loaded anew must know the history'
        _transition(machine, browser, 'back', 'RolledBack', '4-rollback')
        wait_for(lambda: browser.script("return document.querySelectorAll('#c-requests line:not(.half)').length") == 2, 20, 'the second switch')
        overlap = browser.script("return [...document.querySelectorAll('.plot')].map(plot => [...plot.querySelectorAll('.at, .top')].map(e => e.getBoundingClientRect())"
                                 ".sort((a, b) => a.left - b.left).map((box, i, all) => i && box.left < all[i - 1].right))")
        assert [len(one) for one in overlap] == [3, 3, 3] and not any(any(one) for one in overlap), f'texts above a chart hide each other: {overlap}'
        _pictures(machine, browser, '5-rolled-back')
    assert load.counts['refused'] == 0 and load.counts['errors'] == 0, load.line


@needs_browser
def a_page_of_another_origin_has_no_effect(machine):
    _site(machine)
    url = _start(machine)
    with Browser(machine) as browser:
        browser.open(url)
        browser.wait("document.querySelector('#phase').innerText === 'Preflight'")
        for origin in ('http://127.0.0.1:8099/', 'http://localhost:8099/'):
            browser.open(origin)
            tried = browser.script("return attack('http://127.0.0.1:9999')")
            assert tried == ['no-cors opaque', 'cors refused', 'no-cors opaque', 'cors refused', 'unreadable', 'frame closed'], tried
        history = machine.run('bext takeover status --json').out
        assert json.loads(history)['phase'] == 'Preflight' and 'TakingOver' not in history, history
        browser.open('http://127.0.0.1:9999/')
        browser.wait("document.querySelector('#phase').innerText === 'Preflight'")
    token = url.split('token=')[1]
    head = machine.run(f'curl -sSD - -o /dev/null -H "X-Bext-Token: {token}" http://127.0.0.1:9999/').out.lower()
    for field in ("content-security-policy: default-src 'none'", "frame-ancestors 'none'", 'x-frame-options: deny', 'cache-control: no-store',
                  'x-content-type-options: nosniff', 'referrer-policy: no-referrer'):
        assert field in head, head
    assert 'unsafe' not in head


# Listens on another port of the same machine, and keeps the last header that it got.
LISTENER = """
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        open('/run/heard', 'w').write(str(self.headers))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'<title>listener</title>')
http.server.HTTPServer(('127.0.0.1', 8077), Handler).serve_forever()
"""


@needs_browser
def what_another_port_gets_of_the_browser_is_worth_nothing(machine):
    machine.put(LISTENER, '/run/listener.py')
    machine.run('systemd-run --quiet python3 /run/listener.py')
    machine.wait_until('curl -fsS http://127.0.0.1:8077/')
    url = _start(machine)
    token = url.split('token=')[1]
    with Browser(machine) as browser:
        browser.open(url)
        browser.wait("document.querySelector('#phase').innerText === 'Preflight'")
        browser.open('http://127.0.0.1:8077/')
        assert browser.script('return document.title') == 'listener' and browser.script('return sessionStorage.length') == 0
        header = machine.get('/run/heard').decode()
        cookie = re.search(r'(?mi)^cookie: (bext_dashboard.*?)\r?$', header)[1]
        assert token not in header, 'the cookie is the token'
        page = machine.run(['curl', '-sS', '-H', f'Cookie: {cookie}', 'http://127.0.0.1:9999/']).out
        assert '<title>bext: takeover' in page and token not in page, 'the page tells the token'
        with_cookie = ['curl', '-sS', '-o', '/dev/null', '-w', '%{http_code}', '-H', f'Cookie: {cookie}']
        for words in (['/api/status'], ['/api/config'], ['/api/events'], ['/api/takeover', '-X', 'POST'], ['/api/rollback', '-X', 'POST']):
            done = machine.run(with_cookie + [f'http://127.0.0.1:9999{words[0]}'] + words[1:])
            assert done.out == '403', done
        browser.open('http://127.0.0.1:9999/')
        browser.wait("document.querySelector('#phase').innerText === 'Preflight'")
    assert machine.run(with_cookie[:-2] + ['-H', f'X-Bext-Token: {token}', 'http://127.0.0.1:9999/api/status']).out == '200', 'a script has the token'
    # With the command both secrets end, and another one knows nothing of them.
    with Browser(machine) as browser:
        browser.open(url)
        browser.wait("document.querySelector('#phase').innerText === 'Preflight'")
        machine.run('systemctl stop dash; rm /run/dash.log')
        _start(machine)
        browser.wait("document.querySelector('#lost').innerText.includes('This page is over')")


@needs_browser
def what_stands_in_the_way_is_said(machine):
    """A critical check that fails, and a command that ends while the page is open."""
    machine.put('server { listen 8443 ssl; ssl_certificate /etc/nginx/none.pem; ssl_certificate_key /etc/nginx/none.key; }', '/etc/nginx/conf.d/broken.conf')
    url = _start(machine)
    with Browser(machine) as browser:
        browser.look(*DESK, 'light')
        browser.open(url)
        browser.wait("document.querySelectorAll('.check.fail').length > 0 && document.querySelector('#why').innerText.includes('critical')")
        why = _text(browser, '#why')
        assert 'critical checks fail: ' in why and 'SSL Certs Accessible' in why, why
        assert browser.script("return document.querySelector('#take').disabled")
        assert 'fail' in browser.script("return document.querySelector('.check').className")
        assert browser.script("return document.querySelector('.check.fail .mend').checkVisibility()")
        places = browser.script("return [...document.querySelectorAll('.check.fail .faults .place')].map(e => e.innerText)")
        assert '/etc/nginx/conf.d/broken.conf:1' in places, places
        look = browser.script("const s = getComputedStyle(document.querySelector('#take')); return [s.borderStyle, s.cursor]")
        assert look == ['dashed', 'not-allowed'], 'a disabled button must not look as if it could be pressed'
        _pictures(machine, browser, '6-blocked')
        machine.run('rm /etc/nginx/conf.d/broken.conf')
        browser.click('#again')
        browser.wait("!document.querySelector('#take').disabled")
        assert 'No critical check fails' in _text(browser, '#why') and browser.script("return !document.querySelector('.check.fail')")
        machine.run('systemctl stop dash')
        browser.wait("document.querySelector('#lost').innerText.includes('Connection lost')")
        assert browser.script("return [...document.querySelectorAll('.buttons button')].every(e => e.disabled || e.closest('dialog'))")
        seen = browser.script("scrollTo(0, 1e6); const box = document.querySelector('#lost').getBoundingClientRect(); return [scrollY > 100, box.top >= 0, box.bottom <= innerHeight]")
        assert seen == [True, True, True], f'whoever reads further down must see it, too: {seen}'
        _pictures(machine, browser, '7-connection-lost', whole=False)


@needs_browser
def what_changes_meanwhile_is_shown(machine):
    """The health of a backend, what a new look shows, and what another command does."""
    _site(machine)
    url = _start(machine)
    with Browser(machine) as browser:
        browser.look(*DESK, 'light')
        browser.open(url)
        browser.wait("document.querySelectorAll('#upstreams td.health').length === 3 && document.querySelector('#rehearsed').innerText")
        assert '/old/' not in _text(browser, '#rehearsal')
        state = "document.querySelectorAll('#upstreams td.health')[1].innerText"
        assert browser.script(f'return {state}').startswith('down')
        machine.run('systemd-run --quiet --unit second python3 -m http.server -b 127.0.0.1 -d /run/live 1')
        browser.wait(state + " === 'up'")
        machine.run('systemctl stop second')
        browser.wait(state + ".startsWith('down')")
        machine.run('curl -sS -H "Host: www.example" http://127.0.0.1/old/')
        browser.click('#again')
        browser.wait("document.querySelector('#rehearsal').innerText.includes('/old/') && document.querySelector('#overlay').hidden")
        moving = "!document.querySelector('#overlay').hidden && document.querySelector('#moving').innerText.startsWith('{}')"
        machine.run('systemd-run --quiet bext nginx-takeover --auto-takeover --rehearsal 0 --probation 3')
        browser.wait(moving.format('Taking over'))
        assert browser.script("return getComputedStyle(document.querySelector('.turn')).animationName") == 'turn'
        browser.devtools('Emulation.setEmulatedMedia', features=[{'name': 'prefers-reduced-motion', 'value': 'reduce'}])
        assert browser.script("return getComputedStyle(document.querySelector('.turn')).animationName") == 'none'
        browser.wait("document.querySelector('#phase').innerText === 'Active' && document.querySelector('#overlay').hidden")
        assert browser.script("return document.querySelector('#again').disabled"), 'the checks are about the way to bext'
        machine.run('systemd-run --quiet bext rollback --yes')
        browser.wait("document.querySelector('#phase').innerText === 'RolledBack' && document.querySelector('#overlay').hidden")


REHEARSAL = {'state': 'done', 'reason': '', 'requests': 400, 'matched': 398, 'percent': 99.5, 'locations': [
    {'server': 'static.example', 'location': '/', 'requests': 300, 'matched': 300, 'percent': 100, 'differences': []},
    {'server': 'www.example', 'location': '/old/', 'requests': 100, 'matched': 98, 'percent': 98,
     'differences': [{'request': 'GET /old/<b>x</b>?y', 'what': 'status: nginx 200, bext 404'}]}]}


@needs_browser
def the_rehearsal_is_shown(machine):
    _site(machine)
    url = _start(machine)
    with Browser(machine) as browser:
        browser.look(*DESK, 'light')
        browser.open(url)
        browser.wait("document.querySelector('#phase').innerText === 'Preflight'")
        browser.script('rehearsal(arguments[0])', REHEARSAL)
        shown = _text(browser, '#rehearsal')
        assert '2 of 400 requests differ' in shown and 'status: nginx 200, bext 404' in shown and 'GET /old/<b>x</b>?y' in shown, shown
        assert shown.index('/old/') < shown.index('static.example'), 'what differs comes first'
        assert ('table', 'Rehearsal') in browser.accessible()
        _pictures(machine, browser, '8-rehearsal')
        browser.script('rehearsal({state: "skipped", reason: "no requests were recorded"})')
        assert _text(browser, '#rehearsal').endswith('skipped: no requests were recorded')


# nginx serves the one, and what is on the disk, which bext would serve, is the other.
PLANTED = 'server {{ listen 80; server_name one.example; location /same {{ return 200 same; }} location /planted {{ return 200 {}; }} }}'


@needs_browser
def one_difference_is_accepted_with_a_reason(machine):
    machine.put(PLANTED.format('old'), '/etc/nginx/conf.d/site.conf')
    machine.run('systemctl reload nginx')
    machine.wait_until('curl -sS -H "Host: one.example" http://127.0.0.1/planted | grep old')
    machine.put(PLANTED.format('longer'), '/etc/nginx/conf.d/site.conf')
    url = _start(machine)
    with Browser(machine) as browser:
        browser.look(*DESK, 'light')
        browser.open(url)
        browser.wait("document.querySelector('#rehearsed').innerText.includes('1 of')")
        assert re.match(r'1 of \d+ requests differs$', _text(browser, '#rehearsed')), _text(browser, '#rehearsed')
        assert 'Rehearsal' in _text(browser, '#why') and browser.script("return document.querySelector('#take').disabled")
        _pictures(machine, browser, '9-difference')
        browser.click('#locations button')
        browser.wait("document.querySelector('#accept').open")
        assert _focus(browser)[0] == 'why-accept' and browser.script("return document.querySelector('#accept-yes').disabled"), 'without a reason nothing is accepted'
        _pictures(machine, browser, '9-accept', whole=False)
        browser.press('Escape')
        assert not browser.script("return document.querySelector('#accept').open") and browser.script("return document.querySelector('#take').disabled")
        browser.click('#locations button')
        browser.type('<b>planned</b> for today')
        browser.press('Enter')
        browser.wait("!document.querySelector('#take').disabled")
        assert _text(browser, '#rehearsed').endswith('which was accepted') and 'Accepted: <b>planned</b> for today' in _text(browser, '#rehearsal')
        token = url.split('token=')[1]
        accept = ['curl', '-sS', '-X', 'POST', '-H', f'X-Bext-Token: {token}', 'http://127.0.0.1:9999/api/accept', '--data-binary']
        assert 'no such difference' in machine.run(accept + ['one.example\n/same\nstatus: nginx 200, bext 404\nbecause']).out
        assert 'say why' in machine.run(accept + ['one.example\n/planted\nx\n ']).out
    machine.run('systemctl stop dash')
    # What was accepted on the page a command knows, and the history has the reason.
    machine.run('bext nginx-takeover --auto-takeover --probation 1', timeout=120)
    told = machine.run('bext takeover status').out
    assert 'one.example /planted: ' in told and '<b>planned</b> for today' in told, told
    machine.run('rm /run/dash.log')
    url = _start(machine)
    with Browser(machine) as browser:
        browser.open(url)
        browser.wait("document.querySelector('#history').innerText.includes('disabling nginx')")
        assert re.search('accepted: one.example /planted: .*<b>planned</b> for today', _text(browser, '#history')), _text(browser, '#history')
    machine.run('systemctl stop dash')
    machine.run('bext rollback --yes', timeout=120)
    machine.put(PLANTED.format('another'), '/etc/nginx/conf.d/site.conf')
    done = machine.run('bext nginx-takeover --auto-takeover --probation 1', timeout=120, check=False)
    assert done.status == 1 and 'nothing was changed' in done.err, 'another difference is not the accepted one: ' + done.out


RUNNING = """
log_format odd '$remote_addr $status';
upstream app { server 127.0.0.1:8089; server 127.0.0.1:1; }
server { listen 80; server_name www.example; access_log off; location / { proxy_pass http://app; } location /teapot { return 418; } location /broken { return 503; } }
server { listen 443 ssl; server_name shop.example; ssl_certificate shop.pem; ssl_certificate_key shop.key; error_log /var/log/nginx/shop.log; location / { return 200 "shop\\n"; } }
"""
# The texts of a table's cells, row by row.
ROWS = "return [...document.querySelectorAll(arguments[0] + ' tbody tr')].map(r => [...r.children].map(c => c.innerText.replaceAll('\\n', ' ')))"


def _ask(machine, paths):
    for path in paths:
        machine.run(['curl', '-sS', '-o', '/dev/null', '-H', 'Host: www.example', f'http://127.0.0.1{path}'])


def _running_dashboard(machine):
    """The address of the page of the running server."""
    machine.run('systemd-run --quiet --unit dash -p StandardOutput=file:/run/dash.log bext dashboard')
    machine.wait_until('grep -q token= /run/dash.log', timeout=60)
    return machine.run('grep -o "http://.*token=.*" /run/dash.log').out.strip()


@needs_browser
def the_running_server_is_shown(machine):
    """bext dashboard: what the server counts, which no log has, its reloads and upgrades, its error log; and that nothing can be changed."""
    _site(machine)
    machine.put(RUNNING, '/etc/nginx/conf.d/site.conf')
    machine.run('systemctl disable --now nginx; systemctl start bext')
    _ask(machine, ['/'] * 12 + ['/teapot'] * 3 + ['/broken'] * 2)
    machine.put('server { unknown <i>x</i>; }', '/etc/nginx/conf.d/broken.conf')
    assert machine.run('bext reload', check=False).status == 1
    machine.run('rm /etc/nginx/conf.d/broken.conf; bext reload; bext upgrade')
    url = _running_dashboard(machine)
    with Browser(machine) as browser:
        browser.look(*DESK, 'light')
        browser.open(url)
        browser.wait("document.querySelector('#series').innerText.includes('/teapot') && document.querySelector('#hosts table')")
        _the_numbers_of_the_running_server(machine, browser)
        _the_arithmetic_of_the_page(browser)
        _with_the_keyboard_alone(browser)
        _pictures(machine, browser, '10-running')
        nodes = browser.accessible()
        for role, name in (('heading', 'Service'), ('table', 'Servers and locations'), ('columnheader', 'p95'), ('table', 'Upstreams'), ('table', 'Reloads and upgrades'),
                           ('slider', 'Requests at a moment'), ('combobox', None), ('region', None)):
            assert any(node[0] == role and name in (None, node[1]) for node in nodes), f'{role} {name} is missing: {nodes}'
        assert not any(role == 'button' for role, _ in nodes), 'there is nothing to press'
        browser.look(*PHONE, 'light')
        assert ('table', 'Servers and locations') in browser.accessible(), 'a table that is stacked stays one for a screen reader'
        assert browser.script("return getComputedStyle(document.querySelector('#series td')).display") == 'grid'
        browser.look(*DESK, 'light')
        machine.run('systemctl stop bext')
        browser.wait("document.title.includes('not serving')", 30)
        _pictures(machine, browser, '11-not-serving')
    token = url.split('token=')[1]
    for name in ('reload', 'takeover', 'rollback', 'checks', 'accept'):
        asked = machine.run(['curl', '-sS', '-o', '/dev/null', '-w', '%{http_code}', '-X', 'POST', '-H', f'X-Bext-Token: {token}', f'http://127.0.0.1:9999/api/{name}'])
        assert asked.out == '404', asked
    assert machine.run('curl -sS -o /dev/null -w "%{http_code}" http://127.0.0.1:9999/api/status').out == '403'
    assert machine.run('ss -Hltn sport = :9999').out.split()[3] == '127.0.0.1:9999'


@needs_browser
def the_server_in_nginxs_place_is_shown_too(machine):
    """In nginx's name the server is another process, of another unit, with another pid file; the page goes on with it, and with none once nginx is back."""
    _site(machine)
    machine.put(RUNNING, '/etc/nginx/conf.d/site.conf')
    machine.run('systemctl reload nginx; bext nginx masquerade install', timeout=90)
    _ask(machine, ['/'] * 4 + ['/teapot'] * 3)
    machine.run('nginx -s reload')
    url = _running_dashboard(machine)
    with Browser(machine) as browser:
        browser.look(*DESK, 'light')
        browser.open(url)
        browser.wait("document.querySelector('#series').innerText.includes('/teapot') && document.querySelector('#hosts table')")
        host = machine.run('hostname').out.strip()
        browser.wait(f"document.title === '{host}: serving - bext {VERSION}'")
        rows = {row[0]: row[1:] for row in browser.script(ROWS, '#series')}
        assert rows['www.example'][:5] == ['7', '4', '0', '3', '0'] and rows['/teapot'][0] == '3', rows
        assert '/etc/nginx/nginx.conf' in _text(browser, '#file') and 'shop.example' in _text(browser, '#hosts')
        assert '/var/log/nginx/error.log' in _text(browser, '#errors')
        events, service = _text(browser, '#events'), _text(browser, '#service')
        assert events.count('reload\tsucceeded') == 2, f'that of the installation, and the one above: {events}'
        assert machine.run('cat /run/nginx.pid').out.strip() in service, service
        _pictures(machine, browser, '12-masquerade')
        # Another master, and another configuration.
        machine.put(RUNNING.replace('www.example', 'new.example'), '/etc/nginx/conf.d/site.conf')
        machine.run('systemctl restart nginx')
        browser.wait("document.querySelector('#hosts').innerText.includes('new.example')", 30)
        browser.wait(f"document.querySelector('#service').innerText.includes('{machine.run('cat /run/nginx.pid').out.strip()}')", 30)
        machine.run('bext nginx masquerade uninstall', timeout=60)
        browser.wait("document.title.includes('not serving')", 30)


def _the_numbers_of_the_running_server(machine, browser):
    host = machine.run('hostname').out.strip()
    browser.wait(f"document.title === '{host}: serving - bext {VERSION}'")
    browser.wait("document.querySelector('#errors').innerText.includes('error.log') && document.querySelector('#certificates').innerText.includes('shop.pem')")
    rows = browser.script(ROWS, '#series')
    by_name = {row[0]: row[1:] for row in rows}
    assert by_name['www.example'][:5] == ['17', '12', '0', '3', '2'], rows
    assert by_name['/teapot'][:5] == ['3', '0', '0', '3', '0'] and by_name['/broken'][4] == '2', rows
    assert by_name['/'][5].endswith(' ms') and by_name['/'][8].endswith('B'), rows
    upstreams = browser.script(ROWS, '#upstreams')
    assert upstreams[0][1] == 'up' and upstreams[0][2] == '12' and upstreams[0][3] == '0', upstreams
    assert upstreams[1][1].startswith('down') and int(upstreams[1][3]) > 0, upstreams
    events = _text(browser, '#events')
    assert 'failed' in events and 'unknown directive' in events and events.count('succeeded') == 2 and f'upgrade: {VERSION} as before' in events, events
    assert 'unknown directive' in _text(browser, '#errors') and '/var/log/nginx/error.log' in _text(browser, '#errors')
    assert 'shop.pem' in _text(browser, '#certificates') and 'shop.example' in _text(browser, '#certificates')
    assert 'last reload' in _text(browser, '#service') and 'nothing, ever' in _text(browser, '#service'), 'in the words of bext status'
    # What comes while one looks: the chart, and the time since the page's command has begun.
    machine.run(['python3', '-c', 'import urllib.request as u, time\nfor i in range(40): u.urlopen(u.Request("http://127.0.0.1/", headers={"Host": "www.example"})).read(); time.sleep(.05)'])
    browser.wait("Math.max(...seconds.map(s => s[1])) >= 5")
    for _ in range(3):
        machine.run('curl -sS -o /dev/null -H "Host: www.example" http://127.0.0.1/broken')
    browser.wait("[1, 2].map(which => seconds.reduce((all, s) => all + s[which], 0)).join() === '43,3'")
    browser.script("document.querySelector('#since').value = 'window'; document.querySelector('#since').onchange()")
    browser.wait("document.querySelector('#series td').innerText === '43'")
    browser.script("document.querySelector('#span').value = '3600'; document.querySelector('#span').onchange()")
    assert '1 h ago' in _text(browser, '.requests .axis')
    browser.script("document.querySelector('#span').value = '120'; document.querySelector('#span').onchange()")


def _the_arithmetic_of_the_page(browser):
    assert browser.script("return [[[10, 10, 80, 0], [1, 5, 10], .5], [[0, 0, 0, 4], [1, 5, 10], .5], [[0, 0, 0], [1, 5], .9], [[90, 5, 5, 0], [100, 500, 2000], .95],"
                          " [[90, 5, 5, 0], [100, 500, 2000], .99]].map(one => percentile(...one))") == ['6.9 ms', '> 0.01 s', '–', '500 ms', '1.7 s']
    assert browser.script("return [0, 1023, 1024, 10240, 5 * 1024 ** 3].map(bytes)") == ['0 B', '1023 B', '1.0 KiB', '10 KiB', '5.0 GiB']
    assert browser.script("return [null, -1, 0, 13, 14].map(d => [left(d), leftKind(d)])") == [
        ['cannot be read', 'warn mark'], ['expired 1 day ago', 'bad'], ['expires soon: 0 days left', 'warn mark'], ['expires soon: 13 days left', 'warn mark'], ['14 days left', 'good']]
    # An hour is shown in quarters of a minute.
    halves = browser.script("const kept = seconds; seconds = [...Array(30).keys()].map(i => [1200 + i, i < 15 ? 2 : 4, i, 0, 0]); $('span').value = 3600;"
                            " const shown = [1, 2].map(points); seconds = kept; $('span').value = 120; return shown")
    assert [[(one['time'], one['value']) for one in points] for points in halves] == [[(1200, 2), (1215, 4)], [(1200, 7), (1215, 22)]], halves


def _with_the_keyboard_alone(browser):
    """Everything that can be used is reached with Tab, can be seen to be, and does what it is for with the keys."""
    browser.script("document.activeElement.blur(); scrollTo(0, 0)")
    reached = []
    for _ in range(40):
        browser.press('Tab')
        what = browser.script("const e = document.activeElement; return [e.tagName, e.getAttribute('aria-label') || e.id]")
        if what in reached or what[0] == 'BODY':
            break
        reached.append(what)
        if what[0] == 'INPUT':
            before = browser.script("return document.activeElement.getAttribute('aria-valuetext')")
            browser.press('Left')
            assert browser.script("return document.activeElement.getAttribute('aria-valuetext')") != before
            shown = browser.script("const f = document.activeElement.closest('figure'); return [f.querySelector('output').innerText, getComputedStyle(f.querySelector('svg')).outlineStyle]")
            assert ': ' in shown[0] and shown[1] == 'solid', shown
        else:
            assert _focus(browser)[1] in ('solid', 'auto'), what
    named = [name for _, name in reached]
    assert named[:4] == ['span', 'Requests at a moment', 'Errors at a moment', 'Answer time at a moment'] and 'since' in named, reached
    assert any(tag == 'PRE' for tag, _ in reached), f'the error log can be scrolled: {reached}'
