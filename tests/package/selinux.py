#!/usr/bin/env python3
"""The SELinux module gives every program and unit a context, and what the server writes: selinux.py MODULE."""
import re
import subprocess
import sys
import tempfile

EXPECTED = {
    '/usr/sbin/bext-server': 'httpd_exec_t', '/usr/sbin/bext-server.prev': 'httpd_exec_t', '/usr/lib/bext/nginx': 'httpd_exec_t',
    '/usr/sbin/nginx.real': 'httpd_exec_t', '/usr/bin/bext': None,
    '/usr/lib/systemd/system/bext.service': 'httpd_unit(_file)?_t', '/usr/lib/systemd/system/bext-fallback.service': 'httpd_unit(_file)?_t',
    '/etc/bext/bext.config.toml': 'httpd_config_t', '/var/lib/bext/active': 'httpd_var_lib_t', '/var/log/bext/error.log': 'httpd_log_t',
    '/run/bext.pid': 'httpd_(var_run|runtime)_t', '/run/bext': 'httpd_(var_run|runtime)_t',
    '/run/bext/control': 'httpd_(var_run|runtime)_t', '/run/bext/control/4026531836.1': 'httpd_(var_run|runtime)_t',
}


def main():
    with tempfile.TemporaryDirectory() as room:
        subprocess.run(['semodule_unpackage', sys.argv[1], f'{room}/module', f'{room}/contexts'], check=True)
        with open(f'{room}/contexts') as file:
            rules = [line.split() for line in file if line.startswith('/')]
    wrong = []
    for path, kind in EXPECTED.items():
        found = [rule[-1].split(':')[2] for rule in rules if re.fullmatch(rule[0], path)]
        if not (re.fullmatch(kind, found[0]) if kind and len(found) == 1 else kind is None and not found):
            wrong.append(f'{path}: {found}, not {kind}')
    print('\n'.join(wrong) or f'{len(EXPECTED)} paths are right')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
