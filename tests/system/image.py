"""The disk that every machine starts from: Debian 12 with what the tests need, built once and kept outside the checkout."""
import contextlib
import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

RELEASE = 'bookworm'
PACKAGES = '''
systemd systemd-sysv dbus iproute2 procps curl openssl ca-certificates python3 wrk
nginx php-fpm logrotate rpm certbot python3-certbot-nginx pebble unattended-upgrades needrestart
libssl3 libpcre2-8-0 libnghttp2-14 zlib1g libcrypt1 libgflags2.2 libgoogle-glog0v6 libsystemd0 libsdbus-c++1
fail2ban goaccess prometheus prometheus-nginx-exporter munin-plugins-core libwww-perl logwatch
'''.split()

# No documentation, and no fsync: the image is thrown away when its making is interrupted.
DPKG = ['force-unsafe-io', 'path-exclude=/usr/share/doc/*', 'path-exclude=/usr/share/man/*', 'path-exclude=/usr/share/locale/*',
        'path-include=/usr/share/doc/*/copyright']
# The host's own settings that decide whether and how its sources can be reached.
APT_SETTINGS = ('Acquire::http::', 'Acquire::https::', 'Acquire::Retries', 'Acquire::Check-')
# The machine has no network: what asks for it would only fail, or start in the middle of a test.
MASKED = ['apt-daily.timer', 'apt-daily-upgrade.timer', 'e2scrub_all.timer', 'fstrim.timer', 'systemd-networkd-wait-online.service',
          'fail2ban.service', 'prometheus.service', 'prometheus-nginx-exporter.service']

# The packages whose upgrade is tested, as files: the machine can install them again.
KEPT = ['nginx', 'nginx-common']
KEPT_IN = '/var/lib/kept-packages'


def cache():
    return pathlib.Path(os.environ.get('BEXT_TEST_CACHE', '/var/cache/bext-tests'))


def key():
    recipe = [RELEASE, *sorted(PACKAGES), *DPKG, *MASKED, *KEPT]
    return hashlib.sha256('\n'.join(recipe).encode()).hexdigest()[:12]


def sources():
    """The host's own sources of the release, one `deb` line each; Debian's mirror when the host has none."""
    fields = '$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(SIGNED_BY)'
    listed = subprocess.run(['apt-get', 'indextargets', '--format', fields, 'Created-By: Packages'], capture_output=True, text=True)
    lines = []
    for line in listed.stdout.splitlines():
        uri, suite, component, signed_by = line.split('|')
        if suite.split('-')[0].split('/')[0] != RELEASE:
            continue
        option = f'[signed-by={signed_by}] ' if signed_by.startswith('/') else ''
        lines.append(f'deb {option}{uri} {suite} {component}')
    return sorted(set(lines)) or [f'deb http://deb.debian.org/debian {suite} main' for suite in (RELEASE, RELEASE + '-updates')]


def apt_settings():
    dump = subprocess.run(['apt-config', 'dump'], capture_output=True, text=True).stdout
    return [line.rstrip(';') for line in dump.splitlines() if line.startswith(APT_SETTINGS) and '""' not in line]


def make(target):
    """Builds the image in `target`."""
    # Its mounts are in a namespace of their own, so that removing a half-made image never follows one of them.
    command = ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
    command += ['mmdebstrap', '--mode=root', '--variant=apt', '--quiet', '--include=' + ','.join(PACKAGES)]
    command += [f'--dpkgopt={option}' for option in DPKG] + [f'--aptopt={setting}' for setting in apt_settings()]
    for unit in MASKED:
        command.append(f'--customize-hook=ln -sf /dev/null "$1/etc/systemd/system/{unit}"')
    command.append(f'--customize-hook=mkdir "$1{KEPT_IN}" && cd "$1{KEPT_IN}" && APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get download -q {" ".join(KEPT)}')
    command.append('--customize-hook=rm -f "$1/etc/hostname" "$1/etc/apt/apt.conf.d/99mmdebstrap"; : > "$1/etc/apt/sources.list"')
    command += [RELEASE, str(target)] + sources()
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace')
    if done.returncode != 0:
        raise RuntimeError('mmdebstrap could not make the image:\n' + done.stdout[-4000:])


def ensure():
    """The path of the image, which is made first when it is not there."""
    directory = cache()
    directory.mkdir(parents=True, exist_ok=True)
    image = directory / f'image-{key()}'
    with open(directory / f'image-{key()}.lock', 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if image.exists():
            return image
        print(f'making {image}; this happens once and takes a minute or two', file=sys.stderr, flush=True)
        trial = directory / f'image-{key()}.new'
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(trial)
        try:
            make(trial)
        except BaseException:
            shutil.rmtree(trial, ignore_errors=True)
            raise
        trial.rename(image)
    return image
