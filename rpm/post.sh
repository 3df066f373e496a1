# Installing starts nothing: the ports may be nginx's. Whether it starts at boot is what the distribution's presets say: no.
if [ "$1" -eq 1 ]; then
  systemctl --no-reload preset bext.service > /dev/null 2>&1 || :
fi
if command -v semodule > /dev/null && [ -e /usr/share/selinux/packages/bext.pp ]; then
  semodule --noreload --store targeted --priority 200 --install /usr/share/selinux/packages/bext.pp || :
  if selinuxenabled 2> /dev/null; then
    load_policy || :
    restorecon -R /etc/bext /usr/bin/bext /usr/sbin/bext-server /usr/lib/bext /usr/lib/systemd/system/bext*.service || :
  fi
fi
