#!/bin/sh
# After the files are gone. Only "purge" of a deb takes the configuration and the
# state: which VM has which address is nothing to lose by mistake.
set -e
root=${DPKG_ROOT:-}
if [ "$1" = purge ]; then
	rm -rf "$root/var/lib/bmc-gateway" "$root/var/lib/private/bmc-gateway" "$root/etc/bmc-gateway"
fi
if [ -z "$root" ] && [ -d /run/systemd/system ]; then
	systemctl daemon-reload || true
fi
