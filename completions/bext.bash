# bash completion for bext and bext-server; made by man/make.py

_bext() {
  local cur prev words cword
  _init_completion -s || return
  case $prev in
    --nginx-config | --pid-file | --bext-bin | --shim-bin | --shim-source | --binary | --config | -c | -p | -e) _filedir; return ;;
    --timeout | --probation | --rehearsal | --port | -g) return ;;
  esac
  local typed=${1##*/} help='' known='' i
  for ((i = 1; i < cword; i++)); do
    case ${words[i - 1]} in
      --nginx-config | --timeout | --probation | --rehearsal | --port | --pid-file | --bext-bin | --shim-bin | --shim-source | --binary | --config | -c | -p | -g | -e) continue ;;
    esac
    case ${words[i]} in
      help) help=yes ;;
      --nginx-masquerade | [!-]*) typed+=" ${words[i]}" ;;
    esac
  done
  case $typed in
    'bext') known='nginx-takeover takeover rollback recover nginx status dashboard reload upgrade stop help --help --version' ;;
    'bext takeover') known='status' ;;
    'bext nginx') known='masquerade' ;;
    'bext nginx masquerade') known='install uninstall status doctor' ;;
    'bext nginx-takeover') [[ $help ]] || known='--check --nginx-config --auto-takeover --masquerade --allow-writes --timeout --probation --rehearsal --port --json --yes --help' ;;
    'bext takeover status') [[ $help ]] || known='--json --help' ;;
    'bext rollback') [[ $help ]] || known='--yes --if-uncommitted --json --help' ;;
    'bext recover') [[ $help ]] || known='--boot --json --help' ;;
    'bext nginx masquerade install') [[ $help ]] || known='--no-now --dry-run --nginx-config --pid-file --bext-bin --shim-bin --shim-source --json --help' ;;
    'bext nginx masquerade uninstall') [[ $help ]] || known='--no-now --dry-run --pid-file --bext-bin --shim-bin --shim-source --json --help' ;;
    'bext nginx masquerade status') [[ $help ]] || known='--pid-file --bext-bin --shim-bin --shim-source --json --help' ;;
    'bext nginx masquerade doctor') [[ $help ]] || known='--act --pid-file --bext-bin --shim-bin --shim-source --json --help' ;;
    'bext status') [[ $help ]] || known='--json --pid-file --help' ;;
    'bext dashboard') [[ $help ]] || known='--port --pid-file --help' ;;
    'bext reload') [[ $help ]] || known='--no-wait --pid-file --help' ;;
    'bext upgrade') [[ $help ]] || known='--binary --pid-file --help' ;;
    'bext stop') [[ $help ]] || known='--pid-file --help' ;;
    'bext-server') known='run --nginx-masquerade nginx git-deploy upgrade stop ctl help --help --version' ;;
    'bext-server nginx') known='check' ;;
    'bext-server ctl') known='reload status' ;;
    'bext-server run') [[ $help ]] || known='--config --nginx-config --pid-file --default-site --port --help' ;;
    'bext-server --nginx-masquerade') [[ $help ]] || known='--nginx-config --pid-file --help' ;;
    'bext-server nginx check') [[ $help ]] || known='-c -p -g -e -q --help' ;;
    'bext-server git-deploy') [[ $help ]] || known='--config --help' ;;
    'bext-server upgrade') [[ $help ]] || known='--binary --pid-file --help' ;;
    'bext-server stop') [[ $help ]] || known='--pid-file --help' ;;
    'bext-server ctl reload') [[ $help ]] || known='--no-wait --pid-file --help' ;;
    'bext-server ctl status') [[ $help ]] || known='--json --pid-file --help' ;;
  esac
  COMPREPLY=($(compgen -W "$known" -- "$cur"))
} &&
  complete -F _bext bext bext-server
