"""The disk that every machine starts from: a release of Debian with what the tests need, built once and kept outside the checkout."""
import contextlib
import fcntl
import hashlib
import os
import pathlib
import platform
import shutil
import subprocess
import sys

# The releases of Debian that machines have, each with the names of the libraries that bext needs there.
LIBRARIES = {
    'bookworm': 'libssl3 libpcre2-8-0 libnghttp2-14 zlib1g libcrypt1 libgflags2.2 libgoogle-glog0v6 libsystemd0 libsdbus-c++1',
    'trixie': 'libssl3t64 libpcre2-8-0 libnghttp2-14 zlib1g libcrypt1 libgflags2.2 libgoogle-glog0v6t64 libsystemd0 libsdbus-c++2',
}
# That of this host, for which it builds, where it is one of them.
USUAL = platform.freedesktop_os_release().get('VERSION_CODENAME')
USUAL = USUAL if USUAL in LIBRARIES else 'bookworm'
PACKAGES = '''
systemd systemd-sysv dbus iproute2 procps curl openssl ca-certificates python3 wrk
nginx php-fpm nodejs logrotate rpm certbot python3-certbot-nginx pebble unattended-upgrades needrestart
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

# Tests tell by the Server field who answers; Debian 13 hides nginx's version by default.
TOLD_APART = 's/^\\tserver_tokens off;/\\tserver_tokens on;/'

# The packages whose upgrade is tested, as files: the machine can install them again.
KEPT = ['nginx', 'nginx-common']
KEPT_IN = '/var/lib/kept-packages'


def cache():
    return pathlib.Path(os.environ.get('BEXT_TEST_CACHE', '/var/cache/bext-tests'))


def packages(release):
    return PACKAGES + LIBRARIES[release].split()


def key(release):
    recipe = [release, *sorted(packages(release)), *DPKG, *MASKED, *KEPT, TOLD_APART]
    return hashlib.sha256('\n'.join(recipe).encode()).hexdigest()[:12]


def sources(release):
    """The host's own sources of Debian with this release's suites, one `deb` line each; Debian's mirror when the host has none."""
    fields = '$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(SIGNED_BY)'
    listed = subprocess.run(['apt-get', 'indextargets', '--format', fields, 'Created-By: Packages'], capture_output=True, text=True)
    lines = []
    for line in listed.stdout.splitlines():
        uri, suite, component, signed_by = line.split('|')
        of = suite.split('-')[0].split('/')[0]
        if of not in LIBRARIES:
            continue
        option = f'[signed-by={signed_by}] ' if signed_by.startswith('/') else ''
        lines.append(f'deb {option}{uri} {suite.replace(of, release, 1)} {component}')
    return sorted(set(lines)) or [f'deb http://deb.debian.org/debian {suite} main' for suite in (release, release + '-updates')]


def apt_settings():
    dump = subprocess.run(['apt-config', 'dump'], capture_output=True, text=True).stdout
    return [line.rstrip(';') for line in dump.splitlines() if line.startswith(APT_SETTINGS) and '""' not in line]


def make(target, release):
    """Builds the image of a release in `target`."""
    # Its mounts are in a namespace of their own, so that removing a half-made image never follows one of them.
    command = ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
    command += ['mmdebstrap', '--mode=root', '--variant=apt', '--quiet', '--include=' + ','.join(packages(release))]
    command += [f'--dpkgopt={option}' for option in DPKG] + [f'--aptopt={setting}' for setting in apt_settings()]
    for unit in MASKED:
        command.append(f'--customize-hook=ln -sf /dev/null "$1/etc/systemd/system/{unit}"')
    command.append(f'--customize-hook=mkdir "$1{KEPT_IN}" && cd "$1{KEPT_IN}" && APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get download -q {" ".join(KEPT)}')
    command.append(f'--customize-hook=sed -i "{TOLD_APART}" "$1/etc/nginx/nginx.conf"')
    command.append('--customize-hook=rm -f "$1/etc/hostname" "$1/etc/apt/apt.conf.d/99mmdebstrap"; : > "$1/etc/apt/sources.list"')
    command += [release, str(target)] + sources(release)
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace')
    if done.returncode != 0:
        raise RuntimeError('mmdebstrap could not make the image:\n' + done.stdout[-4000:])


def ensure(release=USUAL):
    """The path of the image of a release, which is made first when it is not there."""
    directory = cache()
    directory.mkdir(parents=True, exist_ok=True)
    image = directory / f'image-{key(release)}'
    with open(directory / f'{image.name}.lock', 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if image.exists():
            return image
        print(f'making {image}; this happens once and takes a minute or two', file=sys.stderr, flush=True)
        trial = directory / f'{image.name}.new'
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(trial)
        try:
            make(trial, release)
        except BaseException:
            shutil.rmtree(trial, ignore_errors=True)
            raise
        trial.rename(image)
    return image
