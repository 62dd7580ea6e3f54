# Makes the world of a page and executes its commands. It is process 1 of its own
# namespaces of processes, mounts and network, so all of it ends with it.
set -eu
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs tmpfs "$WORLD"
cp -a /etc "$WORLD/etc"
mount --bind "$WORLD/etc" /etc
for dir in /run /root /var/lib /var/log; do mount -t tmpfs -o mode=0755 tmpfs "$dir"; done
mkdir -p /run/netns /run/bmc-gateway /var/lib/bmc-gateway /var/log/bmc-gateway /etc/bmc-gateway/secrets

# What the package would have made, and where the vCenter is.
echo 'bmc-gateway:x:64623:' >> /etc/group
echo 'bmc-gateway:x:64623:64623::/nonexistent:/usr/sbin/nologin' >> /etc/passwd
printf '127.0.0.1 localhost\n192.0.2.3 vcenter.example.org\n192.0.2.4 vcenter-nested.example.org\n' > /etc/hosts
echo 'hosts: files' > /etc/nsswitch.conf
: > /etc/resolv.conf

# The gateway's host, and another one on the same network.
ip netns add other
ip link add ens192 type veth peer name eth0 netns other
for address in 192.0.2.2/24 10.120.8.2/22; do ip addr add "$address" dev ens192; done
for address in 192.0.2.3/24 192.0.2.4/24 10.120.8.3/22; do ip -n other addr add "$address" dev eth0; done
ip link set lo up
ip link set ens192 up
ip -n other link set lo up
ip -n other link set eth0 up

export HOME=/root TZ=UTC LC_ALL=C.UTF-8 PATH="$BIN:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
DOCSTEST_ROLE=vcenter ip netns exec other "$SELF" &
eventually test -S /run/vcenter.sock
vc ca > /run/vcenter-ca.pem
cd /root
set +eu

# Each line on 3 is a file with a command; its exit code goes to 4.
__code=0
while read -r -u 3 __file; do
	(exit "$__code")
	. "$__file" < "$__file.in" > "$__file.out" 2>&1 3<&- 4>&-
	__code=$?
	echo "$__code" >&4
done
