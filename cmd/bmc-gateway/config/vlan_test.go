package config

import (
	"testing"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
)

func TestVLANAndRoute(t *testing.T) {
	pools := load(t, "testdata/good/vlan.yaml", environment).Pools
	tests := []struct {
		name, iface  string
		vlan         address.VLAN
		routed, keep bool
		routes       int
	}{
		{"made", "ens192.120", address.VLAN{Parent: "ens192", ID: 120}, false, false, 1},
		{"named", "bmc0", address.VLAN{Parent: "ens192", ID: 121}, true, true, 1},
		{"shared", "bmc0", address.VLAN{Parent: "ens192", ID: 121}, true, false, 1},
	}
	for i, want := range tests {
		t.Run(want.name, func(t *testing.T) {
			p := pools[i]
			if p.Interface != want.iface || p.VLAN != want.vlan || p.Routed != want.routed || p.KeepAtStop != want.keep || p.Existing {
				t.Errorf("%+v", p)
			}
			if routes := p.Prefixes(); len(routes) != want.routes {
				t.Errorf("routes %v, want %d", routes, want.routes)
			}
		})
	}
}
