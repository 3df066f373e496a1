# bash completion for bext and bext-server

_bext() {
  local cur prev words cword command first
  _init_completion -s || return
  case $prev in
    --pid-file | --binary | --config | --nginx-config | --bext-bin | --shim-bin | -c) _filedir; return ;;
    --port | --timeout | --probation | --rehearsal) return ;;
  esac
  first=${words[1]-} command=$first
  [[ $first == ctl || $first == nginx ]] && command=${words[2]-}
  if ((cword == 1)); then
    case $1 in
      *bext-server) COMPREPLY=($(compgen -W 'run nginx upgrade stop ctl git-deploy --nginx-masquerade --help --version' -- "$cur")) ;;
      *) COMPREPLY=($(compgen -W 'reload upgrade stop status nginx nginx-takeover takeover rollback recover --help --version' -- "$cur")) ;;
    esac
    return
  fi
  if ((cword == 2)); then
    case $first in
      ctl) COMPREPLY=($(compgen -W 'reload status' -- "$cur")); return ;;
      takeover) COMPREPLY=($(compgen -W 'status' -- "$cur")); return ;;
      nginx) [[ $1 == *bext-server ]] && COMPREPLY=($(compgen -W 'check' -- "$cur")) || COMPREPLY=($(compgen -W 'masquerade' -- "$cur")); return ;;
    esac
  fi
  if [[ $command == masquerade ]]; then
    ((cword == 3)) && COMPREPLY=($(compgen -W 'install uninstall status doctor' -- "$cur")) && return
    command=masquerade-${words[3]-}
  fi
  case $command in
    masquerade-install) COMPREPLY=($(compgen -W '--no-now --dry-run --json --bext-bin --shim-bin --pid-file --nginx-config' -- "$cur")) ;;
    masquerade-uninstall) COMPREPLY=($(compgen -W '--no-now --dry-run --json' -- "$cur")) ;;
    masquerade-status) COMPREPLY=($(compgen -W '--json' -- "$cur")) ;;
    masquerade-doctor) COMPREPLY=($(compgen -W '--act --json' -- "$cur")) ;;
    run) COMPREPLY=($(compgen -W '--config --nginx-config --pid-file --default-site --port' -- "$cur")) ;;
    check) COMPREPLY=($(compgen -W '-c' -- "$cur")) ;;
    git-deploy) COMPREPLY=($(compgen -W '--config' -- "$cur")) ;;
    --nginx-masquerade) COMPREPLY=($(compgen -W '--nginx-config --pid-file' -- "$cur")) ;;
    reload) COMPREPLY=($(compgen -W '--nowait --pid-file' -- "$cur")) ;;
    upgrade) COMPREPLY=($(compgen -W '--binary --pid-file' -- "$cur")) ;;
    nginx-takeover)
      COMPREPLY=($(compgen -W '--nginx-config --auto-takeover --timeout --probation --rehearsal --port --json --yes' -- "$cur")) ;;
    takeover | recover) COMPREPLY=($(compgen -W '--json' -- "$cur")) ;;
    rollback) COMPREPLY=($(compgen -W '--yes --if-uncommitted --json' -- "$cur")) ;;
    stop) COMPREPLY=($(compgen -W '--pid-file' -- "$cur")) ;;
    status) COMPREPLY=($(compgen -W '--json --pid-file' -- "$cur")) ;;
  esac
} &&
  complete -F _bext bext bext-server
