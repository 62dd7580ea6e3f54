package gateway

import (
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

func TestDecide(t *testing.T) {
	const address, mac, login = "10.120.8.17", "02:00:00:00:00:01", "vc-abcdefgh"
	account := func(told bool) *store.Grant {
		g := &store.Grant{User: login, Registration: &store.Registration{VCenter: "inner"}}
		if told {
			g.Registration.Told = time.Unix(1795500000, 0)
		}
		return g
	}
	ready := served{bmc: vsphere.HostBMC{Address: address, MAC: mac}, account: account(true), logins: []string{login}}
	fresh := served{bmc: ready.bmc}
	untold := served{bmc: ready.bmc, account: account(false), logins: []string{login}}
	rotating := served{bmc: ready.bmc, account: account(false), logins: []string{"vc-before", login}}
	match := inventory.Match{VM: inventory.Key{VCenter: "outer", VM: "5021"}, By: inventory.ByServiceTag}
	has := func(address, mac, login string) vsphere.HostBMC {
		return vsphere.HostBMC{Address: address, MAC: mac, Login: login}
	}
	other := has("10.9.0.4", "00:25:90:aa:bb:cc", "root")
	tests := []struct {
		name   string
		match  inventory.Match
		of     served
		has    vsphere.HostBMC
		adopt  bool
		lost   bool
		state  admin.Registration
		act    bool
		reason string
	}{
		{name: "ambiguous", match: inventory.Match{Ambiguous: true, Doubt: "two have its UUID"}, of: ready, state: admin.Ambiguous, reason: "two have its UUID"},
		{name: "no VM", match: inventory.Match{Doubt: "hardware"}, state: admin.NoBMC, reason: "hardware"},
		{name: "a BMC that waits", match: match, of: served{why: "the BMC waits: no address"}, state: admin.NoBMC, reason: "the BMC waits: no address"},
		{name: "nothing there", match: match, of: fresh, state: admin.WouldRegister, act: true},
		{name: "nothing there any more", match: match, of: ready, state: admin.WouldRegister, act: true},
		{name: "right", match: match, of: ready, has: has(address, mac, login), state: admin.Registered},
		{name: "right in other letters", match: match, of: served{bmc: vsphere.HostBMC{Address: "2001:db8::1", MAC: "02:00:00:00:00:AB"}, account: account(true), logins: []string{login}},
			has: has("2001:DB8:0::1", "02-00-00-00-00-ab", login), state: admin.Registered},
		{name: "another address", match: match, of: ready, has: has("10.120.8.99", mac, login), state: admin.Drifted, act: true, reason: "vCenter has the address 10.120.8.99"},
		{name: "another MAC", match: match, of: ready, has: has(address, "02:00:00:00:00:99", login), state: admin.Drifted, act: true, reason: "vCenter has the MAC 02:00:00:00:00:99"},
		{name: "another login", match: match, of: ready, has: has(address, mac, "operator"), state: admin.Drifted, act: true, reason: `vCenter has the login "operator"`},
		{name: "all but the login", match: match, of: ready, has: has("10.120.8.99", "02:00:00:00:00:99", login), state: admin.Drifted, act: true,
			reason: "vCenter has the address 10.120.8.99, vCenter has the MAC 02:00:00:00:00:99"},
		{name: "an account it was not told", match: match, of: untold, has: has(address, mac, login), state: admin.Drifted, act: true, reason: "vCenter may have another password"},
		{name: "the account before", match: match, of: rotating, has: has("10.120.8.99", "02:00:00:00:00:99", "vc-before"), state: admin.Drifted, act: true,
			reason: `vCenter has the address 10.120.8.99, vCenter has the MAC 02:00:00:00:00:99, vCenter has the login "vc-before"`},
		{name: "typed in by hand", match: match, of: fresh, has: has(address, mac, "operator"), state: admin.Drifted, act: true, reason: `vCenter has the login "operator"`},
		{name: "elsewhere", match: match, of: ready, has: other, state: admin.Elsewhere,
			reason: `vCenter has the BMC at 10.9.0.4, 00:25:90:aa:bb:cc, with login "root"; adopt replaces it`},
		{name: "elsewhere, adopted", match: match, of: ready, has: other, adopt: true, state: admin.WouldRegister, act: true, reason: "in place of the BMC at 10.9.0.4, 00:25:90:aa:bb:cc"},
		{name: "elsewhere, without MAC", match: match, of: served{bmc: vsphere.HostBMC{Address: address}}, has: has("10.9.0.4", "", "root"), state: admin.Elsewhere,
			reason: `vCenter has the BMC at 10.9.0.4, , with login "root"; adopt replaces it`},
		{name: "a host that vCenter lost", match: match, of: fresh, lost: true, state: admin.WouldRegister, reason: "vCenter is not connected to the host"},
		{name: "right, of a host that vCenter lost", match: match, of: ready, has: has(address, mac, login), lost: true, state: admin.Registered},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := decide(vsphere.Host{BMC: tt.has, Connected: !tt.lost}, tt.match, tt.of, tt.adopt)
			if got.state != tt.state || got.act != tt.act || got.reason != tt.reason {
				t.Errorf("got %s, act %t, %q", got.state, got.act, got.reason)
			}
		})
	}
}

