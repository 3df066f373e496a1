# The completions: every shell that is installed accepts its file, and bash completes a command and its options.
set -eu
if command -v zsh > /dev/null; then zsh -n bext.zsh; fi
if command -v fish > /dev/null; then fish -n bext.fish bext-server.fish; fi
bash -euc '
  _init_completion() { cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words=("${COMP_WORDS[@]}") cword=$COMP_CWORD; }
  . ./bext.bash
  completes() { # EXPECTED WORD...
    expected=$1; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
    _bext "$1"
    [ "${COMPREPLY[*]}" = "$expected" ] || { echo "$*: ${COMPREPLY[*]}"; exit 1; }
  }
  completes "upgrade" bext up
  completes "--binary --pid-file" bext upgrade --
  completes "reload" bext-server ctl re
  completes "nginx nginx-takeover" bext ng
  completes "status" bext takeover ""
  completes "--nginx-config --auto-takeover --timeout --probation --rehearsal --port --json --yes" bext nginx-takeover --
  completes "--yes --if-uncommitted --json" bext rollback --
  completes "masquerade" bext nginx m
  completes "install" bext nginx masquerade in
  completes "--act --json" bext nginx masquerade doctor --
  completes "--config --nginx-config --pid-file --default-site --port" bext-server run --
'
