package address

import (
	"errors"
	"maps"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"testing"
)

func TestVLANJudge(t *testing.T) {
	const iface = "ens192.120"
	parent := linkState{index: 2, up: true}
	right := linkState{index: 7, kind: "vlan", parent: 2, vlan: 120}
	tests := []struct {
		name    string
		links   map[string]linkState
		missing bool
		err     error
		text    string
	}{
		{"missing", map[string]linkState{"ens192": parent}, true, nil, ""},
		{"there", map[string]linkState{"ens192": parent, iface: right}, false, nil, ""},
		{"no parent", nil, false, ErrNoInterface, `its parent "ens192": no such interface`},
		{"another id", map[string]linkState{"ens192": parent, iface: {index: 7, kind: "vlan", parent: 2, vlan: 121}},
			false, ErrWrongVLAN, "it is id 121 on ens192, not id 120 on ens192; correct the pool's vlan"},
		{"another parent", map[string]linkState{"ens192": parent, "ens224": {index: 3}, iface: {index: 7, kind: "vlan", parent: 3, vlan: 120}},
			false, ErrWrongVLAN, "it is id 120 on ens224, not id 120 on ens192"},
		{"parent in another namespace", map[string]linkState{iface: {index: 7, kind: "vlan", parent: 2, vlan: 120}},
			false, ErrWrongVLAN, "on another interface"},
		{"no VLAN at all", map[string]linkState{"ens192": parent, iface: {index: 7, kind: "macvlan", parent: 2}},
			false, ErrWrongVLAN, "it is of kind macvlan; correct the pool's interface"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			missing, err := VLAN{"ens192", 120}.judge(iface, tt.links)
			if missing != tt.missing || !errors.Is(err, tt.err) || (err != nil) != (tt.err != nil) {
				t.Fatalf("missing %v, error %v; want %v, %v", missing, err, tt.missing, tt.err)
			}
			if err != nil && !strings.Contains(err.Error(), tt.text) {
				t.Errorf("error %q, want %q in it", err, tt.text)
			}
		})
	}
}

func TestVLANAbandoned(t *testing.T) {
	const iface = "ens192.120"
	ours := linkState{index: 7, kind: "vlan", alias: ourAlias, parent: 2, vlan: 120}
	on := func(l linkState, addrs ...held) view {
		v := view{links: map[string]linkState{"ens192": {index: 2}, iface: l}}
		for _, h := range addrs {
			if v.held == nil {
				v.held = make(map[netip.Addr][]held)
			}
			v.held[h.addr] = append(v.held[h.addr], h)
		}
		return v
	}
	foreign := ours
	foreign.alias = "uplink of the lab"
	used := on(ours)
	used.links["macvlan0"] = linkState{index: 9, kind: "macvlan", parent: 7}
	tests := []struct {
		name string
		view view
		want bool
	}{
		{"nothing on it", on(ours), true},
		{"what IPv6 has put there by itself", on(ours, held{placed: placed{7, ip("fe80::1")}}), true},
		{"an address on another interface", on(ours, held{placed: placed{2, ip("10.0.0.1")}}), true},
		{"an address", on(ours, held{placed: placed{7, ip("10.120.0.1")}}), false},
		{"an interface on it", used, false},
		{"the administrator's", on(foreign), false},
		{"gone", view{}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.view.abandoned(iface); got != tt.want {
				t.Errorf("abandoned: %v", got)
			}
		})
	}
}

// A vlanKernel has one card and the VLANs that were made on it.
type vlanKernel struct {
	kernel
	mu    sync.Mutex
	links map[string]linkState
}

func (n *vlanKernel) look() (view, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return view{links: maps.Clone(n.links)}, nil
}

func (n *vlanKernel) makeVLAN(iface string, v VLAN) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.links[iface] = linkState{index: 9, parent: 1, kind: "vlan", vlan: v.ID, alias: ourAlias, up: true}
	return nil
}

func (n *vlanKernel) setUp(string) error { return nil }

func (n *vlanKernel) removeLink(iface string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.links, iface)
	return nil
}

// The kernel tells of the VLAN's addresses that go, and the keeper looks, while the
// VLAN is left: it must not be made again.
func TestVLANIsLeftWhileItIsLookedAt(t *testing.T) {
	card := VLAN{Parent: "ens192", ID: 120}
	n := &vlanKernel{links: map[string]linkState{"ens192": {index: 1, up: true}}}
	k := &Keeper{kernel: n, tell: func(Event) {}}
	for round := range 500 {
		if err := k.UseVLAN("ens192.120", card); err != nil {
			t.Fatal(err)
		}
		// Both wait for another change to be done: who leaves is often first.
		k.ops.Lock()
		var both sync.WaitGroup
		both.Go(func() {
			if err := k.LeaveVLAN("ens192.120"); err != nil {
				t.Error(err)
			}
		})
		for range 10 {
			runtime.Gosched()
		}
		both.Go(func() { k.syncVLANs(true) })
		for range 10 {
			runtime.Gosched()
		}
		k.ops.Unlock()
		both.Wait()
		if _, there := n.links["ens192.120"]; there {
			t.Fatalf("round %d: it is there again", round)
		}
	}
}
