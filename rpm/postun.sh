if [ "$1" -eq 0 ]; then
  rm -f /usr/sbin/bext-server.prev
  systemctl daemon-reload > /dev/null 2>&1 || :
  if command -v semodule > /dev/null; then
    semodule --noreload --store targeted --priority 200 --remove bext > /dev/null 2>&1 || :
    if selinuxenabled 2> /dev/null; then
      load_policy || :
    fi
  fi
fi
