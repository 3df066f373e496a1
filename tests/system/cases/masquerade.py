"""`bext nginx masquerade` on Debian's own nginx, running and under load: what others see, what is lost, what is left."""
import json
import pathlib
import re
import tempfile

from machine import bare
from packages import APT, install, put_repository, put_versions, repacked
from service import Load, acknowledges_at_once, debians_nginx

TREES = '/etc /usr/sbin /lib/systemd /var/lib/bext /run/systemd/system'
# Every place where a run can be cut off: before and after each step, and inside those that do two things.
CUTS = ['diversion', 'diversion-done', 'shim', 'shim-written', 'shim-done', 'drop-in', 'drop-in-written', 'drop-in-done', 'handover',
        'handover-serves', 'handover-main', 'handover-done']
CUTS_OF_THE_UNDO = ['undo-handover', 'undo-handover-serves', 'undo-handover-done', 'undo-drop-in', 'undo-drop-in-removed', 'undo-shim', 'undo-shim-exchanged',
                    'undo-shim-done', 'undo-diversion', 'undo-diversion-done']
LATER = '9.0-1'
INSTALL, UNINSTALL = 'bext nginx masquerade install', 'bext nginx masquerade uninstall'


def _tree(machine):
    """Every file with its kind, mode, owner and content, and what systemd and dpkg say."""
    listing = machine.run(f'find {TREES} ! -path /etc/.updated -printf "%y %m %U:%G %p %l\\n" 2>/dev/null | sort; '  # systemd's note of a boot
                          f'find {TREES} ! -path /etc/.updated -type f -exec sha256sum {{}} + 2>/dev/null | sort', check=False).out
    shown = 'Type,FragmentPath,DropInPaths,UnitFileState,ActiveState,SubState,StatusText,ExecStart,ExecReload,ExecStop,NeedDaemonReload,' \
            'FileDescriptorStoreMax,NFileDescriptorStore'
    unit = machine.run(f'systemctl show nginx -p {shown}').out
    unit = re.sub(r'(start_time|stop_time|pid|code|status)=[^;]*', '', unit)
    return listing + unit + machine.run('dpkg-divert --list').out + machine.run('ps -o comm= -p $(cat /run/nginx.pid)').out


def _lasting(machine):
    """The same without what a running server tells and a journal adds."""
    return [line for line in _tree(machine).splitlines() if 'StatusText' not in line and not line.endswith('/masquerade/journal')]


def _main_pid(machine):
    return machine.run('systemctl show -P MainPID nginx').out.strip()


def _server(machine):
    """The program of the main process of nginx.service."""
    return machine.run(f'readlink /proc/{_main_pid(machine)}/exe').out.strip()


def _is_bext(machine):
    assert _server(machine) == '/usr/sbin/bext-server', _server(machine)
    assert not acknowledges_at_once(machine, 'nginx')
    assert machine.run('cat /run/nginx.pid').out.strip() == _main_pid(machine)
    assert 'Server: nginx/1.28.2\r' in machine.run('curl -sSI http://127.0.0.1/', check=False).out.replace('\n', '\r\n').replace('\r\r', '\r')


def _is_nginx(machine, before):
    after = _tree(machine)
    assert after == before, '\n'.join(sorted(set(before.splitlines()) ^ set(after.splitlines())))
    assert _server(machine) == '/usr/sbin/nginx', _server(machine)
    assert acknowledges_at_once(machine, 'nginx')
    assert f'Server: {debians_nginx(machine)}\n' in machine.run('curl -sSI http://127.0.0.1/').out


def _one_serves(machine):
    """Exactly one server has the port, and it answers."""
    assert 'Welcome to nginx!' in machine.run('curl -sS http://127.0.0.1/').out
    masters = machine.run("ps axo pid=,ppid=,args= | grep -E '(nginx|bext-server)[:] master process'").out.splitlines()
    assert len(masters) == 1, masters


