if [ "$1" -eq 0 ]; then
  # What bext nginx-takeover --allow-writes has made, too.
  rm -f /usr/sbin/bext-server.prev /etc/systemd/system/bext.service.d/40-bext-writes.conf
  rmdir /etc/systemd/system/bext.service.d 2> /dev/null || :
  systemctl daemon-reload > /dev/null 2>&1 || :
  if command -v semodule > /dev/null; then
    semodule --noreload --store targeted --priority 200 --remove bext > /dev/null 2>&1 || :
    if selinuxenabled 2> /dev/null; then
      load_policy || :
    fi
  fi
fi
