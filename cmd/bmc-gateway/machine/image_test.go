package machine

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// An image is a Debian that boots, and is never written to.
type image struct{ disk, kernel, initrd string }

// inside is what is installed besides Debian's important packages.
const inside = "systemd-sysv,linux-image-cloud-amd64,initramfs-tools,iproute2,ipmitool,kmod,udev,dbus,jq"

// files are laid over the root directory.
var files = map[string]string{
	"etc/fstab":    "/dev/vda / ext4 defaults 0 1\n/dev/vdb /seed ext4 ro 0 0\n",
	"etc/hostname": "gateway\n",
	"etc/hosts":    "127.0.0.1 localhost gateway\n",
	"seed/.keep":   "",
	// What mounts the first disk; all that a cloud's kernel may need would make the
	// start longer.
	"usr/share/initramfs-tools/modules.d/machine": "virtio_pci\nvirtio_blk\next4\n",
	"etc/initramfs-tools/conf.d/machine":          "MODULES=list\n",
	// The card has the name that the documentation gives it. VLANs on it have its
	// hardware address and are to keep theirs.
	"etc/systemd/network/10-near.link": "[Match]\nDriver=virtio_net\nMACAddress=" + nearMAC + "\n[Link]\nName=ens192\n",
	"etc/systemd/network/10-far.link":  "[Match]\nDriver=virtio_net\nMACAddress=" + farMAC + "\n[Link]\nName=far\n",
	"etc/systemd/network/20-ens192.network": "[Match]\nName=ens192\n[Network]\nAddress=192.0.2.1/24\n" +
		"LinkLocalAddressing=no\nIPv6AcceptRA=no\n",
	"etc/systemd/network/25-far.network":       "[Match]\nName=far\n[Link]\nUnmanaged=yes\n",
	"etc/systemd/journald.conf.d/machine.conf": "[Journal]\nRateLimitIntervalSec=0\n",
	"etc/systemd/system/machine-test.service":  testUnit,
}

// testUnit runs the test that the kernel's command line names, and ends the machine.
const testUnit = `[Unit]
Description=The test inside the machine
After=multi-user.target
RequiresMountsFor=/seed
SuccessAction=poweroff
FailureAction=poweroff

[Service]
Type=oneshot
TimeoutStartSec=infinity
WorkingDirectory=/root
Environment=HOME=/root LC_ALL=C.UTF-8
ExecStart=/bin/sh -c 'exec /seed/machine.test -test.v -inside -test.run "^$(sed -E "s/.*machine.test=([A-Za-z]+).*/\\1/" /proc/cmdline)\\$"'
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS1

[Install]
WantedBy=graphical.target
`

// newImage makes the image, unless it is there. It is made anew after it was
// removed.
func newImage(t *testing.T, dir string) image {
	t.Helper()
	i := image{filepath.Join(dir, "disk.ext4"), filepath.Join(dir, "vmlinuz"), filepath.Join(dir, "initrd.img")}
	if _, err := os.Stat(i.disk); err == nil {
		t.Logf("%s is there", i.disk)
		return i
	}
	root, err := filepath.Abs(filepath.Join(dir, "root"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.RemoveAll(root), os.MkdirAll(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	t.Logf("making a Debian %s", *suite)
	run(t, "mmdebstrap", "--variant=important", "--include="+inside,
		"--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/locale/*", *suite, root)
	for name, text := range files {
		write(t, filepath.Join(root, name), text)
	}
	for _, line := range []string{
		"systemctl enable machine-test.service systemd-networkd.service",
		"systemctl set-default graphical.target",
		"systemctl mask apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer fstrim.timer man-db.timer",
		"update-initramfs -u",
	} {
		run(t, "chroot", append([]string{root}, strings.Fields(line)...)...)
	}
	only := func(pattern, to string) {
		found, err := filepath.Glob(filepath.Join(root, "boot", pattern))
		if err != nil || len(found) != 1 {
			t.Fatalf("%s: %v, %v", pattern, found, err)
		}
		run(t, "cp", found[0], to)
	}
	only("vmlinuz-*", i.kernel)
	only("initrd.img-*", i.initrd)
	run(t, "mke2fs", "-q", "-t", "ext4", "-d", root, i.disk+".new", "2G")
	if err := errors.Join(os.Rename(i.disk+".new", i.disk), os.RemoveAll(root)); err != nil {
		t.Fatal(err)
	}
	return i
}

// makeSeed makes the disk with two versions of the package and this program, which
// is the test that runs inside.
func makeSeed(t *testing.T, disk string) {
	t.Helper()
	dir, built := t.TempDir(), t.TempDir() // what dir holds is what the disk holds
	for _, version := range []string{"0.9.0", "0.9.1"} {
		run(t, "make", "--no-print-directory", "-C", "../../..", "packages",
			"VERSION="+version, "PACKAGES="+dir, "STAGE="+filepath.Join(dir, "stage"), "BUILT="+built)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	run(t, "cp", self, filepath.Join(dir, "machine.test"))
	run(t, "cp", "../../../docs/howto/vlans.md", dir)
	if err := os.RemoveAll(filepath.Join(dir, "stage")); err != nil {
		t.Fatal(err)
	}
	run(t, "mke2fs", "-q", "-t", "ext4", "-d", dir, disk, "400M")
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