def installing_and_undoing_under_load_refuses_nobody(machine):
    before = _tree(machine)
    with Load(machine, kept=8, fresh=6) as load:
        machine.run(INSTALL)
        _is_bext(machine)
    assert load.counts['refused'] == 0 and load.counts['errors'] == 0, load.line
    assert len(load.servers) == 2, 'both have served'
    with Load(machine, kept=8, fresh=6) as load:
        machine.run(UNINSTALL)
    assert load.counts['refused'] == 0 and load.counts['errors'] == 0, load.line
    assert len(load.servers) == 2, 'both have served'
    _is_nginx(machine, before)


def running_it_again_changes_nothing(machine):
    before = _tree(machine)
    assert machine.run('bext nginx masquerade status', check=False).status == 3
    machine.run(INSTALL)
    machine.run('bext nginx masquerade status')
    installed, pid = _lasting(machine), _main_pid(machine)
    again = machine.run(INSTALL).out
    assert re.findall(r'^\w+', again, re.M) == ['kept'] * 4, again
    assert _main_pid(machine) == pid
    assert _lasting(machine) == installed
    machine.run(UNINSTALL)
    _is_nginx(machine, before)
    assert re.findall(r'^\w+', machine.run(UNINSTALL).out, re.M) == ['kept'] * 4
    _is_nginx(machine, before)


def it_can_wait_for_the_next_start(machine):
    before = _tree(machine)
    assert 'would do' in machine.run(INSTALL + ' --dry-run').out
    _is_nginx(machine, before)
    pid = _main_pid(machine)
    machine.run(INSTALL + ' --no-now')
    assert _main_pid(machine) == pid and _server(machine) == '/usr/sbin/nginx.real', 'the same process, its program has moved aside'
    machine.run('systemctl restart nginx')
    _is_bext(machine)
    pid = _main_pid(machine)
    machine.run(UNINSTALL + ' --no-now')
    assert _main_pid(machine) == pid
    machine.run('systemctl restart nginx')
    _is_nginx(machine, before)


def a_stopped_unit_stays_stopped(machine):
    machine.run('systemctl stop nginx')
    machine.run(INSTALL)
    assert machine.run('systemctl is-active nginx', check=False).out == 'inactive\n'
    machine.run('systemctl start nginx')
    _is_bext(machine)
    machine.run('systemctl stop nginx')
    machine.run(UNINSTALL)
    assert machine.run('systemctl is-active nginx', check=False).out == 'inactive\n'
    machine.run('systemctl start nginx')
    assert _server(machine) == '/usr/sbin/nginx'


def half_an_install_is_nginx(machine):
    _cut_off(machine, INSTALL, 'drop-in')
    machine.run('systemctl restart nginx')
    assert _server(machine) == '/usr/sbin/nginx.real'
    assert machine.run('nginx -v').err == f'nginx version: {debians_nginx(machine)}\n'
    assert machine.run('ps -o comm= -p $(cat /run/nginx.pid)').out == 'nginx\n'
    machine.run('curl -sS http://127.0.0.1/before; logrotate -f /etc/logrotate.d/nginx')
    machine.wait_until('curl -sS -o /dev/null http://127.0.0.1/after; grep -q /after /var/log/nginx/access.log')
    machine.run('invoke-rc.d nginx upgrade')
    assert json.loads(machine.run('bext nginx masquerade status --json').out)['interrupted'] is True
    machine.run(INSTALL)
    _is_bext(machine)


def a_long_download_is_finished_by_who_began_it(machine):
    machine.put('x' * 400_000, '/var/www/html/large')
    machine.run("sed -i 's/server_name _;/server_name _; limit_rate 100k;/' /etc/nginx/sites-enabled/default; systemctl reload nginx")
    for command in (INSTALL, UNINSTALL):
        machine.run('rm -f /tmp/large')
        download = machine.start('curl -sS -o /tmp/large -w "%{http_code} %{size_download}" http://127.0.0.1/large')
        machine.wait_until('[ -s /tmp/large ]')
        machine.run(command)
        assert machine.finish(download).out == '200 400000'


