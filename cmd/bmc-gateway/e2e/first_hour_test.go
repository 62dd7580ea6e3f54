package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// An admin is a new administrator: a host whose root directory is fresh, and the
// commands that the package brought.
type admin struct {
	*site
	root string
	etc  string          // /etc/bmc-gateway of it
	seen strings.Builder // all that commands printed
}

// says runs a command of the program on the host, and checks its exit code and
// that each of want is in what it prints. Every line of an error is one line.
func (a *admin) says(t *testing.T, code int, command string, want ...string) string {
	t.Helper()
	words := append([]string{a.gw.bin, "--socket", filepath.Join(a.gw.dir, "admin.sock")}, strings.Fields(command)...)
	out, err := a.lan.command("gw", words...).CombinedOutput()
	var exit *exec.ExitError
	got := 0
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	text := string(out)
	a.seen.WriteString(text)
	t.Logf("# bmc-gateway %s\n%s", command, text)
	if got != code {
		t.Errorf("%s: exit code %d, want %d", command, got, code)
	}
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("%s: no %q", command, w)
		}
	}
	return text
}

// file is a path below /etc/bmc-gateway.
func (a *admin) file(name string) string { return filepath.Join(a.etc, name) }

func (a *admin) write(t *testing.T, name, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(a.file(name), []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// edit replaces in the configuration, as with an editor.
func (a *admin) edit(t *testing.T, changes ...string) {
	t.Helper()
	b, err := os.ReadFile(a.file("config.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(changes); i += 2 {
		if !strings.Contains(string(b), changes[i]) {
			t.Fatalf("no %q in the configuration", changes[i])
		}
	}
	a.write(t, "config.yaml", strings.NewReplacer(changes...).Replace(string(b)), 0o640)
}

// dpkg works on the fresh root directory.
func (a *admin) dpkg(t *testing.T, words ...string) {
	t.Helper()
	run(t, "dpkg", append([]string{"--root=" + a.root, "--force-script-chrootless", "--force-depends"}, words...)...)
}

// newAdmin has a LAN with a vCenter, and a root directory with nothing in it.
func newAdmin(t *testing.T) *admin {
	t.Helper()
	for _, tool := range []string{"dpkg", "make", "systemd-sysusers"} {
		_, err := exec.LookPath(tool)
		require(t, err == nil, tool+" is not installed")
	}
	a := &admin{site: newSite(t), root: t.TempDir()}
	a.etc = filepath.Join(a.root, "etc/bmc-gateway")
	for _, dir := range []string{"var/lib/dpkg/info", "var/lib/dpkg/updates", "var/log", "var/lib/bmc-gateway", "etc"} {
		if err := os.MkdirAll(filepath.Join(a.root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(a.root, "var/lib/dpkg/status"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	a.gw.bin, a.gw.dir = filepath.Join(a.root, "usr/bin/bmc-gateway"), a.etc
	return a
}

// makeDeb makes the package of a version. Nothing of it is in bin/, where another test
// may be making a package of its own.
func makeDeb(t *testing.T, version string) string {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "make", "packages", "VERSION="+version, "PACKAGES="+dir, "BUILT="+dir, "STAGE="+filepath.Join(dir, "stage"))
	cmd.Dir = "../../.."
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make packages: %v\n%s", err, out)
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.deb"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%v, %v", found, err)
	}
	return found[0]
}

// without takes entries of lists on top out of the example, by name.
func without(example string, names ...string) string {
	var kept strings.Builder
	leaving := false
	for line := range strings.Lines(example) {
		switch {
		case strings.HasPrefix(line, "- name: "):
			leaving = false
			for _, name := range names {
				leaving = leaving || strings.TrimSpace(line) == "- name: "+name
			}
		case line != "\n" && !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "#"):
			leaving = false
		}
		if !leaving {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

// configures makes the example the site's: other names, addresses and paths, one
// vCenter and one tenant.
func (a *admin) configures(t *testing.T) {
	t.Helper()
	example := without(a.says(t, 0, "config example", "apiVersion: bmc-gateway/v1"), "vc-dmz", "vc-nested", "dmz-v4", "dmz-ocp")
	a.write(t, "config.yaml", example, 0o640)
	a.edit(t,
		"/run/bmc-gateway", a.etc, "/var/lib/bmc-gateway", filepath.Join(a.root, "var/lib/bmc-gateway"), "/var/log/bmc-gateway", filepath.Join(a.root, "var/log"),
		"https://vc-lab.example.net", "https://"+vcAddress, "ens192.120", "eth0",
		"10.120.8.", "10.99.0.", "prefix_length: 22", "prefix_length: 24", "10.120.0.0/16, 10.10.4.9", "10.99.0.0/24",
		"      tags: [bmc/never]", "      # tags: [bmc/never]", "      folders: [/Lab/vm/Attic]", "      # folders: [/Lab/vm/Attic]",
		"    tags: [bmc/protected]", "    # tags: [bmc/protected]", "  vlan:", "  # vlan:", "    parent: ens192", "    # parent: ens192", "    id: 120", "    # id: 120",
		"  register:", "  # register:", "    vcenter: vc-nested", "    # vcenter: vc-nested", "    mode: ", "    # mode: ", "    adopt: ", "    # adopt: ", "    interval: ", "    # interval: ")
	a.write(t, "ca-lab.pem", a.vc.ca, 0o644)
	for name, password := range map[string]string{"vc-lab": "vc-secret", "lab-a-admin": "admin-secret", "lab-a-operator": operatorPassword, "lab-a-metrics": "metrics-secret"} {
		a.write(t, name, password+"\n", 0o640)
	}
}

// The first hour of a new administrator, from the package to the upgrade.
func TestFirstHour(t *testing.T) {
	a := newAdmin(t)
	first, second := makeDeb(t, "0.9.0"), makeDeb(t, "0.9.1")
	a.dpkg(t, "-i", first)
	a.says(t, 0, "version", "0.9.0")
	check := "config check --config " + a.file("config.yaml")
	a.says(t, 2, check, "no such file")
	a.configures(t)
	a.mistakes(t, check)
	a.says(t, 0, check, "1 vCenter", "1 tenant")
	a.says(t, 4, "list", "bmc-gateway: ")
	// The tag is not there yet, and the remedy is told.
	a.says(t, 1, "doctor --config "+a.file("config.yaml"), `tag "bmc/enabled"`, "-> create the tag in vCenter")

	a.gw.start(t)
	a.vc.do(t, "tag", "bmc/enabled", "vc-vm-01")
	address := a.gw.address(t, patience, "vc-vm-01")
	a.looks(t, address)
	a.powers(t, address)
	shown := a.grants(t, address)
	a.reloads(t, address)
	a.keepsSecrets(t, shown)
	a.upgrades(t, second, address)
}

// mistakes makes three and takes them back: each is answered with one line.
func (a *admin) mistakes(t *testing.T, check string) {
	t.Helper()
	good, err := os.ReadFile(a.file("config.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	a.edit(t, "    tags: [bmc/enabled]", "    tgas: [bmc/enabled]", "  pool: lab-v4", "  pool: lab-v5",
		"password_file: lab-a-operator, privilege: operator", "password_file: lab-a-operator, privilege: operater")
	says := a.says(t, 2, check, `tenants[0].select.tgas: no such key; did you mean "tags"?`,
		`tenants[0].pool: there is no pool "lab-v5"; known: lab-v4`, `tenants[0].accounts[1].privilege: `, "3 errors")
	if n := strings.Count(says, a.file("config.yaml")+":"); n != 3 || strings.Count(says, "\n") != 4 {
		t.Errorf("three mistakes are answered with %d places in %d lines", n, strings.Count(says, "\n"))
	}
	a.write(t, "config.yaml", string(good), 0o640)
}

// looks at what there is.
func (a *admin) looks(t *testing.T, address string) {
	t.Helper()
	a.says(t, 0, "list", "TENANT", "lab-a", "vc-vm-01", "ready", address)
	a.says(t, 0, "show vc-vm-01", "Name:", "lab-a/vc-vm-01", "ready", "on eth0", "tag bmc/enabled", "operator (operator)")
	a.says(t, 3, "show nobody", "nobody")
	a.says(t, 0, "status", "vc-lab", "lab-v4", "lab-a")
	a.says(t, 0, "leases", address)
	a.says(t, 0, "doctor --config "+a.file("config.yaml"))
	a.says(t, 0, fmt.Sprintf("ping vc-vm-01 -U operator -f %s -L operator", a.file("lab-a-operator")), "power")
	within(t, patience, "power status", a.want(address, "on"))
	if out, err := a.ipmitool(address, "power", "off"); err != nil {
		t.Error(out, err)
	}
	within(t, patience, "power status", a.want(address, "off"))
	a.says(t, 0, "events", "vc-vm-01")
	a.says(t, 0, "export pacemaker", address)
}

// powers the VM on and off by the command line, which takes the path of IPMI.
func (a *admin) powers(t *testing.T, address string) {
	t.Helper()
	a.says(t, 0, "power on vc-vm-01")
	within(t, patience, "power status", a.want(address, "on"))
	a.says(t, 0, "power status vc-vm-01", "lab-a/vc-vm-01: on")
	a.says(t, 0, "power off vc-vm-01")
	within(t, patience, "power status", a.want(address, "off"))
	a.says(t, 3, "power on nobody", "nobody")
}

// granted is what the test needs of "access grant -o json".
type granted struct {
	User, Password string
}

// grants access for some seconds: it works, and then it does not. It returns the
// password, which was shown once.
func (a *admin) grants(t *testing.T, address string) string {
	t.Helper()
	const ttl = 12 * time.Second
	began := time.Now()
	text := a.says(t, 0, fmt.Sprintf("access grant lab-a/vc-vm-01 --ttl %s --from 10.99.0.3 --privilege user -o json", ttl))
	var g granted
	if err := json.Unmarshal([]byte(text), &g); err != nil || g.User == "" || g.Password == "" {
		t.Fatalf("%v: %s", err, text)
	}
	ask := func(words ...string) error {
		return a.lan.command("client", append([]string{"ipmitool", "-I", "lanplus", "-N", "1", "-R", "2", "-H", address,
			"-U", g.User, "-P", g.Password, "-L", "USER"}, words...)...).Run()
	}
	if err := ask("power", "status"); err != nil {
		t.Errorf("with the granted account: %v", err)
	}
	if err := ask("power", "on"); err == nil {
		t.Error("a user has powered the VM on")
	}
	if listed := a.says(t, 0, "access list", g.User, "lab-a"); strings.Contains(listed, g.Password) {
		t.Error("the password is shown again")
	}
	within(t, ttl-time.Since(began)+patience, "the account ends", func() error {
		if ask("power", "status") == nil {
			return errors.New("it still works")
		}
		return nil
	})
	if took := time.Since(began); took < ttl {
		t.Errorf("it ended after %s of %s", took, ttl)
	}
	if n := strings.Count(a.seen.String(), g.Password); n != 1 {
		t.Errorf("its password was shown %d times", n)
	}
	return g.Password
}

// keepsSecrets: no password of the configuration is where others look, nor the one
// that was shown.
func (a *admin) keepsSecrets(t *testing.T, shown string) {
	t.Helper()
	metrics, err := a.lan.command("gw", "curl", "-sS", "http://127.0.0.1:9623/metrics").CombinedOutput()
	if err != nil || len(metrics) < 1000 {
		t.Errorf("metrics: %v: %s", err, metrics)
	}
	arguments, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", a.gw.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for place, text := range map[string]string{"what commands print": strings.ReplaceAll(a.seen.String(), shown, ""), "the log": a.gw.logged(t), "metrics": string(metrics), "arguments": string(arguments)} {
		for _, secret := range []string{"vc-secret", "admin-secret", operatorPassword, "metrics-secret", shown} {
			if strings.Contains(text, secret) {
				t.Errorf("%q is in %s", secret, place)
			}
		}
	}
	state, err := os.Stat(filepath.Join(a.root, "var/lib/bmc-gateway/state.db"))
	if err != nil || state.Mode().Perm()&0o007 != 0 {
		t.Errorf("state file: %v, %v", state.Mode(), err)
	}
}

// reloads a configuration that is wrong, and one that is right.
func (a *admin) reloads(t *testing.T, address string) {
	t.Helper()
	a.edit(t, "sessions_per_bmc: 32", "sessions_per_bmc: many")
	a.says(t, 2, "reload", "sessions_per_bmc", "the one before stays in force")
	a.says(t, 0, "list", "vc-vm-01", "ready", address)
	a.edit(t, "sessions_per_bmc: many", "sessions_per_bmc: 32", "  allow_from: [10.99.0.0/24]", "  allow_from: [10.99.0.2]")
	a.says(t, 0, "reload --dry-run", "tenant", "lab-a", "dry run")
	a.says(t, 0, "reload", "tenant", "lab-a")
	within(t, patience, "nobody but vCenter is answered", func() error {
		if out, err := a.ipmitool(address, "power", "status"); err == nil {
			return errors.New(out)
		}
		return nil
	})
	a.edit(t, "  allow_from: [10.99.0.2]", "  allow_from: [10.99.0.0/24]")
	a.says(t, 0, "reload", "lab-a")
	within(t, patience, "power status", a.want(address, "off"))
}

// upgrades to a newer package: the VM keeps its address, and who was there first
// stays.
func (a *admin) upgrades(t *testing.T, deb, address string) {
	t.Helper()
	a.dpkg(t, "-i", deb)
	a.says(t, 0, "version", "0.9.1")
	a.gw.stop(t, syscall.SIGTERM)
	a.gw.start(t)
	if again := a.gw.address(t, patience, "vc-vm-01"); again != address {
		t.Errorf("vc-vm-01 had %s and has %s", address, again)
	}
	a.says(t, 0, "status", "0.9.1") // it would be 1 before vCenter has answered
	within(t, patience, "power status", a.want(address, "off"))
	a.gw.stop(t, syscall.SIGTERM)
	a.dpkg(t, "-r", "bmc-gateway")
	for _, path := range []string{a.file("config.yaml"), filepath.Join(a.root, "var/lib/bmc-gateway/state.db")} {
		if _, err := os.Stat(path); err != nil {
			t.Errorf("after removal: %v", err)
		}
	}
}
