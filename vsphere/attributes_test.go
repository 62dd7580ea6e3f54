package vsphere

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
	"github.com/vmware/govmomi/vim25/types"
)

// overridden waits until List says this of the VM.
func (l *lab) overridden(name string, want inventory.Overrides) {
	l.t.Helper()
	l.eventually(fmt.Sprintf("%s has %+v", name, want), func() error {
		vms, err := l.v.List(l.t.Context())
		if err != nil {
			return err
		}
		for _, vm := range vms {
			if vm.Name == name && vm.Overrides.Equal(want) {
				return nil
			}
		}
		return fmt.Errorf("got %+v", vms)
	})
}

func ours(c *Config) { c.AttributePrefix = "bmc." }

func TestCustomAttributes(t *testing.T) {
	l := newLab(t, 2)
	must(t, l.SetAttribute("lab-01", "bmc.address", "192.0.2.7"))
	l.ready(ours)
	l.overridden("lab-01", inventory.Overrides{Address: netip.MustParseAddr("192.0.2.7")})
	hints, cancel := l.v.Subscribe()
	defer cancel()
	l.ResetCalls()

	// One that is new to vCenter, on a VM that had none.
	must(t, l.SetAttribute("lab-02", "bmc.disabled", "true"))
	<-hints
	l.overridden("lab-02", inventory.Overrides{Disabled: true})
	must(t, l.SetAttribute("lab-02", "bmc.disabled", ""))
	l.overridden("lab-02", inventory.Overrides{})
	must(t, l.SetAttribute("lab-01", "bmc.address", "nowhere"))
	l.overridden("lab-01", inventory.Overrides{Problems: []string{`attribute bmc.address: "nowhere" is no IP address`}})
	must(t, l.RenameAttribute("bmc.address", "owner"))
	l.overridden("lab-01", inventory.Overrides{})
	must(t, l.RenameAttribute("owner", "bmc.mac"))
	must(t, l.SetAttribute("lab-01", "bmc.mac", "02:00:00:00:00:07"))
	l.overridden("lab-01", inventory.Overrides{MAC: [6]byte{2, 0, 0, 0, 0, 7}})
	if n, by := l.calls(); n > 0 {
		t.Errorf("attributes cost calls: %v", by)
	}
}

func TestCustomAttributesAreIgnoredOnRequest(t *testing.T) {
	l := newLab(t, 1)
	must(t, l.SetAttribute("lab-01", "bmc.disabled", "true"))
	l.ready()
	l.overridden("lab-01", inventory.Overrides{})
}

// A vCenter that tells nothing of attributes tells of VMs all the same.
func TestAttributesThatCannotBeRead(t *testing.T) {
	l := newLab(t, 1)
	must(t, l.SetAttribute("lab-01", "bmc.disabled", "true"))
	l.Inject(vspheretest.Fault{Method: "CreateFilter", Times: 1}) // over the VMs
	l.Inject(vspheretest.Fault{Method: "CreateFilter", Times: 1, Fault: &types.NoPermission{}})
	l.ready(ours)
	l.sees("lab-01", PoweredOn)
	l.overridden("lab-01", inventory.Overrides{})
}