def what_people_and_programs_see_is_nginx(machine):
    machine.run(INSTALL)
    shown = machine.run('systemctl status nginx').out
    assert 'active (running)' in shown and f'Main PID: {_main_pid(machine)} (nginx)' in shown, shown
    assert 'bext-server: master process' in machine.run('ps -C nginx -o args=').out
    for flag in ('-v', '-V'):
        said = machine.run(['nginx', flag])
        assert said.out == '' and said.err.startswith('nginx version: nginx/1.28.2 (bext-masquerade)\n'), said
    assert 'test is successful' in machine.run('nginx -t').err
    assert '# configuration file /etc/nginx/nginx.conf:' in machine.run('nginx -T').out
    pid = _main_pid(machine)
    for line in ('nginx -s reload', 'systemctl reload nginx', 'service nginx reload', 'service nginx status', 'invoke-rc.d nginx status',
                 'nginx -s reopen', '/etc/init.d/nginx configtest'):
        machine.run(line)
    assert _main_pid(machine) == pid
    for line in ('service nginx restart', 'systemctl restart nginx', 'nginx -s quit && until ! systemctl is-active -q nginx; do :; done; nginx',
                 'systemctl stop nginx; nginx -c /etc/nginx/nginx.conf'):
        machine.run(line)
        _is_bext(machine)
        _one_serves(machine)
    refused = machine.run('nginx', check=False)
    assert refused.status == 1 and 'bind() to 0.0.0.0:80 failed (98: Address already in use)' in refused.err, refused
    assert 'still could not bind()' in refused.err
    _is_bext(machine)
    _one_serves(machine)


def after_a_reboot_and_a_power_cut_bext_serves(machine):
    machine.run(INSTALL)
    for again in (machine.reboot, machine.power_cut):
        again()
        _is_bext(machine)
        _one_serves(machine)


def a_killed_server_is_back_and_nobody_is_refused(machine):
    machine.run(INSTALL)
    with Load(machine, kept=4, fresh=4) as load:
        pid = _main_pid(machine)
        machine.run('systemctl kill --kill-who=all -s KILL nginx')
        machine.wait_until(f'[ "$(systemctl show -P MainPID nginx)" != {pid} ] && systemctl is-active -q nginx')
    assert load.counts['refused'] == 0, load.line
    _is_bext(machine)


def stopping_it_answers_what_is_under_way(machine):
    machine.put('x' * 300_000, '/var/www/html/large')
    machine.run("sed -i 's/server_name _;/server_name _; limit_rate 100k;/' /etc/nginx/sites-enabled/default")
    machine.run(INSTALL)
    download = machine.start('curl -sS -o /tmp/large -w "%{http_code} %{size_download}" http://127.0.0.1/large')
    machine.wait_until('[ -s /tmp/large ]')
    machine.run('systemctl stop nginx')
    assert machine.finish(download).out == '200 300000'
    assert machine.run('systemctl show -P Result nginx').out == 'success\n'


def a_bext_that_cannot_start_gives_way_to_nginx(machine):
    before = _tree(machine)
    machine.run(INSTALL)
    machine.run('mv /usr/sbin/bext-server /root/; ln -s /bin/false /usr/sbin/bext-server; systemctl restart nginx', check=False)
    machine.wait_until(f'curl -sSI http://127.0.0.1/ | grep -q "Server: {debians_nginx(machine)}"')
    machine.run('mv -T /root/bext-server /usr/sbin/bext-server')
    machine.wait_until('[ $(systemctl show -P ActiveState bext-masquerade-fallback) = inactive ]')
    _is_nginx(machine, before)


def a_configuration_that_nobody_accepts_undoes_nothing(machine):
    machine.run(INSTALL)
    machine.run('echo nonsense\\; > /etc/nginx/conf.d/bad.conf; systemctl restart nginx', check=False)
    machine.wait_until('journalctl -u bext-masquerade-fallback -o cat | grep -q "[Ss]kipped\\|condition"')
    machine.run('rm /etc/nginx/conf.d/bad.conf; systemctl reset-failed nginx; systemctl start nginx')
    _is_bext(machine)


def logrotate_and_the_init_script_reach_it(machine):
    machine.run(INSTALL)
    machine.run('curl -sS http://127.0.0.1/before; logrotate -f /etc/logrotate.d/nginx')
    machine.wait_until('curl -sS -o /dev/null http://127.0.0.1/after; grep -q /after /var/log/nginx/access.log')
    assert '/before' in machine.get('/var/log/nginx/access.log.1').decode()
    pid = _main_pid(machine)
    with Load(machine, kept=8, fresh=4) as load:
        for verb in ('rotate', 'upgrade', 'reload', 'upgrade'):
            machine.run(f'invoke-rc.d nginx {verb}')
    load.nothing_was_lost()
    assert _main_pid(machine) != pid, 'upgraded'
    machine.wait_until('[ ! -e /run/nginx.pid.oldbin ]')
    _is_bext(machine)


