#compdef bext bext-server
# made by man/make.py

local typed=$service help='' i
local -a known
for ((i = 2; i < CURRENT; i++)); do
  case $words[i-1] in
    --nginx-config | --timeout | --probation | --rehearsal | --port | --pid-file | --bext-bin | --shim-bin | --shim-source | --binary | --config | -c | -p | -g | -e) continue ;;
  esac
  case $words[i] in
    help) help=yes ;;
    --nginx-masquerade|[^-]*) typed+=" $words[i]" ;;
  esac
done
case $typed in
  'bext') known=('nginx-takeover:check, and take nginx'\''s ports over' 'takeover' 'rollback:give the ports back to nginx' 'recover:finish or undo what was interrupted' 'nginx' 'status:what the server does, and what was ever lost' 'dashboard:a page that shows the running server' 'reload:read the configuration again' 'upgrade:change the binary without losing a request' 'stop:finish what is under way and end' 'help:all about one command' '--help:the commands' '--version:the version'); _describe command known ;;
  'bext takeover') known=('status:how far a takeover is'); _describe command known ;;
  'bext nginx') known=('masquerade'); _describe command known ;;
  'bext nginx masquerade') known=('install:put bext in nginx'\''s place for every tool' 'uninstall:put nginx back' 'status:what is installed, and who serves' 'doctor:try what other programs do with nginx'); _describe command known ;;
  'bext nginx-takeover') [[ -n $help ]] || _arguments '--check[Only checks and reports\: the checks, every directive that bext does not have with its place and nginx'\''s module, and what asks for nginx]' '--nginx-config[The nginx.conf to serve]:file:_files' '--auto-takeover[Takes over at once when no critical check fails, and ends]' '--masquerade[Takes over, as --auto-takeover, and goes on into nginx'\''s place\: certbot, logrotate, systemctl reload nginx and nginx -s find bext]' '--allow-writes[Lets bext.service write where the configuration does and its unit does not allow it, by a drop-in with ReadWritePaths=]' '--timeout[When bext does not serve after so long, nginx has the ports again]:seconds:' '--probation[How long bext serves before it is for good]:seconds:' '--rehearsal[How many of the last GET and HEAD requests of the access logs are made again, to nginx and to a bext beside it, before anything is changed; 0 makes none]:n:' '--port[The loopback port of the page]:port:' '--json[Prints JSON]' '--yes[Does not ask]' '--help[all about this command]' ;;
  'bext takeover status') [[ -n $help ]] || _arguments '--json[Prints JSON]' '--help[all about this command]' ;;
  'bext rollback') [[ -n $help ]] || _arguments '--yes[Does not ask]' '--if-uncommitted[Only undoes what a takeover that died has left]' '--json[Prints JSON]' '--help[all about this command]' ;;
  'bext recover') [[ -n $help ]] || _arguments '--boot[Settles it before the services start]' '--json[Prints JSON]' '--help[all about this command]' ;;
  'bext nginx masquerade install') [[ -n $help ]] || _arguments '--no-now[Leaves the running server alone; the change comes with its next start]' '--dry-run[Only tells what would be done]' '--nginx-config[The nginx.conf to serve]:file:_files' '--pid-file[The pid file that names the server]:file:_files' '--bext-bin[The bext-server that nginx.service runs]:file:_files' '--shim-bin[Where nginx is, and the small program will be that answers its command line]:file:_files' '--shim-source[That program]:file:_files' '--json[Prints JSON]' '--help[all about this command]' ;;
  'bext nginx masquerade uninstall') [[ -n $help ]] || _arguments '--no-now[Leaves the running server alone; the change comes with its next start]' '--dry-run[Only tells what would be done]' '--pid-file[The pid file that names the server]:file:_files' '--bext-bin[The bext-server that nginx.service runs]:file:_files' '--shim-bin[Where nginx is, and the small program will be that answers its command line]:file:_files' '--shim-source[That program]:file:_files' '--json[Prints JSON]' '--help[all about this command]' ;;
  'bext nginx masquerade status') [[ -n $help ]] || _arguments '--pid-file[The pid file that names the server]:file:_files' '--bext-bin[The bext-server that nginx.service runs]:file:_files' '--shim-bin[Where nginx is, and the small program will be that answers its command line]:file:_files' '--shim-source[That program]:file:_files' '--json[Prints JSON]' '--help[all about this command]' ;;
  'bext nginx masquerade doctor') [[ -n $help ]] || _arguments '--act[Also tries what acts on the server\: a reload, a rotation of its logs, an upgrade]' '--pid-file[The pid file that names the server]:file:_files' '--bext-bin[The bext-server that nginx.service runs]:file:_files' '--shim-bin[Where nginx is, and the small program will be that answers its command line]:file:_files' '--shim-source[That program]:file:_files' '--json[Prints JSON]' '--help[all about this command]' ;;
  'bext status') [[ -n $help ]] || _arguments '--json[Prints JSON]' '--pid-file[The pid file that names the server]:file:_files' '--help[all about this command]' ;;
  'bext dashboard') [[ -n $help ]] || _arguments '--port[The loopback port of the page]:port:' '--pid-file[The pid file that names the server]:file:_files' '--help[all about this command]' ;;
  'bext reload') [[ -n $help ]] || _arguments '--no-wait[Only asks for it, and does not wait for the outcome]' '--pid-file[The pid file that names the server]:file:_files' '--help[all about this command]' ;;
  'bext upgrade') [[ -n $help ]] || _arguments '--binary[Tests whether FILE runs and accepts the configuration, and puts it in the place of the running binary, which is kept beside it as bext-server.prev]:file:_files' '--pid-file[The pid file that names the server]:file:_files' '--help[all about this command]' ;;
  'bext stop') [[ -n $help ]] || _arguments '--pid-file[The pid file that names the server]:file:_files' '--help[all about this command]' ;;
  'bext-server') known=('run:serve in the foreground' '--nginx-masquerade:serve in nginx'\''s name' 'nginx' 'git-deploy:run a command on every push' 'upgrade:change the binary without losing a request' 'stop:finish what is under way and end' 'ctl' 'help:all about one command' '--help:the commands' '--version:the version'); _describe command known ;;
  'bext-server nginx') known=('check:test the configuration'); _describe command known ;;
  'bext-server ctl') known=('reload:read the configuration again' 'status:what the server does'); _describe command known ;;
  'bext-server run') [[ -n $help ]] || _arguments '--config[bext'\''s own configuration]:file:_files' '--nginx-config[The nginx.conf to serve]:file:_files' '--pid-file[Where the server writes its process id]:file:_files' '--default-site[Serves a built-in page on a loopback port and prints its address]' '--port[With --default-site\: the first port to try]:port:' '--help[all about this command]' ;;
  'bext-server --nginx-masquerade') [[ -n $help ]] || _arguments '--nginx-config[The nginx.conf to serve]:file:_files' '--pid-file[Where the server writes its process id]:file:_files' '--help[all about this command]' ;;
  'bext-server nginx check') [[ -n $help ]] || _arguments '-c[The configuration]:file:_files' '-p[Where relative paths start from]:directory:_files' '-g[Directives that go before those of the configuration]:directives:' '-e[The error log until the configuration names one]:file:_files' '-q[Prints faults only]' '--help[all about this command]' ;;
  'bext-server git-deploy') [[ -n $help ]] || _arguments '--config[bext'\''s own configuration]:file:_files' '--help[all about this command]' ;;
  'bext-server upgrade') [[ -n $help ]] || _arguments '--binary[Tests whether FILE runs and accepts the configuration, and puts it in the place of the running binary, which is kept beside it as bext-server.prev]:file:_files' '--pid-file[The pid file that names the server]:file:_files' '--help[all about this command]' ;;
  'bext-server stop') [[ -n $help ]] || _arguments '--pid-file[The pid file that names the server]:file:_files' '--help[all about this command]' ;;
  'bext-server ctl reload') [[ -n $help ]] || _arguments '--no-wait[Only asks for it, and does not wait for the outcome]' '--pid-file[The pid file that names the server]:file:_files' '--help[all about this command]' ;;
  'bext-server ctl status') [[ -n $help ]] || _arguments '--json[Prints JSON]' '--pid-file[The pid file that names the server]:file:_files' '--help[all about this command]' ;;
esac
