#!/bin/sh
# After the files are there. Nothing is started: there is no configuration yet.
# After an upgrade a daemon that runs is started anew, with the addresses it had.
set -e
root=${DPKG_ROOT:-}
if command -v systemd-sysusers >/dev/null 2>&1; then
	systemd-sysusers --root="$root/" bmc-gateway.conf
fi
gid=$(sed -n 's/^bmc-gateway:[^:]*:\([0-9]*\):.*/\1/p' "$root/etc/group" 2>/dev/null)
if [ -n "$gid" ]; then
	# The daemon reads what is in there, root alone writes it.
	chgrp "$gid" "$root/etc/bmc-gateway" "$root/etc/bmc-gateway/secrets"
fi
if [ -z "$root" ] && [ -d /run/systemd/system ]; then
	systemctl daemon-reload || true
	systemctl try-restart bmc-gateway.service || true
fi
