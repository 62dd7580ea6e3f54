package usecases

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/export"
	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/lab"
	"github.com/bmc-gateway/bmc-gateway/gateway"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// The VMs of Ironic's lab and what each is for, so that the steps can run side by side.
const (
	powered     = iota // power
	bootedOnce         // boot device for one start, BIOS
	bootedEver         // persistent, BIOS
	bootedUEFI         // both, UEFI
	other              // NMI, sensors, vendor
	cardless           // no network card
	stranger           // a wrong password
	bridged            // bridging
	suite3             // its BMC has cipher suite 3 only
	md5                // its BMC has no suite of Ironic's list
	firstTenant = suite3
)

// TestIronic is an operator's day with Debian's Ironic: its service, which runs
// ipmitool, its API, and its command line client. A second vCenter of his is a bad one.
func TestIronic(t *testing.T) {
	t.Parallel()
	u := begin(t, "Ironic", ironicProgram, ironicClient, ironicUses)
	good := lab.Start(t, lab.Config{Name: "good", Prefix: "node", Tenants: []lab.Tenant{
		{Name: "lab", VMs: firstTenant}, {Name: "suite3", VMs: 1}, {Name: "md5", VMs: 1},
	}, Edit: func(c *gateway.Config) {
		c.Tenants[1].IPMI.CipherSuites = []ipmi.CipherSuiteID{3}
		c.Tenants[2].IPMI.CipherSuites = []ipmi.CipherSuiteID{12}
		for i := range c.Tenants {
			c.Tenants[i].Power.BootRestoreAfter = 15 * time.Second
		}
	}})
	bad := lab.Start(t, lab.Config{Name: "bad", Prefix: "slow", Tenants: []lab.Tenant{{Name: "lab", VMs: 2}},
		Edit: func(c *gateway.Config) { c.VCenters[0].Freshness = 10 * time.Second }})
	i := startIronic(t, good)
	for _, l := range []*lab.Lab{good, bad} {
		s := &ironicStory{useCase: u, lab: l, ironic: i}
		if !u.step(t, "the export of vCenter "+l.VCenter.Name()+" is taken by baremetal create", s.enrol) {
			return
		}
	}
	t.Run("side by side", func(t *testing.T) {
		for _, part := range []struct {
			name  string
			lab   *lab.Lab
			steps func(*ironicStory, *testing.T)
		}{
			{"Ironic, power", good, (*ironicStory).powerSteps},
			{"Ironic, boot once", good, (*ironicStory).bootOnceSteps},
			{"Ironic, boot persistent", good, (*ironicStory).bootEverSteps},
			{"Ironic, boot in UEFI mode", good, (*ironicStory).uefiSteps},
			{"Ironic, boot from what is not there", good, (*ironicStory).bootMissingSteps},
			{"Ironic, management", good, (*ironicStory).otherSteps},
			{"Ironic, refused", good, (*ironicStory).refusedSteps},
			{"Ironic, vCenter slow or gone", bad, (*ironicStory).outageSteps},
		} {
			t.Run(part.name, func(t *testing.T) {
				t.Parallel()
				part.steps(&ironicStory{useCase: begin(t, part.name, ironicProgram), lab: part.lab, ironic: i}, t)
			})
		}
	})
}

type ironicStory struct {
	*useCase
	lab    *lab.Lab
	ironic *ironic
}

// at is how Ironic names the BMC of a VM to ipmitool.
func (s *ironicStory) at(vm string) string { return " -H " + s.lab.BMC(vm).Address.String() + " " }

