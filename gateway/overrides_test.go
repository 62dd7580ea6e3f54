package gateway

import (
	"fmt"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// A VM's own attributes take its BMC away and give it back, change its hardware
// address, and are complained of when they are wrong, which takes nobody's BMC.
func TestAttributesOverrideTheConfiguration(t *testing.T) {
	vc := simulator(t, vspheretest.Config{Name: "vc-a", VMs: 2})
	set := func(name, attribute, value string) {
		t.Helper()
		if err := vc.SetAttribute(name, attribute, value); err != nil {
			t.Fatal(err)
		}
	}
	set("vc-a-vm-02", "bmc.disabled", "true")
	l := newLab(t)
	l.addTenant(t, vc, inventory.Selector{Names: []string{"vc-a-vm-*"}}, "127.7.4.1-127.7.4.9")
	l.start(t)
	before := l.ready(t, "vc-a-vm-01")
	if len(before.SelectedBy) != 1 || before.SelectedBy[0] != "name vc-a-vm-*" {
		t.Errorf("selected by %q", before.SelectedBy)
	}
	l.gone(t, "vc-a-vm-02")
	set("vc-a-vm-02", "bmc.disabled", "false")
	l.ready(t, "vc-a-vm-02")

	shows := func(what string, check func(admin.BMC) bool) {
		t.Helper()
		eventually(t, what, func() error {
			b, err := admin.Find(l.gw.BMCs(), "vc-a-vm-01")
			if err == nil && (b.State != admin.Ready || b.Address != before.Address || !check(b)) {
				err = fmt.Errorf("it is %+v", b)
			}
			return err
		})
	}
	set("vc-a-vm-01", "bmc.address", "somewhere")
	shows("a wrong address", func(b admin.BMC) bool {
		return b.Reason == `attribute bmc.address: "somewhere" is no IP address`
	})
	set("vc-a-vm-01", "bmc.address", "198.51.100.7")
	shows("a foreign address", func(b admin.BMC) bool {
		return b.Reason == "the address 198.51.100.7 that its attribute asks for is not given to it"
	})
	set("vc-a-vm-01", "bmc.address", before.Address.String())
	shows("the address it has", func(b admin.BMC) bool { return b.Reason == "" })
	set("vc-a-vm-01", "bmc.mac", "02:00:00:00:00:07")
	shows("another hardware address", func(b admin.BMC) bool { return b.MAC == "02:00:00:00:00:07" })
	set("vc-a-vm-01", "bmc.mac", "")
	shows("its own again", func(b admin.BMC) bool { return b.MAC == before.MAC })
}
