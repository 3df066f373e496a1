#!/bin/sh
# The last resort when the package of bext goes: whatever a takeover has put in place, or left when it was cut off, is removed, and
# nginx.service is what its own package made of it. Needs nothing of bext. Does nothing when there is nothing of a takeover.
bit=/var/lib/bext/active
links=/etc/systemd/system/multi-user.target.wants
found=
for file in "$bit" /run/systemd/system/nginx.service.d/zzz-bext-rollback.conf \
  /etc/systemd/system/nginx.service.d/50-bext-takeover.conf /etc/systemd/system/bext.service.d/50-bext-takeover.conf; do
  [ -e "$file" ] || continue
  [ "$file" != "$bit" ] || taken=yes
  found=yes
  rm -f "$file"
  case "$file" in
    *.conf) rmdir "${file%/*}" 2> /dev/null ;;
  esac
done
rm -f /run/bext/handover "$links/bext-recover.service"
[ -n "$found" ] || exit 0
[ -z "${taken:-}" ] || sync /var/lib/bext
echo "bext: the takeover is undone by hand, without what it knows of this machine: look at 'systemctl status nginx'" >&2
rm -f "$links/bext.service"
systemctl daemon-reload
[ -z "${taken:-}" ] || systemctl --quiet enable nginx.service
systemctl stop bext-takeover-deadman.timer bext-masquerade-deadman.timer 2> /dev/null
systemctl stop bext.service
systemctl --quiet is-active nginx.service && exit 0
systemctl reset-failed nginx.service 2> /dev/null
systemctl start nginx.service
