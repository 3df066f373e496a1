"""Debian packages for the cases: the one of the build, other versions of a package, and their installation in a machine."""
import os
import pathlib
import re
import subprocess
import tempfile

APT = 'env DEBIAN_FRONTEND=noninteractive apt-get -y -q'


def built(machine):
    """The Debian package of the build."""
    found = sorted(machine.build.glob('bext_*.deb'), key=lambda path: path.stat().st_mtime)
    assert found, 'the package is not built: cmake --build BUILD --target deb'
    return found[-1]


def repacked(package, version, directory, change=lambda tree: None):
    """The package with another version, as a file in `directory`; change(tree) may alter its files, which are in `tree`."""
    with tempfile.TemporaryDirectory() as room:
        tree = pathlib.Path(room, 'tree')
        subprocess.run(['dpkg-deb', '--raw-extract', package, tree], check=True)
        change(tree)
        control = tree / 'DEBIAN' / 'control'
        control.write_text(re.sub(r'(?m)^Version: .*', f'Version: {version}', control.read_text()))
        files = sorted(path for path in tree.rglob('*') if path.is_file() and 'DEBIAN' not in path.parts and not path.is_symlink())
        sums = subprocess.run(['md5sum'] + [path.relative_to(tree) for path in files], cwd=tree, check=True, stdout=subprocess.PIPE).stdout
        (tree / 'DEBIAN' / 'md5sums').write_bytes(sums)
        name = re.sub('_.*_', f'_{version}_', pathlib.Path(package).name)
        target = pathlib.Path(directory, name)
        subprocess.run(['dpkg-deb', '-Zgzip', '-z1', '--root-owner-group', '--build', tree, target], check=True, stdout=subprocess.DEVNULL)
        return target


def another_binary(tree):
    """Another build of the server, as far as files go."""
    with open(tree / 'usr/sbin/bext-server', 'ab') as file:
        file.write(b'\n')


def put_versions(machine):
    """Puts /root/one.deb, the package of the build, and /root/two.deb, a higher version of it, into the machine."""
    one = built(machine)
    with tempfile.TemporaryDirectory() as directory:
        machine.put(one, '/root/one.deb')
        machine.put(repacked(one, '9.0-1', directory, another_binary), '/root/two.deb')


def install(machine, name, options='', check=True):
    return machine.run(f'{APT} install {options} /root/{name}.deb', timeout=120, check=check)


def is_of_the_installed_file(machine, pid):
    """Whether the process runs the file that is now /usr/sbin/bext-server."""
    return machine.run(f'[ /proc/{pid}/exe -ef /usr/sbin/bext-server ]', check=False).status == 0


def put_repository(machine, *packages):
    """Gives the machine an apt repository of these packages, in the way of an administrator who trusts its key."""
    script = pathlib.Path(__file__).resolve().parents[2] / 'debian' / 'repository.sh'
    with tempfile.TemporaryDirectory() as directory:
        tree = pathlib.Path(directory, 'tree')
        subprocess.run([script, tree / 'srv/packages', *packages], check=True, env=dict(os.environ, GNUPGHOME=''))
        machine.put_tree(tree)
    machine.put('deb [signed-by=/srv/packages/bext.gpg] file:/srv/packages stable main\n', '/etc/apt/sources.list.d/bext.list')
    machine.run(f'{APT} update')


def reassembled(machine, name, version, directory):
    """An installed package of the machine as a package file with another version, in `directory` of this host."""
    machine.run(f'mkdir -p /root/tree/DEBIAN; dpkg-query -L {name} | xargs ls -d 2> /dev/null |'
                ' tar -C / --no-recursion --files-from=- -c | tar -C /root/tree -x;'
                f' dpkg-query -s {name} | sed "/^Status:/d; s/^Version: .*/Version: {version}/" > /root/tree/DEBIAN/control;'
                ' dpkg-deb -Znone --root-owner-group --build /root/tree /root/reassembled.deb; rm -r /root/tree')
    target = pathlib.Path(directory, f'{name}_{version}_amd64.deb')
    target.write_bytes(machine.get('/root/reassembled.deb'))
    return target


def built_rpm(machine, release, directory):
    """The RPM package of the build, packed with this release number into `directory`."""
    subprocess.run(['cpack', '-G', 'RPM', '-B', directory, '-D', f'CPACK_RPM_PACKAGE_RELEASE={release}',
                    '--config', machine.build.resolve() / 'CPackConfig.cmake'], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return next(pathlib.Path(directory).glob(f'bext-*-{release}.*.rpm'))


def empty_rpm(name, version, directory):
    """An RPM package of that name with nothing in it."""
    spec = pathlib.Path(directory, f'{name}.spec')
    spec.write_text(f'Name: {name}\nVersion: {version}\nRelease: 1\nSummary: empty\nLicense: none\n%description\n%files\n')
    subprocess.run(['rpmbuild', '-bb', '--quiet', '--define', f'_topdir {directory}', spec], check=True, stdout=subprocess.DEVNULL)
    return next(pathlib.Path(directory).glob(f'RPMS/*/{name}-{version}-1.*.rpm'))