def a_reinstalled_nginx_package_leaves_the_shim(machine):
    machine.run(INSTALL)
    with Load(machine, kept=8, fresh=4) as load:
        machine.run('apt-get install -y --reinstall /var/lib/kept-packages/*.deb', timeout=120)
    assert load.counts['refused'] == 0 and load.counts['errors'] == 0, load.line
    _is_bext(machine)
    _one_serves(machine)
    assert 'bext-masquerade' in machine.run('nginx -v').err
    assert machine.run('/usr/sbin/nginx.real -v').err == f'nginx version: {debians_nginx(machine)}\n'
    assert '"state":"installed"' in machine.run('bext nginx masquerade status --json').out
    machine.run(UNINSTALL)
    assert '/usr/sbin' not in machine.run('dpkg -V nginx nginx-common', check=False).out, 'nginx is what its package holds'
    assert _server(machine) == '/usr/sbin/nginx'


def certbot_issues_redirects_and_renews(machine):
    machine.run("sed -i 's/server_name _;/server_name example.test;/' /etc/nginx/sites-enabled/default")
    machine.run(INSTALL)
    machine.run('mkdir /root/pebble && cd /root/pebble && openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout key.pem -out cert.pem '
                '-subj /CN=localhost -addext subjectAltName=DNS:localhost 2>&1')
    machine.put(json.dumps({'pebble': {'listenAddress': '127.0.0.1:14000', 'managementListenAddress': '127.0.0.1:15000',
                                       'certificate': '/root/pebble/cert.pem', 'privateKey': '/root/pebble/key.pem',
                                       'httpPort': 80, 'tlsPort': 443}}), '/root/pebble/pebble.json')
    machine.run("grep -q localhost /etc/hosts || echo '127.0.0.1 localhost' >> /etc/hosts; echo '127.0.0.1 example.test' >> /etc/hosts")
    machine.run('systemd-run --unit=challenges pebble-challtestsrv -defaultIPv4 127.0.0.1 -defaultIPv6 "" -http01 "" -https01 "" -tlsalpn01 ""')
    machine.wait_until('ss -nul | grep -q :8053')
    machine.run('systemd-run --unit=pebble -E PEBBLE_VA_NOSLEEP=1 -E PEBBLE_WFE_NONCEREJECT=0 '
                'pebble -config /root/pebble/pebble.json -dnsserver 127.0.0.1:8053')
    machine.wait_until('curl -sS --cacert /root/pebble/cert.pem https://localhost:14000/dir')
    certbot = 'REQUESTS_CA_BUNDLE=/root/pebble/cert.pem certbot'
    pid = _main_pid(machine)
    with Load(machine, kept=4, fresh=4, options='--path /load') as load:
        machine.run(f'{certbot} --nginx -n --agree-tos -m a@example.test --server https://localhost:14000/dir -d example.test --redirect', timeout=90)
    assert load.counts['refused'] == 0 and load.counts['lost'] == 0, load.line
    assert _main_pid(machine) == pid, 'reloaded, not restarted'
    assert '301' in machine.run('curl -sSI http://example.test/').out.splitlines()[0]
    serial = 'openssl s_client -connect 127.0.0.1:443 -servername example.test < /dev/null 2>/dev/null | openssl x509 -noout -serial -issuer'
    first = machine.run(serial).out
    assert 'Pebble' in first, first
    assert 'Welcome to nginx!' in machine.run('curl -sSk https://example.test/').out
    machine.run(f'{certbot} renew --force-renewal --no-random-sleep-on-renew', timeout=90)
    second = machine.run(serial).out
    assert 'Pebble' in second and second != first, second
    assert _main_pid(machine) == pid