// TestForgetfulVCenter: one that takes a BMC and tells as before is not told again and
// again.
func TestForgetfulVCenter(t *testing.T) {
	r := &registrar{wait: make(backoffs)}
	match := inventory.Match{VM: inventory.Key{VCenter: "outer", VM: "5021"}, By: inventory.ByServiceTag}
	of := served{bmc: vsphere.HostBMC{Address: "10.120.8.17", MAC: "02:00:00:00:00:01"}}
	look := func(by *admin.Caller) registration {
		row := decide(vsphere.Host{Ref: "host-1", Connected: true}, match, of, false)
		r.order(&row, order{by: by})
		return row
	}
	row := look(nil)
	if !row.act {
		t.Fatalf("got %+v", row)
	}
	if err := r.outcome(nil, []*registration{&row}, []error{nil}); err != nil {
		t.Fatal(err)
	}
	if again := look(nil); again.act || again.state != admin.Failed || again.reason != "vCenter has taken the BMC and tells something else" {
		t.Errorf("at once it is told again: %+v", again)
	}
	if again := look(&admin.Caller{}); !again.act {
		t.Errorf("an operator waits: %+v", again)
	}
}

// TestBackoff doubles, ends, and is of what was tried alone.
func TestBackoff(t *testing.T) {
	b := make(backoffs)
	r := registration{host: vsphere.Host{Ref: "host-1", VCenter: "inner"}, of: served{bmc: vsphere.HostBMC{Address: "10.0.0.1"}}}
	now := time.Unix(1795500000, 0)
	for _, want := range []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute} {
		if got := b.failed(r, "refused", now).until.Sub(now); got != want {
			t.Errorf("waits %s, want %s", got, want)
		}
	}
	if one, holds := b.holds(r, now.Add(2*time.Minute-1)); !holds || one.reason != "refused" {
		t.Errorf("%+v, %t", one, holds)
	}
	if _, holds := b.holds(r, now.Add(2*time.Minute)); holds || !b.due(now.Add(2*time.Minute)) || b.due(now) {
		t.Error("it is not due when it is")
	}
	moved := r
	moved.of.bmc.Address = "10.0.0.2"
	if _, holds := b.holds(moved, now); holds {
		t.Error("another address waits")
	}
	if got := b.failed(moved, "refused", now).until.Sub(now); got != 30*time.Second {
		t.Errorf("another address waits %s", got)
	}
	for range 20 {
		b.failed(r, "refused", now)
	}
	if one, _ := b.holds(r, now); one.until.Sub(now) != 30*time.Minute {
		t.Errorf("waits %s at last", one.until.Sub(now))
	}
	b.keep(map[string]bool{})
	if _, holds := b.holds(r, now); holds {
		t.Error("a host that is gone is not forgotten")
	}
}
