package gateway

import (
	"strings"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// TestForgetGone: of a VM nothing is kept in memory, nor the account of a vCenter at
// its BMC, once another VM has its address, and everything is until then.
func TestForgetGone(t *testing.T) {
	b := newBench(t, "127.7.41.1-127.7.41.1", "a")
	b.config.Tenants[0].Guard = inventory.Guard{Answers: 1, Share: 100}
	b.build()
	defer b.stop()
	first, second := virtual(1, "bmc/a"), virtual(2, "bmc/a")
	b.tell(0, first)
	account := func(vm inventory.VM) {
		one := store.Grant{ID: vm.Name, Tenant: "a", Key: vm.Key, VM: vm.Name, User: "vc-" + vm.Name, Registration: &store.Registration{VCenter: "inner"}}
		if err := b.gw.grants.add(one, anything); err != nil {
			t.Fatal(err)
		}
	}
	account(first)
	forgets := func(when string, logs, accounts int) {
		t.Helper()
		if err := b.gw.forgetGone(); err != nil {
			t.Fatal(err)
		}
		stored, err := b.store.Grants()
		if err != nil || len(b.gw.logs.byVM) != logs || len(stored) != accounts || len(b.gw.grants.all) != accounts {
			t.Errorf("%s: %d event logs, %d accounts, %d stored, %v; want %d and %d", when, len(b.gw.logs.byVM), len(b.gw.grants.all), len(stored), err, logs, accounts)
		}
	}
	forgets("served", 1, 1)
	b.tell(0)
	forgets("gone, its address is held", 1, 1)
	b.tell(0, second)
	b.want("another has it", "a/vm2 ready 127.7.41.1")
	account(second)
	b.gw.logs.of(first.Key) // as for an event that was on its way
	forgets("another has its address", 1, 1)
	if b.gw.logs.byVM[second.Key] == nil || b.gw.grants.all["vm2"].ID == "" {
		t.Error("what is needed is forgotten")
	}
	events, _ := b.gw.Events().Since(0)
	last := events[len(events)-1]
	if last.Command != "account vc-vm1 of vCenter inner is withdrawn: the VM has no address any more" || last.Result != "ok" || last.BMC != "vm1" {
		t.Errorf("the audit says %+v", last)
	}
	if !strings.Contains(b.log.String(), "account vc-vm1") {
		t.Error("nothing is logged of it")
	}
}