def the_doctor_finds_nothing_wrong_and_then_what_is(machine):
    machine.run("sed -i 's/server_name _;/server_name _; location = \\/nginx_status { stub_status; }/' /etc/nginx/sites-enabled/default")
    told = json.loads(machine.run('bext nginx masquerade doctor --json', check=False).out)
    assert told['ok'] is False and [one['what'] for one in told['findings']] == ['masquerade is not installed'], told
    machine.run(INSTALL)
    assert 'bext nginx masquerade uninstall puts nginx back' in machine.run('bext rollback --yes', check=False).err
    told = json.loads(machine.run('bext nginx masquerade doctor --act --json').out)
    assert told['ok'] and len(told['findings']) == 15, told
    assert {one['verdict'] for one in told['findings']} == {'pass'}, told
    machine.run('chmod 666 /run/nginx.pid; systemctl disable nginx')
    done = machine.run('bext nginx masquerade doctor', check=False)
    assert done.status == 1 and 'FAIL  monit, scripts: pid file' in done.out and 'mend: systemctl enable nginx.service' in done.out, done


def what_stands_in_the_way_is_found_before_anything_is_changed(machine):
    machine.run('systemctl disable --now nginx; systemctl enable --now bext')
    done = machine.run(INSTALL, check=False)
    machine.run('systemctl disable --now bext; systemctl enable --now nginx')
    assert done.status == 1 and 'bext.service serves, without a takeover' in done.err, done
    before = _tree(machine)
    _is_nginx(machine, before)
    for spoil, mend, reason in (
            ('echo nonsense\\; > /etc/nginx/conf.d/bad.conf', 'rm /etc/nginx/conf.d/bad.conf', 'unknown directive "nonsense"'),
            ('mv /usr/sbin/bext-server /root/', 'mv /root/bext-server /usr/sbin/', 'bext-server'),
            ('dpkg-divert --local --no-rename --divert /usr/sbin/other --add /usr/sbin/nginx',
             'dpkg-divert --no-rename --remove /usr/sbin/nginx', 'is diverted already, by LOCAL'),
            ('systemctl mask --runtime nginx', 'systemctl unmask --runtime nginx', 'is masked')):
        machine.run(spoil)
        done = machine.run(INSTALL, check=False)
        machine.run(mend)
        assert done.status == 1 and reason in done.err, done
        _is_nginx(machine, before)
    lock = machine.start('exec python3 -c "import fcntl,os,time; f=open(\'/var/lib/dpkg/lock-frontend\',\'w\'); fcntl.lockf(f,fcntl.LOCK_EX); '
                         'open(\'/run/locked\',\'w\').write(str(os.getpid())); time.sleep(60)"')
    machine.wait_until('[ -s /run/locked ]')
    done = machine.run(INSTALL, check=False)
    machine.run('kill $(cat /run/locked)')
    lock.communicate()
    assert done.status == 1 and 'dpkg is at work' in done.err, done
    _is_nginx(machine, before)


def a_step_that_fails_undoes_those_before_it(machine):
    before = _tree(machine)
    for cut in CUTS:
        with Load(machine, kept=2, fresh=2) as load:
            done = machine.run(f'BEXT_FAILPOINT={cut}:fail {INSTALL}', check=False)
            assert done.status == 1 and f'the failpoint {cut}' in done.err, done
            machine.wait_until('[ ! -e /run/nginx.pid.oldbin ]')
        assert load.counts['refused'] == 0, (cut, load.line)
        _is_nginx(machine, before)


def a_server_that_does_not_start_changes_nothing(machine):
    before = _tree(machine)
    machine.run('mv /usr/sbin/bext-server /root/')
    machine.put('#!/bin/sh\ncase "$*" in *-t*|--version) exit 0;; esac\nexit 1\n', '/usr/sbin/bext-server', 0o755)
    before_broken = _tree(machine)
    with Load(machine, kept=4, fresh=4) as load:
        done = machine.run(INSTALL, check=False)
    assert done.status == 1 and 'did not start' in done.err, done
    assert load.counts['refused'] == 0 and load.counts['lost'] == 0, load.line
    _is_nginx(machine, before_broken)
    machine.run('mv /root/bext-server /usr/sbin/')
    _is_nginx(machine, before)


