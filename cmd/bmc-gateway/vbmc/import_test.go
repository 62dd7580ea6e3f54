package vbmc

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/config"
	"github.com/bmc-gateway/bmc-gateway/gateway"
)

// vsphereFile is as vbmc4vsphere's configparser writes it.
const vsphereFile = `[VirtualBMC]
username = USER
password = PASSWORD
address = ADDRESS
port = PORT
fakemac = MAC
vm_name = NAME
vm_uuid = UUID
viserver = vcsa.example.net
viserver_username = svc@vsphere.local
viserver_password = Vc=50%% #off; yes
active = ACTIVE

`

const libvirtFile = `[VirtualBMC]
username = admin
password = libvirt-password
domain_name = NAME
libvirt_uri = qemu:///system
libvirt_sasl_username = 
libvirt_sasl_password = 
address = ::
port = PORT
active = True

`

// put writes one file; with is pairs of a word of the form and what stands there.
func put(t *testing.T, dir, form, name string, with ...string) {
	t.Helper()
	otherwise := []string{"USER", "admin", "PASSWORD", "lab-password", "ADDRESS", "::", "PORT", "6230", "MAC", "02:00:00:aa:bb:01",
		"UUID", "None", "ACTIVE", "True", "NAME", name}
	text := strings.NewReplacer(append(with, otherwise...)...).Replace(form)
	path := filepath.Join(dir, name, "config")
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// directories are one of each program.
func directories(t *testing.T) []string {
	t.Helper()
	vsphere, libvirt := t.TempDir(), t.TempDir()
	put(t, vsphere, vsphereFile, "esxi01")
	put(t, vsphere, vsphereFile, "esxi02", "PORT", "6231", "ADDRESS", "192.0.2.5", "MAC", "nonsense")
	put(t, vsphere, vsphereFile, "esxi03", "PORT", "623", "ADDRESS", "192.0.2.13", "MAC", "None")
	put(t, vsphere, vsphereFile, "esxi04", "PORT", "623", "ADDRESS", "192.0.2.13")
	put(t, vsphere, vsphereFile, "web[1]*", "PORT", "6235", "ADDRESS", "0.0.0.0", "USER", "ops", "UUID", "4221c0de-7f0b-4d2e-9674-10e353a733ca")
	put(t, vsphere, vsphereFile, "weak", "PASSWORD", "password", "PORT", "6236")
	put(t, vsphere, vsphereFile, "stopped", "ACTIVE", "False", "PORT", "6237")
	put(t, libvirt, libvirtFile, "kvm01", "PORT", "6240")
	if err := os.WriteFile(filepath.Join(vsphere, "vbmc4vsphere.conf"), []byte("[default]\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	return []string{vsphere, libvirt}
}

// fillIn does what the marked lines ask for.
func fillIn(t *testing.T, dir string) {
	t.Helper()
	for name, changes := range map[string][]string{
		"config.yaml":         {"[192.0.2.13]", "[192.0.2.13, 192.0.2.20-192.0.2.29]"},
		"conf.d/unknown.yaml": {`username: ""`, "username: svc"},
	} {
		path := filepath.Join(dir, name)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), changes[0]) || !strings.Contains(string(text), FillIn) {
			t.Errorf("%s has no %q or no line to fill in:\n%s", name, changes[0], text)
		}
		if err := os.WriteFile(path, []byte(strings.NewReplacer(changes...).Replace(string(text))), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "secrets/vcenter-unknown"), []byte("Filled-in-1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestImport(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	var wrote bytes.Buffer
	notices, err := Import(&wrote, directories(t), Options{Output: out, AllowWeak: true})
	if err != nil {
		t.Fatal(err)
	}
	wantNotices(t, notices, `"stopped" is not active`, "nonsense", `192.0.2.13:623 is "esxi03"'s already`, "BIOS UUID", "knows no vCenter", "take them off")
	if _, _, err := config.Load(filepath.Join(out, "config.yaml"), none); err == nil {
		t.Error("it passes although nothing is filled in")
	}
	fillIn(t, out)
	cfg, warnings, err := config.Load(filepath.Join(out, "config.yaml"), none)
	if err != nil {
		t.Fatal(err)
	}
	if len(cfg.VCenters) != 2 || len(cfg.Tenants) != 4 || len(warnings) != 1 {
		t.Fatalf("%d vCenters, %d tenants, warnings %v", len(cfg.VCenters), len(cfg.Tenants), warnings)
	}
	vc := cfg.VCenters[1]
	if got, err := vc.Password(); got != "Vc=50% #off; yes" || err != nil || vc.URL.Host != "vcsa.example.net" || vc.Username != "svc@vsphere.local" {
		t.Errorf("vCenter %s of %s, password error %v", vc.URL, vc.Username, err)
	}
	byName := make(map[string]gateway.Tenant)
	for _, tenant := range cfg.Tenants {
		byName[tenant.Name] = tenant
	}
	admin := byName["vbmc-admin"]
	if !slices.Equal(admin.Select.Names, []string{"esxi01", "esxi02", "esxi03", "esxi04"}) {
		t.Errorf("selects %q", admin.Select.Names)
	}
	var pins, ports []string
	for _, p := range admin.Pins {
		pins = append(pins, strings.TrimSpace(p.VM+" "+strings.ReplaceAll(p.Address.String(), "invalid IP", "-")+" "+p.MAC.String()))
	}
	for _, p := range admin.LegacyPorts {
		ports = append(ports, p.VM+" "+p.Listen.String())
	}
	if want := []string{"esxi01 - 02:00:00:aa:bb:01", "esxi03 192.0.2.13 00:00:00:00:00:00", "esxi04 - 02:00:00:aa:bb:01"}; !slices.Equal(pins, want) {
		t.Errorf("pins %q, want %q", pins, want)
	}
	if want := []string{"esxi01 [::]:6230", "esxi01 0.0.0.0:6230", "esxi02 192.0.2.5:6231"}; !slices.Equal(ports, want) {
		t.Errorf("ports %q, want %q", ports, want)
	}
	if names := byName["vbmc-ops"].Select.Names; !slices.Equal(names, []string{`web\[1]\*`}) {
		t.Errorf("pattern %q", names)
	}
	for path := range strings.Lines(wrote.String()) {
		info, err := os.Stat(strings.TrimSpace(path))
		if err != nil {
			t.Fatal(err)
		}
		if secret := strings.Contains(path, "secrets/"); secret && info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %s", path, info.Mode())
		} else if text, _ := os.ReadFile(strings.TrimSpace(path)); !secret && bytes.Contains(text, []byte("lab-password")) {
			t.Errorf("a password is in %s", path)
		}
	}
	if _, err := Import(&wrote, directories(t), Options{Output: out}); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("again: %v", err)
	}
}

func TestImportPrints(t *testing.T) {
	var printed bytes.Buffer
	notices, err := Import(&printed, directories(t), Options{All: true})
	if err != nil {
		t.Fatal(err)
	}
	wantNotices(t, notices, "one that everybody tries first")
	text := printed.String() + strings.Join(notices, "\n")
	for _, want := range []string{"# ---- config.yaml", "# ---- conf.d/vcsa-example-net.yaml", `"stopped"`, "(a password, mode 0600)"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	for _, secret := range []string{"lab-password", "libvirt-password", "50%"} {
		if strings.Contains(text, secret) {
			t.Errorf("a password is printed:\n%s", text)
		}
	}
	if strings.Contains(printed.String(), "allow_weak_passwords") {
		t.Error("weak passwords are allowed without being asked for")
	}
}

func TestImportRefuses(t *testing.T) {
	for name, row := range map[string]struct{ text, want string }{
		"another file":      {"[default]\nx = 1\n", "no section [VirtualBMC]"},
		"no VM":             {"[VirtualBMC]\nusername = a\npassword = b\n", "names no VM"},
		"no password":       {"[VirtualBMC]\nusername = a\nvm_name = b\n", "no password"},
		"an interpolation":  {"[VirtualBMC]\nusername = a\npassword = %(username)s\nvm_name = b\n", "the value of password refers to another one"},
		"a backquote":       {"[VirtualBMC]\nusername = a\npassword = `x\nvm_name = b\n", "quote of several lines"},
		"nothing is active": {"[VirtualBMC]\nusername = a\npassword = secret-word\nvm_name = b\n", "nothing is active"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, dir, row.text, "vm")
			_, err := Import(&bytes.Buffer{}, []string{dir}, Options{})
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want %q", err, row.want)
			}
		})
	}
	if _, err := Import(&bytes.Buffer{}, []string{t.TempDir()}, Options{}); err == nil {
		t.Error("an empty directory is taken")
	}
}

func none(string) string { return "" }

func wantNotices(t *testing.T, got []string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !slices.ContainsFunc(got, func(n string) bool { return strings.Contains(n, w) }) {
			t.Errorf("nobody is told %q:\n%s", w, strings.Join(got, "\n"))
		}
	}
}
