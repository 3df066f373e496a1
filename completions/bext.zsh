#compdef bext bext-server

local -a commands options
local pid_file='--pid-file[pid file of the server]:file:_files'

if [[ $service == bext-server ]]; then
  commands=('run:serve in the foreground' 'nginx:what nginx does' 'upgrade:change the binary without losing a request'
            'stop:finish what is under way and end' 'ctl:ask the running server' 'git-deploy:run a command on every push')
else
  commands=('reload:read the configuration again' 'upgrade:change the binary without losing a request' 'stop:finish what is under way and end' 'status:what the server does'
            "nginx:in nginx's place" "nginx-takeover:check, and take nginx's ports over" 'takeover:how far a takeover is'
            'rollback:give the ports back to nginx' 'recover:finish or undo what was interrupted')
fi

if (( CURRENT == 2 )); then
  _describe command commands
  options=('--help[print every option]' '--version[print the version]')
  [[ $service == bext-server ]] && options+=("--nginx-masquerade[serve in nginx's name]")
  _arguments $options
  return
fi

local command=$words[2]
if [[ $service == bext && $command == nginx ]]; then
  if (( CURRENT == 3 )); then _values command masquerade; return; fi
  if (( CURRENT == 4 )); then _values command install uninstall status doctor; return; fi
  _arguments '--no-now[leave the running server alone]' '--dry-run[only tell what would be done]' '--json[print JSON]' \
             '--act[also try what acts on the server]' '--nginx-config[nginx.conf to serve]:file:_files' $pid_file
  return
fi
if [[ $command == takeover && CURRENT -eq 3 ]]; then _values command status; return; fi
if [[ $command == (ctl|nginx) ]]; then
  if (( CURRENT == 3 )); then
    [[ $command == ctl ]] && _values command reload status || _values command check
    return
  fi
  command=$words[3]
fi

case $command in
  run) options=('--config[own configuration]:file:_files' '--nginx-config[nginx.conf to serve]:file:_files' $pid_file
                '--default-site[serve a built-in page]' '--port[first port to try]:port:') ;;
  check) options=('-c[nginx.conf to test]:file:_files') ;;
  git-deploy) options=('--config[own configuration]:file:_files') ;;
  --nginx-masquerade) options=('--nginx-config[nginx.conf to serve]:file:_files' $pid_file) ;;
  reload) options=('--nowait[do not wait for the outcome]' $pid_file) ;;
  upgrade) options=('--binary[program to put in place of the running one]:file:_files' $pid_file) ;;
  nginx-takeover) options=('--nginx-config[nginx.conf to serve]:file:_files' '--auto-takeover[take over when no critical check fails]'
                           '--timeout[seconds until bext must serve]:seconds:' '--probation[seconds of watching before it is for good]:seconds:'
                           '--rehearsal[how many logged requests to compare]:number:' '--port[port of the dashboard]:port:'
                           '--json[print JSON]' '--yes[do not ask]') ;;
  takeover|recover) options=('--json[print JSON]') ;;
  rollback) options=('--yes[do not ask]' '--if-uncommitted[only undo what a takeover that died has left]' '--json[print JSON]') ;;
  status) options=('--json[print JSON]' $pid_file) ;;
esac
_arguments $options
