if [ "$1" -eq 0 ]; then
  # nginx's own program has to be back in its place before the one that stands there goes. When that fails, bext stays.
  # So has what an installation began that was cut off, if nothing of it can be seen yet: else it would be finished.
  if [ -e /var/lib/bext/masquerade/journal ] || bext nginx masquerade status > /dev/null 2>&1; then
    bext nginx masquerade uninstall || exit 1
  fi
  # What a takeover has left that was cut off is settled; after one the ports go back to nginx, with no moment in which they are
  # closed if that can be had.
  if [ -e /var/lib/bext/takeover/journal ]; then
    bext recover > /dev/null || :
  fi
  if [ -e /var/lib/bext/active ]; then
    bext rollback --yes > /dev/null || :
  fi
  if [ -d /run/systemd/system ]; then
    /usr/lib/bext/give-back || :
  fi
  systemctl --no-reload disable --now bext.service > /dev/null 2>&1 || :
  systemctl stop bext-deploy.service > /dev/null 2>&1 || :
fi
