package vsphere

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
	"github.com/vmware/govmomi/vim25/types"
)

const hardwareUUID = "4C4C4544-0043-3510-8052-B7C04F4A5931"

// newHost starts a simulated ESXi host that no vCenter manages.
func newHost(t *testing.T, vms int) *lab {
	t.Helper()
	sim, err := vspheretest.Start(vspheretest.Config{Name: "lab", ESXi: true, InstanceUUID: hardwareUUID, VMs: vms, Prefix: "lab"})
	must(t, err)
	t.Cleanup(sim.Close)
	return &lab{VCenter: sim, t: t}
}

func hostKey(l *lab, name string) inventory.Key {
	vm, _ := l.UUIDs(name)
	return inventory.Key{VCenter: strings.ToLower(hardwareUUID), VM: vm}
}

func inVMFolder(c *Config) { c.Folders = []Folder{{Path: "/ha-datacenter/vm", Recursive: true}} }

// A host of its own is watched and takes verbs like a vCenter; its VMs are known by
// the UUID of its hardware.
func TestStandaloneHost(t *testing.T) {
	l := newHost(t, 2).ready(inVMFolder)
	l.selected(inventory.Selector{Folders: []string{"/ha-datacenter/vm"}, Recursive: true}, "lab-01", "lab-02")
	key := hostKey(l, "lab-01")
	power := func(want PowerState) {
		t.Helper()
		l.eventually(want.String(), func() error {
			if s, err := l.v.State(key); err != nil || s.Power != want {
				return errors.Join(err, errors.New(s.Power.String()))
			}
			return nil
		})
	}
	power(PoweredOn)
	must(t, l.v.SetBootDevice(t.Context(), key, BootNetwork))
	must(t, l.v.Reset(t.Context(), key))
	must(t, l.v.PowerOff(t.Context(), key))
	power(PoweredOff)
	must(t, l.v.PowerOn(t.Context(), key))
	power(PoweredOn)
	if path, err := l.v.Path(t.Context(), key); err != nil || path != "/ha-datacenter/vm/lab-01" {
		t.Errorf("path %q, %v", path, err)
	}
	l.KillSessions()
	must(t, l.v.NMI(t.Context(), key))
	if s := l.v.Status(); s.InstanceUUID != strings.ToLower(hardwareUUID) || len(s.Notices) > 0 {
		t.Errorf("status %+v", s)
	}
}

func TestStandaloneHostHasNoTags(t *testing.T) {
	l := newHost(t, 1).ready(inVMFolder, func(c *Config) { c.Tags = []string{"bmc/acme"} })
	l.eventually("the reason", func() error {
		_, err := l.v.List(t.Context())
		if err == nil || !strings.Contains(err.Error(), errNoTags.Error()) {
			return errors.Join(errors.New("not told"), err)
		}
		return nil
	})
	if s := l.v.Status(); !slices.Contains(s.Notices, errNoTags.Error()) {
		t.Errorf("notices %q", s.Notices)
	}
	if _, rest := l.logins(); rest != 0 {
		t.Errorf("%d REST logins at a host that has no such service", rest)
	}
	// A tenant that selects by folder is not held up.
	vms, err := l.v.Source(inventory.Selector{Folders: []string{"/ha-datacenter/vm"}, Recursive: true}).List(t.Context())
	if err != nil || len(vms) != 1 {
		t.Errorf("%d VMs by folder, %v", len(vms), err)
	}
}

// The free licence lets the API only read.
func TestRestrictedLicence(t *testing.T) {
	l := newHost(t, 1).ready(inVMFolder)
	key := hostKey(l, "lab-01")
	l.Inject(vspheretest.Fault{Method: "PowerOffVM_Task", Fault: &types.RestrictedVersion{}})
	if err := l.v.PowerOff(t.Context(), key); !errors.Is(err, ErrDenied) || !strings.Contains(err.Error(), "RestrictedVersion") {
		t.Errorf("err = %v, want ErrDenied and the reason", err)
	}
	if s := l.v.Status(); !slices.Contains(s.Notices, errRestricted.Error()) {
		t.Errorf("notices %q", s.Notices)
	}
	if s, err := l.v.State(key); err != nil || s.Power != PoweredOn {
		t.Errorf("state %v, %v", s.Power, err)
	}
}

func TestHostWithoutIdentity(t *testing.T) {
	for _, uuid := range []string{"00000000-0000-0000-0000-000000000000", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"} {
		sim, err := vspheretest.Start(vspheretest.Config{Name: "lab", ESXi: true, InstanceUUID: uuid})
		must(t, err)
		t.Cleanup(sim.Close)
		l := (&lab{VCenter: sim, t: t}).run()
		l.eventually("the reason", func() error {
			if s := l.v.Status(); !strings.Contains(s.LastError, "its hardware has no UUID") {
				return errors.New(s.LastError)
			}
			return nil
		})
		if n := sim.Sessions(); n > 1 {
			t.Errorf("%d sessions, want what is refused to be logged out", n)
		}
	}
}
