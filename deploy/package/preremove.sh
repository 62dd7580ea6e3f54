#!/bin/sh
# Before the files go. An upgrade ("upgrade" in a deb, 1 in an rpm) leaves the
# daemon running until the new one is there.
set -e
case "$1" in
upgrade | 1) exit 0 ;;
esac
if [ -z "${DPKG_ROOT:-}" ] && [ -d /run/systemd/system ]; then
	systemctl disable --now bmc-gateway.service || true
fi
