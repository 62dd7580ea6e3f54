package deploy

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// run returns what a program prints, and fails the test if it fails.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = ".." // of the module
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// need skips the test without a program; in CI it must be there.
func need(t *testing.T, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err == nil {
			continue
		}
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is missing", p)
		}
		t.Skipf("%s is missing", p)
	}
}

// packages makes the deb and the rpm of a version and returns their paths. Nothing of
// it is in bin/, where another test may be making a package of its own.
func packages(t *testing.T, version string) (deb, rpm string) {
	t.Helper()
	dir := t.TempDir()
	run(t, "make", "packages", "VERSION="+version, "PACKAGES="+dir, "BUILT="+dir, "STAGE="+filepath.Join(dir, "stage"))
	only := func(pattern string) string {
		found, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil || len(found) != 1 {
			t.Fatalf("%s: %v, %v", pattern, found, err)
		}
		return found[0]
	}
	return only("*.deb"), only("*.rpm")
}

// shipped is what both packages must hold.
var shipped = []string{
	"/usr/bin/bmc-gateway",
	"/usr/lib/systemd/system/bmc-gateway.service",
	"/usr/lib/sysusers.d/bmc-gateway.conf",
	"/usr/share/doc/bmc-gateway/config.example.yaml",
	"/usr/share/doc/bmc-gateway/copyright",
	"/usr/share/man/man8/bmc-gateway.8.gz",
	"/usr/share/man/man8/bmc-gateway-doctor.8.gz",
	"/usr/share/bash-completion/completions/bmc-gateway",
	"/usr/share/zsh/vendor-completions/_bmc-gateway",
	"/usr/share/fish/vendor_completions.d/bmc-gateway.fish",
	"/etc/bmc-gateway",
}

// The life of a package in a root directory of its own: what the administrator
// wrote and the daemon remembers stays until purge.
func TestPackages(t *testing.T) {
	need(t, "dpkg", "dpkg-deb", "rpm", "make", "systemd-sysusers")
	if os.Getuid() != 0 {
		t.Skip("dpkg wants root")
	}
	deb, rpm := packages(t, "0.9.0")
	newer, _ := packages(t, "0.9.0-3-gabcdef")
	for name, files := range map[string]string{"deb": run(t, "dpkg-deb", "-c", deb), "rpm": run(t, "rpm", "-qlp", rpm)} {
		for _, want := range shipped {
			if !strings.Contains(files, want) {
				t.Errorf("%s holds no %s", name, want)
			}
		}
	}
	root := t.TempDir()
	for _, dir := range []string{"var/lib/dpkg/info", "var/lib/dpkg/updates", "var/log", "etc"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	write("var/lib/dpkg/status", "")
	dpkg := func(args ...string) {
		t.Helper()
		run(t, "dpkg", append([]string{"--root=" + root, "--force-script-chrootless", "--force-depends"}, args...)...)
	}
	dpkg("-i", deb)
	if got := run(t, filepath.Join(root, "usr/bin/bmc-gateway"), "version"); !strings.Contains(got, "0.9.0") {
		t.Errorf("version: %s", got)
	}
	group, err := os.ReadFile(filepath.Join(root, "etc/group"))
	if err != nil || !strings.Contains(string(group), "bmc-gateway:") {
		t.Errorf("no group bmc-gateway: %v\n%s", err, group)
	}
	for _, dir := range []string{"etc/bmc-gateway", "etc/bmc-gateway/secrets"} {
		info, err := os.Stat(filepath.Join(root, dir))
		if err != nil {
			t.Fatal(err)
		}
		owner := info.Sys().(*syscall.Stat_t)
		if info.Mode().Perm() != 0o750 || owner.Uid != 0 || !strings.Contains(string(group), fmt.Sprintf("bmc-gateway:x:%d:", owner.Gid)) {
			t.Errorf("%s: mode %s, user %d, group %d; want 0750, root and bmc-gateway", dir, info.Mode(), owner.Uid, owner.Gid)
		}
	}
	write("etc/bmc-gateway/config.yaml", "apiVersion: bmc-gateway/v1\n")
	write("var/lib/bmc-gateway/state.db", "leases")
	kept := func(when string) {
		t.Helper()
		for _, name := range []string{"etc/bmc-gateway/config.yaml", "var/lib/bmc-gateway/state.db"} {
			if _, err := os.Stat(filepath.Join(root, name)); err != nil {
				t.Errorf("%s: %v", when, err)
			}
		}
	}
	dpkg("-i", newer)
	kept("after an upgrade")
	dpkg("-r", "bmc-gateway")
	kept("after removal")
	dpkg("-P", "bmc-gateway")
	if _, err := os.Stat(filepath.Join(root, "etc/bmc-gateway")); !os.IsNotExist(err) {
		t.Errorf("after purge: %v", err)
	}
}

// The unit's exposure is what systemd 252 counts, in tenths: the network and the
// capabilities for it are the service.
func TestUnit(t *testing.T) {
	need(t, "systemd-analyze")
	dir := t.TempDir()
	unit, err := os.ReadFile("systemd/bmc-gateway.service")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "bmc-gateway.service")
	text := strings.ReplaceAll(string(unit), "@PREFIX@/bin/bmc-gateway", "/bin/true")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	// Go's own exit code of a crash is 2, too.
	if strings.Contains(text, "\nRestartPreventExitStatus=2\n") && !strings.Contains(text, "\nEnvironment=GOTRACEBACK=crash\n") {
		t.Error("a daemon that crashes, or that the watchdog aborts, would not be started anew")
	}
	run(t, "systemd-analyze", "security", "--offline=yes", "--no-pager", "--threshold=20", path)
	if out := run(t, "systemd-analyze", "verify", "--man=no", path); strings.Contains(out, "bmc-gateway.service") {
		t.Errorf("systemd complains:\n%s", out)
	}
}
