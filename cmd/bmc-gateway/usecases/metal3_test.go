package usecases

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/mo"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/lab"
	"github.com/bmc-gateway/bmc-gateway/gateway"
)

// metal3Limit is how long Metal3's Ironic waits for a power state.
const metal3Limit = 120 * time.Second

// TestMetal3 installs a cluster of three control-plane hosts and two workers, all
// at once, as Metal3 and OpenShift's installer do: with the command lines of their
// Ironic, made from the hosts that export writes. The last worker has a BIOS.
func TestMetal3(t *testing.T) {
	t.Parallel()
	u := begin(t, "Metal3 and OpenShift IPI", program{name: "ipmitool", debian: "ipmitool"})
	l := lab.Start(t, lab.Config{Name: "metal3", Prefix: "ocp", Tenants: []lab.Tenant{{Name: "cluster", VMs: 5}},
		Edit: func(c *gateway.Config) { c.Tenants[0].Power.BootRestoreAfter = 20 * time.Second }})
	for n := range 4 {
		if err := l.VCenter.Edit(l.VM(n), func(vm *mo.VirtualMachine) { vm.Config.Firmware = "efi" }); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the gateway knows the network cards", func() error {
		for _, b := range l.Gateway.BMCs() {
			if len(b.VM.NICs) == 0 {
				return fmt.Errorf("none of %s", b.Name)
			}
		}
		return nil
	})
	var hosts []*metal3Host
	u.step(t, "export metal3 is what the BareMetalHost of v1alpha1 takes", func(t *testing.T) { hosts = exportedHosts(t, l) })
	u.step(t, "export openshift is what install-config.yaml takes", func(t *testing.T) { checkInstallConfig(t, l) })
	if len(hosts) != 5 {
		t.Fatalf("%d hosts", len(hosts))
	}
	for _, h := range hosts {
		h.settle(t)
	}
	u.atOnce(t, "register: power status and vendor of five hosts", hosts, func(t *testing.T, h *metal3Host) {
		if out := h.ipmitool(t, "power status"); out != "Chassis Power is on\n" {
			t.Errorf("said %q", out)
		}
		if out := h.ipmitool(t, "mc info"); !strings.Contains(out, "Manufacturer Name         : VMware") {
			t.Errorf("said\n%s", out)
		}
	})
	u.atOnce(t, "inspect: off, PXE once, on, of five hosts within 120 s", hosts, func(t *testing.T, h *metal3Host) {
		h.power(t, "off")
		h.boot(t, "pxe", false)
		h.power(t, "on")
		wantBoot(t, l, h.name, "ethernet")
	})
	u.atOnce(t, "the VM's own boot order comes back", hosts, func(t *testing.T, h *metal3Host) {
		wantBoot(t, l, h.name, "")
	})
	u.atOnce(t, "provision: off, PXE once, on; off, disk for good, on", hosts, func(t *testing.T, h *metal3Host) {
		h.power(t, "off")
		h.boot(t, "pxe", false)
		h.power(t, "on")
		wantBoot(t, l, h.name, "ethernet")
		h.power(t, "off")
		h.boot(t, "disk", true)
		h.power(t, "on")
		wantBoot(t, l, h.name, "disk")
	})
	u.atOnce(t, "remediation: off and on, and still from the disk", hosts, func(t *testing.T, h *metal3Host) {
		h.power(t, "off")
		h.power(t, "on")
		wantBoot(t, l, h.name, "disk")
	})
	u.atOnce(t, "soft off, by the guest", hosts, func(t *testing.T, h *metal3Host) {
		h.ipmitool(t, "power soft")
		h.reaches(t, "off")
	})
}

// atOnce is a step that is done with all hosts side by side.
func (u *useCase) atOnce(t *testing.T, name string, hosts []*metal3Host, f func(*testing.T, *metal3Host)) {
	t.Helper()
	u.step(t, name, func(t *testing.T) {
		for _, h := range hosts {
			t.Run(h.name, func(t *testing.T) {
				t.Parallel()
				f(t, h)
			})
		}
	})
}

// A metal3Host is what Metal3 knows of a host once it has read its BareMetalHost.
type metal3Host struct {
	lab                           *lab.Lab
	name, address, user, password string
	uefi                          bool

	bench *lab.Bench
	login string // the options of ipmitool up to the command
}

// settle reads the address as the operator does: the port is 623 and the privilege
// level ADMINISTRATOR unless it says otherwise. Ironic has the password in a file.
func (h *metal3Host) settle(t *testing.T) {
	t.Helper()
	at, err := url.Parse(h.address)
	if err != nil || at.Scheme != "ipmi" {
		t.Fatalf("%s: %q: %v", h.name, h.address, err)
	}
	port, level := at.Port(), at.Query().Get("privilegelevel")
	if port == "" {
		port = "623"
	}
	if level == "" {
		level = "ADMINISTRATOR"
	}
	h.bench = h.lab.Bench(t, h.name)
	file := filepath.Join(h.bench.Home, "password")
	if err := os.WriteFile(file, []byte(h.password), 0o600); err != nil {
		t.Fatal(err)
	}
	h.login = fmt.Sprintf("-I lanplus -H %s -L %s -p %s -U %s -R 1 -N 5 -f %s", at.Hostname(), level, port, h.user, file)
}

// ipmitool runs it with Ironic's options and returns what it printed. Like Ironic it
// tries again when that fails: a BMC may be busy.
func (h *metal3Host) ipmitool(t *testing.T, command string) (out string) {
	t.Helper()
	eventually(t, "ipmitool "+command, func() error {
		var code int
		out, code = h.bench.Shell(t.Context(), "ipmitool "+h.login+" "+command+" 2>errors")
		if code == 0 {
			return nil
		}
		text, _ := os.ReadFile(filepath.Join(h.bench.Home, "errors"))
		return fmt.Errorf("exit code %d: %s%s", code, out, text)
	})
	return out
}

// power asks for a state and waits for it as Ironic does.
func (h *metal3Host) power(t *testing.T, state string) {
	t.Helper()
	h.ipmitool(t, "power "+state)
	h.reaches(t, state)
	want := on
	if state == "off" {
		want = off
	}
	if got := h.lab.VCenter.Power(h.name); got != want {
		t.Errorf("the BMC says %s, vCenter %s", state, got)
	}
}

func (h *metal3Host) reaches(t *testing.T, state string) {
	t.Helper()
	begin := time.Now()
	eventually(t, h.name+" is "+state, func() error {
		if out := h.ipmitool(t, "power status"); out != "Chassis Power is "+state+"\n" {
			return fmt.Errorf("ipmitool says %q", out)
		}
		return nil
	})
	if took := time.Since(begin); took > metal3Limit {
		t.Errorf("%s after %s", state, took)
	}
}

// boot sets the boot device: with raw bytes where the host has UEFI.
func (h *metal3Host) boot(t *testing.T, device string, persistent bool) {
	t.Helper()
	h.ipmitool(t, "raw 0x00 0x08 0x03 0x08")
	if !h.uefi {
		options := ""
		if persistent {
			options = " options=persistent"
		}
		if out := h.ipmitool(t, "chassis bootdev "+device+options); !strings.Contains(out, "Set Boot Device to "+device) {
			t.Errorf("said %q", out)
		}
		return
	}
	flags, selector := "0xa0", map[string]string{"pxe": "0x04", "disk": "0x08"}[device]
	if persistent {
		flags = "0xe0"
	}
	h.ipmitool(t, "raw 0x00 0x08 0x05 "+flags+" "+selector+" 0x00 0x00 0x00")
}