// exported is what `bmc-gateway export` writes of all BMCs, for an account.
func exported(t *testing.T, l *lab.Lab, format, account string) []byte {
	t.Helper()
	var hosts []export.Host
	for _, b := range l.Gateway.BMCs() {
		a, err := export.AccountFor(b, format, account)
		if err != nil {
			t.Fatal(err)
		}
		hosts = append(hosts, export.Host{BMC: b, Account: a.Name, Privilege: a.Privilege, Secret: lab.Password})
	}
	var text bytes.Buffer
	if err := export.Write(&text, format, hosts); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

func (s *ironicStory) enrol(t *testing.T) {
	if err := os.WriteFile(s.ironic.path("nodes.yaml"), exported(t, s.lab, "ironic", ""), 0o600); err != nil {
		t.Fatal(err)
	}
	b := s.lab.Bench(t, s.lab.VM(0))
	b.Home = s.ironic.dir
	b.Env = append(b.Env, "OS_AUTH_TYPE=none", "OS_ENDPOINT="+s.ironic.url)
	if out, code := b.Shell(t.Context(), "baremetal create nodes.yaml"); code != 0 {
		t.Fatalf("baremetal create: %d %s", code, out)
	}
	out, _ := b.Shell(t.Context(), "baremetal node list -f value -c Name -c 'Provisioning State'")
	for _, bmc := range s.lab.Gateway.BMCs() {
		if !strings.Contains(out, bmc.Name+" enroll\n") {
			t.Errorf("%s is not enrolled:\n%s", bmc.Name, out)
		}
	}
}

// isPower holds vCenter to a power state that Ironic has reached.
func (s *ironicStory) isPower(t *testing.T, vm string, want types.VirtualMachinePowerState) {
	t.Helper()
	if got := s.lab.VCenter.Power(vm); got != want {
		t.Errorf("vCenter says %s of %s, want %s", got, vm, want)
	}
}

func (s *ironicStory) powerSteps(t *testing.T) {
	vm := s.lab.VM(powered)
	s.step(t, "manage, and provide: a VM that is on", func(t *testing.T) {
		s.ironic.manage(t, vm)
		s.ironic.do(t, http.MethodPut, "nodes/"+vm+"/states/provision", map[string]any{"target": "provide"})
		s.ironic.until(t, vm, "is available and on", func(n node) bool { return n.Provision == "available" && text(n.Power) == "power on" })
	})
	for _, step := range []struct {
		name, target, then string
		want               types.VirtualMachinePowerState
		ran                []string // what Ironic must have run, by its end
	}{
		{"power off", "power off", "power off", off, []string{" power off "}},
		{"power on", "power on", "power on", on, []string{" power on "}},
		{"reboot: off and on", "rebooting", "power on", on, []string{" power off ", " power on "}},
		{"soft power off, by the guest", "soft power off", "power off", off, []string{" power soft "}},
		{"power on again", "power on", "power on", on, []string{" power on "}},
		{"soft reboot", "soft rebooting", "power on", on, []string{" power soft ", " power on "}},
	} {
		s.step(t, step.name, func(t *testing.T) {
			var before []int
			for _, words := range step.ran {
				before = append(before, s.ironic.ran(s.at(vm), words))
			}
			s.ironic.power(t, vm, step.target, step.then)
			s.isPower(t, vm, step.want)
			for n, words := range step.ran {
				if s.ironic.ran(s.at(vm), words) == before[n] {
					t.Errorf("Ironic ran no%s", words)
				}
			}
		})
	}
	s.step(t, "a VM that somebody powers off in vCenter: Ironic notices, and starts it again", func(t *testing.T) {
		if err := s.lab.VCenter.SetPower(vm, off); err != nil {
			t.Fatal(err)
		}
		eventually(t, vm+" is on again", func() error {
			if got := s.lab.VCenter.Power(vm); got != on {
				return fmt.Errorf("it is %s", got)
			}
			return nil
		})
	})
}

func (s *ironicStory) otherSteps(t *testing.T) {
	vm := s.lab.VM(other)
	s.ironic.manage(t, vm)
	s.step(t, "inject NMI", func(t *testing.T) {
		s.ironic.do(t, http.MethodPut, "nodes/"+vm+"/management/inject_nmi", map[string]any{})
		if n := s.lab.VCenter.NMIs(vm); n != 1 {
			t.Errorf("the VM got %d NMIs", n)
		}
	})
	s.step(t, "sensor data in Ironic's notifications", func(t *testing.T) {
		eventually(t, "sensor data of "+vm, func() error {
			for line := range strings.Lines(s.ironic.log()) {
				if strings.Contains(line, "hardware.ipmi.metrics.update") && strings.Contains(line, `"node_name": "`+vm+`"`) &&
					strings.Contains(line, "CPU Usage (") && strings.Contains(line, "ACPI State (") {
					return nil
				}
			}
			return fmt.Errorf("none yet")
		})
	})
	s.step(t, "vendor passthru send_raw", func(t *testing.T) {
		s.ironic.do(t, http.MethodPost, "nodes/"+vm+"/vendor_passthru?method=send_raw", map[string]any{"raw_bytes": "0x00 0x04 0x0a"})
		eventually(t, "the identify light is on", func() error {
			if s.lab.BMC(vm).Identify == "" {
				return fmt.Errorf("it is off")
			}
			return nil
		})
	})
	s.step(t, "vendor passthru bmc_reset", func(t *testing.T) {
		s.ironic.do(t, http.MethodPost, "nodes/"+vm+"/vendor_passthru?method=bmc_reset", map[string]any{"warm": false})
		eventually(t, "Ironic resets the BMC", func() error {
			if s.ironic.ran("-U admin", "bmc reset cold") == 0 {
				return fmt.Errorf("not yet")
			}
			return nil
		})
		s.ironic.power(t, vm, "power off", "power off")
		s.isPower(t, vm, off)
	})
	s.step(t, "an operator's account may switch power, but set no boot device for good", func(t *testing.T) {
		s.ironic.set(t, vm, "/driver_info/ipmi_username", "operator")
		s.ironic.set(t, vm, "/driver_info/ipmi_priv_level", "OPERATOR")
		s.ironic.set(t, vm, "/properties/capabilities", "boot_mode:uefi") // in BIOS mode ipmitool only says so
		s.ironic.power(t, vm, "power on", "power on")
		s.setBoot(t, vm, "pxe", false)
		status, answer := s.ironic.call(t, http.MethodPut, "nodes/"+vm+"/management/boot_device", map[string]any{"boot_device": "disk", "persistent": true})
		if status < 400 || !bytes.Contains(answer, []byte("IPMI call failed")) {
			t.Errorf("status %d: %s", status, answer)
		}
	})
	s.step(t, "no command was bridged", func(t *testing.T) {
		if s.ironic.ran(s.at(vm)) == 0 || s.ironic.ran(s.at(vm), " -t ") > 0 {
			t.Error("Ironic bridged a command, or ran none")
		}
	})
}

func (s *ironicStory) refusedSteps(t *testing.T) {
	s.step(t, "a BMC with cipher suite 3 only", func(t *testing.T) {
		vm := s.lab.VM(suite3)
		s.ironic.manage(t, vm)
		s.ironic.power(t, vm, "power off", "power off")
		s.isPower(t, vm, off)
	})
	s.step(t, "a BMC with none of its suites: Ironic falls from 17 to 3", func(t *testing.T) {
		vm := s.lab.VM(md5)
		s.ironic.do(t, http.MethodPatch, "nodes/"+vm, []map[string]any{{"op": "remove", "path": "/driver_info/ipmi_cipher_suite"}})
		s.refused(t, vm)
		for _, suite := range []string{" -C 17 ", " -C 3 "} {
			if s.ironic.ran(s.at(vm), suite) == 0 {
				t.Errorf("Ironic did not try%s", suite)
			}
		}
	})
	s.step(t, "a wrong password is an error, and no power state", func(t *testing.T) {
		vm := s.lab.VM(stranger)
		s.ironic.set(t, vm, "/driver_info/ipmi_password", "not-the-password")
		s.refused(t, vm)
	})
	s.step(t, "bridging, which a VM has nothing behind, is an error", func(t *testing.T) {
		vm := s.lab.VM(bridged)
		for key, value := range map[string]string{"ipmi_bridging": "single", "ipmi_target_channel": "7", "ipmi_target_address": "0x72"} {
			s.ironic.set(t, vm, "/driver_info/"+key, value)
		}
		s.refused(t, vm)
	})
}

// refused is an attempt to manage a node that must fail and leave no power state.
func (s *ironicStory) refused(t *testing.T, vm string) {
	t.Helper()
	s.ironic.do(t, http.MethodPut, "nodes/"+vm+"/states/provision", map[string]any{"target": "manage"})
	s.ironic.until(t, vm, "is back in enroll, with an error", func(n node) bool { return n.Provision == "enroll" && n.LastError != nil })
	if n := s.ironic.node(t, vm); !slices.Contains([]string{"none", "error"}, text(n.Power)) {
		t.Errorf("it is %s", n)
	}
}
