# A server that does not run stays so. One that cannot be replaced goes on as it is, and so does the installation.
systemctl daemon-reload > /dev/null 2>&1 || :
if [ -d /run/systemd/system ] && ! systemctl try-reload-or-restart bext.service; then
  cat >&2 << END
bext: the running server could not be replaced by the new version; the old one goes on and no request is lost.
bext: 'journalctl -u bext' tells why. Then: systemctl reload bext
END
fi
systemctl try-restart bext-deploy.service > /dev/null 2>&1 || :

%triggerin -- nginx
# An upgrade of nginx has put its own program where bext's stood.
if [ -e /etc/systemd/system/nginx.service.d/bext-masquerade.conf ]; then
  bext nginx masquerade install || echo "bext: nginx's place could not be taken again: bext nginx masquerade doctor" >&2
fi
