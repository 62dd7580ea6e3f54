package gateway

import (
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

// TestFingerprintBMCs is another one for each thing that vCenter would be told otherwise.
func TestFingerprintBMCs(t *testing.T) {
	one, two := inventory.Key{VCenter: "outer", VM: "5021"}, inventory.Key{VCenter: "outer", VM: "5022"}
	first := served{bmc: vsphere.HostBMC{Address: "10.0.0.1", MAC: "02:00:00:00:00:01"}}
	second := served{bmc: vsphere.HostBMC{Address: "10.0.0.2", MAC: "02:00:00:00:00:02"}}
	silent, moved, other := first, first, first
	silent.why, moved.bmc.Address, other.bmc.MAC = "it waits", "10.0.0.3", "02:00:00:00:00:03"
	seen := make(map[uint64]string)
	for _, tt := range []struct {
		name string
		all  map[inventory.Key]served
	}{
		{"none", nil},
		{"one", map[inventory.Key]served{one: first}},
		{"two", map[inventory.Key]served{one: first, two: second}},
		{"the other way round", map[inventory.Key]served{one: second, two: first}},
		{"silent", map[inventory.Key]served{one: silent}},
		{"another address", map[inventory.Key]served{one: moved}},
		{"another MAC", map[inventory.Key]served{one: other}},
		{"another VM", map[inventory.Key]served{two: first}},
		{"of another vCenter", map[inventory.Key]served{{VCenter: "other", VM: "5021"}: first}},
	} {
		sum := fingerprintBMCs(tt.all)
		if before, taken := seen[sum]; taken {
			t.Errorf("%s is the same as %s", tt.name, before)
		}
		if again := fingerprintBMCs(tt.all); again != sum {
			t.Errorf("%s is another one the second time", tt.name)
		}
		seen[sum] = tt.name
	}
}

// TestLookAfterAnError waits, also when hosts are due: nothing was told of them, and
// a vCenter that answers the watch alone is not to be asked every other second.
func TestLookAfterAnError(t *testing.T) {
	r := newRegistrar(new(tenant), nil, nil, hostPort) // a look would need more of one
	r.wait["inner/host-1"] = backoff{failures: 1, until: time.Now().Add(-time.Minute)}
	r.next = time.Now().Add(time.Hour)
	r.last = admin.Registrations{At: time.Now().Add(-time.Minute), Error: "no answer"}
	if r.look(t.Context(), Register{Mode: RegisterApply}, false) {
		t.Error("it has looked")
	}
}

// TestAskingChangesNothing: what the gateway is to do by itself is as due as it was
// when somebody asks what would be done.
func TestAskingChangesNothing(t *testing.T) {
	n := newNest(t, 1, "127.61.16.1-127.61.16.20", RegisterDisabled) // so that it looks when it is asked alone
	n.begin(t, 1)
	r := n.gw.served()[0].registrar
	n.do(t, admin.RegistrationRequest{DryRun: true})
	if r.seen != 0 || !r.next.IsZero() {
		t.Errorf("after a question, seen %d, next %s", r.seen, r.next)
	}
	n.do(t, admin.RegistrationRequest{})
	if r.seen == 0 || r.next.IsZero() {
		t.Errorf("after an order, seen %d, next %s", r.seen, r.next)
	}
}

// TestBMCOfAnotherVCenter is none of the VM, though both have one UUID.
func TestBMCOfAnotherVCenter(t *testing.T) {
	vm := inventory.Key{VCenter: "outer", VM: "5021"}
	here := served{vm: inventory.VM{Key: vm}, bmc: vsphere.HostBMC{Address: "10.0.0.1"}}
	if got := here.with(vm, nil); got.why != "" {
		t.Errorf("of the VM: %q", got.why)
	}
	there := inventory.Key{VCenter: "other", VM: "5021"}
	bmcs := map[inventory.Key]served{vm: here}
	if got := bmcs[there].with(there, nil); got.why == "" || got.vm.Key != there || got.bmc.Address != "" {
		t.Errorf("of another: %+v", got)
	}
}
