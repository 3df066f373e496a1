if [ "$1" -eq 0 ]; then
  # nginx's own program has to be back in its place before the one that stands there goes. When that fails, bext stays.
  if bext nginx masquerade status > /dev/null 2>&1; then
    bext nginx masquerade uninstall || exit 1
  fi
  # After a takeover the ports go back to nginx, with no moment in which they are closed if that can be had.
  if [ -e /var/lib/bext/active ]; then
    if ! bext rollback --yes > /dev/null; then
      mkdir -p /run/bext
      touch /run/bext/give-back
      systemctl start bext-fallback.service || :
    fi
  fi
  systemctl --no-reload disable --now bext.service > /dev/null 2>&1 || :
  systemctl stop bext-deploy.service > /dev/null 2>&1 || :
fi
