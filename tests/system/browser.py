"""Browser: headless Chromium in a machine's network, driven with the WebDriver protocol (https://www.w3.org/TR/webdriver2/).

    with Browser(machine) as browser:
        browser.open('http://127.0.0.1:9999/')
        browser.press('Tab')
        browser.script('return document.title')

The browser is the host's, and ends with the block, whatever happens to it.
"""
import base64
import contextlib
import ctypes
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile

from machine import Failed, wait_for

NEEDS = {'chromedriver': 'chromium-driver', 'chromium': 'chromium'}
PORT = 9515
FLAGS = ('--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update'
         ' --disable-sync --disable-dev-shm-usage').split()
NEW_NETWORK = 0x40000000  # CLONE_NEWNET
KEYS = {'Tab': '\ue004', 'Enter': '\ue007', 'Escape': '\ue00c', 'Shift': '\ue008', 'Space': ' ', 'Left': '\ue012'}
ELEMENT = 'element-6066-11e4-a52e-4f735466cecf'


def needs_browser(test):
    """Marks a test that is skipped where there is no browser."""
    test.needs = NEEDS
    return test


@contextlib.contextmanager
def network_of(pid):
    """Sockets that are made in the block belong to the network of that process."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open('/proc/thread-self/ns/net') as own, open(f'/proc/{pid}/ns/net') as other:
        if libc.setns(other.fileno(), NEW_NETWORK) != 0:
            raise OSError(ctypes.get_errno(), 'setns')
        try:
            yield
        finally:
            if libc.setns(own.fileno(), NEW_NETWORK) != 0:
                os.abort()  # everything after it would run in the wrong network


class Connection(http.client.HTTPConnection):
    def __init__(self, pid):
        super().__init__('127.0.0.1', PORT, timeout=60)
        self.pid = pid

    def connect(self):
        with network_of(self.pid):
            self.sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect((self.host, self.port))


class Browser:
    def __init__(self, machine):
        self.machine, self.session = machine, None
        self.home = tempfile.mkdtemp()
        self.log = tempfile.TemporaryFile()
        # A process namespace of its own: with its first process everything ends that the browser has started.
        command = ['nsenter', f'--target={machine.init}', '--net', 'unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc',
                   'chromedriver', f'--port={PORT}']
        self.driver = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, start_new_session=True,
                                       env=dict(os.environ, HOME=self.home))

    def __enter__(self):
        try:
            wait_for(self._ready, 30, 'chromedriver')
            options = {'args': FLAGS + [f'--user-data-dir={self.home}/profile']}
            asked = {'capabilities': {'alwaysMatch': {'browserName': 'chrome', 'goog:chromeOptions': options}}}
            self.session = self._ask('POST', '/session', asked)['sessionId']
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_):
        self._end()

    def _end(self):
        os.killpg(self.driver.pid, signal.SIGKILL)
        self.driver.wait()
        self.log.close()
        shutil.rmtree(self.home, ignore_errors=True)

    def _ready(self):
        if self.driver.poll() is not None:
            self.log.seek(0)
            raise Failed('chromedriver ended: ' + self.log.read().decode(errors='replace'))
        try:
            return self._ask('GET', '/status')['ready']
        except OSError:
            return False

    def _ask(self, method, path, body=None):
        connection = Connection(self.machine.init)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), {'Content-Type': 'application/json'})
            answer = connection.getresponse()
            value = json.loads(answer.read())['value']
        finally:
            connection.close()
        if answer.status != 200:
            raise Failed(f'{method} {path}: {value.get("error")}: {value.get("message")}')
        return value

    def _do(self, name, body=None, method='POST'):
        return self._ask(method, f'/session/{self.session}/{name}', {} if body is None and method == 'POST' else body)

    def open(self, url):
        self._do('url', {'url': url})

    def address(self):
        """What the address bar shows."""
        return self._do('url', method='GET')

    def reload(self):
        self._do('refresh')

    def script(self, text, *arguments):
        """Runs a function body in the page; a promise is awaited."""
        return self._do('execute/sync', {'script': text, 'args': list(arguments)})

    def click(self, selector):
        """Clicks where a mouse would; what covers the element is an error."""
        found = self._do('element', {'using': 'css selector', 'value': selector})
        self._do(f'element/{found[ELEMENT]}/click')

    def press(self, *keys):
        """Presses the keys together, as Shift and Tab, and releases them."""
        codes = [KEYS[key] for key in keys]
        actions = [{'type': 'keyDown', 'value': code} for code in codes] + [{'type': 'keyUp', 'value': code} for code in reversed(codes)]
        self._do('actions', {'actions': [{'type': 'key', 'id': 'keyboard', 'actions': actions}]})

    def type(self, text):
        """Types a text where the focus is."""
        actions = [{'type': kind, 'value': letter} for letter in text for kind in ('keyDown', 'keyUp')]
        self._do('actions', {'actions': [{'type': 'key', 'id': 'keyboard', 'actions': actions}]})

    def devtools(self, command, **facts):
        """A command of the DevTools protocol (https://chromedevtools.github.io/devtools-protocol/)."""
        return self._do('goog/cdp/execute', {'cmd': command, 'params': facts})

    def look(self, width, height, scheme):
        """The size of the window, and 'light' or 'dark'."""
        self.devtools('Emulation.setDeviceMetricsOverride', width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.devtools('Emulation.setEmulatedMedia', features=[{'name': 'prefers-color-scheme', 'value': scheme}])

    def screenshot(self, path, whole=True):
        """Writes a picture of the whole page, or of what the window shows."""
        facts = {}
        if whole:
            size = self.devtools('Page.getLayoutMetrics')['cssContentSize']
            facts = {'captureBeyondViewport': True, 'clip': dict(x=0, y=0, width=size['width'], height=size['height'], scale=1)}
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(self.devtools('Page.captureScreenshot', format='png', **facts)['data']))

    def accessible(self):
        """What a screen reader gets: (role, name) of everything that is not ignored, in the order of the page."""
        nodes = self.devtools('Accessibility.getFullAXTree')['nodes']
        return [(node['role']['value'], node.get('name', {}).get('value', '')) for node in nodes if not node.get('ignored') and 'role' in node]

    def wait(self, text, timeout=60):
        """Waits until an expression of the page is true."""
        return wait_for(lambda: self.script(f'return {text}'), timeout, text)