def _cut_off(machine, command, cut):
    done = machine.run(f'BEXT_FAILPOINT={cut}:kill {command}', check=False)
    assert done.status in (137, -9), (cut, done)


def killed_at_any_step_one_server_serves_and_the_next_run_goes_on(machine):
    before = _tree(machine)
    for cut in CUTS:
        with Load(machine, kept=2, fresh=2) as load:
            _cut_off(machine, INSTALL, cut)
            machine.run(INSTALL)
        assert load.counts['refused'] == 0, (cut, load.line)
        _is_bext(machine)
        machine.run(UNINSTALL)
        _is_nginx(machine, before)
    for cut in CUTS_OF_THE_UNDO:
        machine.run(INSTALL)
        with Load(machine, kept=2, fresh=2) as load:
            _cut_off(machine, UNINSTALL, cut)
            machine.run(UNINSTALL)
        assert load.counts['refused'] == 0, (cut, load.line)
        _is_nginx(machine, before)


def killed_at_any_step_and_rebooted_one_server_serves(machine):
    before = _tree(machine)
    for cut in machine.steps(CUTS, ['diversion', 'shim-written', 'drop-in-done', 'handover-main']):
        _cut_off(machine, INSTALL, cut)
        machine.power_cut()
        _one_serves(machine)
        machine.run('nginx -t')
        machine.run(UNINSTALL)
        _is_nginx(machine, before)
    for cut in machine.steps(CUTS_OF_THE_UNDO, ['undo-handover', 'undo-shim-exchanged', 'undo-diversion']):
        machine.run(INSTALL)
        _cut_off(machine, UNINSTALL, cut)
        machine.power_cut()
        _one_serves(machine)
        machine.run(INSTALL)
        _is_bext(machine)
        machine.run(UNINSTALL)
        _is_nginx(machine, before)


@bare
def an_upgrade_of_nginxs_package_goes_to_the_diverted_name(machine):
    _with_a_later_nginx_to_come(machine)
    machine.run(INSTALL)
    with Load(machine, kept=8, fresh=4) as load:
        machine.run(f'{APT} upgrade', timeout=120)
    assert load.counts['refused'] == load.counts['errors'] == 0, load.line
    assert machine.run("dpkg-query -W -f '${Version}' nginx-common").out == LATER
    _is_bext(machine)
    assert machine.run('/usr/sbin/nginx.real -v').err == f'nginx version: {debians_nginx(machine)}\n'
    machine.run(UNINSTALL)
    assert _server(machine) == '/usr/sbin/nginx'


@bare
def nginx_can_be_removed_purged_and_installed_again(machine):
    _with_a_later_nginx_to_come(machine)
    machine.run(INSTALL)
    for how in ('remove', 'purge'):
        machine.run(f'{APT} {how} nginx nginx-common', timeout=120)
        assert machine.run('curl -sS http://127.0.0.1/', check=False).status == 7, 'the package stops its service'
        machine.run(f'{APT} install nginx', timeout=120)
        machine.wait_until('curl -sSI http://127.0.0.1/')
        assert machine.run('systemctl is-active nginx').out == 'active\n'
        _one_serves(machine)
    machine.run(f'{APT} remove bext', timeout=60)
    assert _server(machine) == '/usr/sbin/nginx'
    assert machine.run('dpkg-divert --list /usr/sbin/nginx').out == ''


def _with_a_later_nginx_to_come(machine):
    """Installs bext's package, and gives the machine an apt repository with a later version of nginx's packages."""
    put_versions(machine)
    install(machine, 'one')
    with tempfile.TemporaryDirectory() as directory:
        packages = []
        for path in machine.run('ls /var/lib/kept-packages/*.deb').out.split():
            package = pathlib.Path(directory, pathlib.Path(path).name)
            package.write_bytes(machine.get(path))
            packages.append(repacked(package, LATER, directory, _depend_on_the_later))
        put_repository(machine, *packages)


def _depend_on_the_later(tree):
    control = tree / 'DEBIAN' / 'control'
    control.write_text(re.sub(r'(?m)^(Depends: .*)', lambda line: re.sub(r'(nginx-common) \([^)]*\)', r'\1', line[1]), control.read_text()))
