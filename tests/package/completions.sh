# The completions: every shell that is installed accepts its file, and bash completes a command and its options.
set -eu
if command -v zsh > /dev/null; then zsh -n bext.zsh; fi
if command -v fish > /dev/null; then fish -n bext.fish bext-server.fish; fi
bash -euc '
  _init_completion() { cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words=("${COMP_WORDS[@]}") cword=$COMP_CWORD; }
  . ./bext.bash
  completes() { # EXPECTED WORD...
    expected=$1; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
    _bext "$1" || :  # nothing to complete
    [ "${COMPREPLY[*]}" = "$expected" ] || { echo "$*: ${COMPREPLY[*]}"; exit 1; }
  }
  completes "upgrade" bext up
  completes "--binary --pid-file --help" bext upgrade --
  completes "--binary --pid-file --help" bext --pid-file /run/nginx.pid upgrade --
  completes "reload" bext-server ctl re
  completes "nginx-takeover nginx" bext ng
  completes "status" bext takeover ""
  completes "--nginx-config" bext nginx-takeover --n
  completes "--yes --if-uncommitted --json --help" bext rollback --
  completes "masquerade" bext nginx m
  completes "install" bext nginx masquerade in
  completes "install uninstall status doctor" bext help nginx masquerade ""
  completes "" bext help reload --
  completes "--config --nginx-config --pid-file --default-site --port --help" bext-server run --
'
# What a shell that is installed completes, when asked as its own line editor would be.
if command -v fish > /dev/null; then
  asked() { fish --no-config -c "source bext.fish; source bext-server.fish; complete -C '$1'" | cut -f1 | sort | tr '\n' ' '; }
  fish_completes() { # EXPECTED LINE
    [ "$(asked "$2")" = "$1" ] || { echo "fish, $2: $(asked "$2")"; exit 1; }
  }
  fish_completes 'masquerade ' 'bext nginx '
  fish_completes 'doctor install status uninstall ' 'bext nginx masquerade '
  fish_completes '--binary --help --pid-file ' 'bext upgrade --'
  fish_completes '--binary --help --pid-file ' 'bext --pid-file /run/nginx.pid upgrade --'
  fish_completes 'status ' 'bext help takeover '
  fish_completes '--help --nginx-config --pid-file ' 'bext-server --nginx-masquerade --'
fi
