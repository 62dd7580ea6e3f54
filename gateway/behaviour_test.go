package gateway

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

const cmdSystemGUID = 0x37

// What the configuration says of a tenant's behaviour reaches its BMCs.
func TestBehaviourReachesTheBMC(t *testing.T) {
	_, l, b, s := oneVM(t, func(c *Tenant) {
		c.Quota.Sessions, c.IPMI.GUID, c.IPMI.V15 = 1, GUIDAsSMBIOS, bmc.V15MD5
	})
	if _, err := dial(t, b).Login(t.Context(), administrator(t, b)); err == nil {
		t.Error("a second session of a tenant that may have one")
	}
	want, err := ipmi.SMBIOSGUID(b.VM.BIOSUUID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want[:], command(t, s, ipmi.NetFnApp, cmdSystemGUID)); diff != "" {
		t.Errorf("GUID: -want +got:\n%s", diff)
	}
	if b := l.ready(t, vm); b.V15 != "md5" {
		t.Errorf("IPMI 1.5 is shown as %q", b.V15)
	}
}

// With a channel key in the configuration, the password alone is not enough.
func TestChannelKeyReachesTheBMC(t *testing.T) {
	vc := simulator(t, vspheretest.Config{Name: "vc-a", VMs: 1})
	if err := vc.Tag("bmc/enabled", vm); err != nil {
		t.Fatal(err)
	}
	l := newLab(t)
	tenant := l.addTenant(t, vc, inventory.Selector{Tags: []string{"bmc/enabled"}}, "127.7.4.1-127.7.4.9")
	tenant.IPMI.Kg = "a channel key"
	l.start(t)
	b := l.ready(t, vm)
	with := administrator(t, b)
	if _, err := dial(t, b).Login(t.Context(), with); err == nil {
		t.Error("a session without the key")
	}
	with.Kg = []byte("a channel key")
	if _, err := dial(t, b).Login(t.Context(), with); err != nil {
		t.Errorf("with the key: %v", err)
	}
}
