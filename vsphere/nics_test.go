package vsphere

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// addNIC gives a VM one more network card, as a reconfiguration does.
func (l *lab) addNIC(name, mac string, key int32) {
	l.t.Helper()
	must(l.t, l.Edit(name, func(vm *mo.VirtualMachine) {
		card := &types.VirtualE1000{VirtualEthernetCard: types.VirtualEthernetCard{
			VirtualDevice: types.VirtualDevice{Key: key}, MacAddress: mac,
		}}
		// In front, because the order of the list says nothing.
		vm.Config.Hardware.Device = append([]types.BaseVirtualDevice{card}, vm.Config.Hardware.Device...)
		vm.Config.ChangeVersion += "x"
	}))
}

// cards returns what the simulator has as the network cards of a VM.
func (l *lab) cards(name string) (macs []string) {
	l.t.Helper()
	must(l.t, l.Edit(name, func(vm *mo.VirtualMachine) {
		for _, d := range vm.Config.Hardware.Device {
			if d, ok := d.(types.BaseVirtualEthernetCard); ok {
				macs = append(macs, d.GetVirtualEthernetCard().MacAddress)
			}
		}
	}))
	return macs
}

// follow follows VMs and waits until their network cards are known, so that what a test
// counts afterwards is its own.
func (l *lab) follow(names ...string) {
	l.t.Helper()
	for _, name := range names {
		l.t.Cleanup(l.v.Follow(l.key(name)))
	}
	for _, name := range names {
		l.eventually("the network cards of "+name, func() error {
			if facts, err := l.v.Facts(l.key(name)); err != nil || facts.NICs == nil {
				return fmt.Errorf("%v, %v", facts.NICs, err)
			}
			return nil
		})
	}
}

func (l *lab) reads() int {
	_, by := l.calls()
	return by["RetrievePropertiesEx"]
}

// Whoever asks for some VMs gets them in one call, and from memory until one changes.
func TestNICsOfSomeVMs(t *testing.T) {
	l := newLab(t, 3).ready()
	keys := []inventory.Key{l.key("lab-01"), l.key("lab-03"), {VCenter: l.InstanceUUID(), VM: "5000"}}
	ask := func(calls int) map[inventory.Key][]string {
		t.Helper()
		before := l.reads()
		got, err := l.v.NICs(t.Context(), keys)
		if err != nil {
			t.Fatal(err)
		}
		if n := l.reads() - before; n != calls {
			t.Errorf("%d calls, want %d", n, calls)
		}
		return got
	}
	want := map[inventory.Key][]string{keys[0]: l.cards("lab-01"), keys[1]: l.cards("lab-03")}
	if len(want[keys[0]]) != 1 || want[keys[0]][0] == want[keys[1]][0] {
		t.Fatalf("the simulator's addresses are no good: %v", want)
	}
	if diff := cmp.Diff(want, ask(1)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff(want, ask(0)); diff != "" {
		t.Errorf("the second time, -want +got:\n%s", diff)
	}

	l.addNIC("lab-03", "00:50:56:AB:CD:EF", 4001)
	l.eventually("the watch knows of the change", func() error {
		if len(l.v.memory.nicsDue(slices.Values(keys), time.Now())) == 0 {
			return errors.New("not yet")
		}
		return nil
	})
	want[keys[1]] = append(want[keys[1]], "00:50:56:ab:cd:ef")
	if diff := cmp.Diff(want, ask(1)); diff != "" {
		t.Errorf("after a change, -want +got:\n%s", diff)
	}
	if facts, err := l.v.Facts(keys[1]); err != nil || !slices.Equal(facts.NICs, want[keys[1]]) {
		t.Errorf("facts %v, %v", facts.NICs, err)
	}
}

// Those of VMs that are followed are in memory by themselves, and stay true.
func TestNICsOfFollowedVMs(t *testing.T) {
	l := newLab(t, 2)
	l.ready()
	key, other := l.key("lab-01"), l.key("lab-02")
	known := func(want ...string) {
		t.Helper()
		l.eventually(fmt.Sprint(want), func() error {
			if facts, err := l.v.Facts(key); err != nil || !slices.Equal(facts.NICs, want) {
				return fmt.Errorf("%v, %v", facts.NICs, err)
			}
			return nil
		})
	}
	first := l.cards("lab-01")[0]
	before := l.reads()
	t.Cleanup(l.v.Follow(key))
	known(first)
	if n := l.reads() - before; n != 1 {
		t.Errorf("%d calls, want 1", n)
	}
	l.addNIC("lab-01", "00:50:56:11:22:33", 3999)
	known("00:50:56:11:22:33", first)
	// A new object id is a new VM to vCenter; what it is made of is read again.
	must(t, l.Reregister("lab-01"))
	l.eventually("another address", func() error {
		facts, err := l.v.Facts(key)
		if err != nil || len(facts.NICs) != 1 || facts.NICs[0] == first {
			return fmt.Errorf("%v, %v", facts.NICs, err)
		}
		return nil
	})
	if facts, err := l.v.Facts(other); err != nil || facts.NICs != nil {
		t.Errorf("of a VM that nobody follows: %v, %v", facts.NICs, err)
	}
}

func TestNICsWithoutVCenter(t *testing.T) {
	l := newLab(t, 1).ready()
	keys := []inventory.Key{l.key("lab-01")}
	if _, err := l.v.NICs(t.Context(), keys); err != nil {
		t.Fatal(err)
	}
	l.addNIC("lab-01", "00:50:56:11:22:33", 4001)
	l.eventually("they are due", func() error {
		if len(l.v.memory.nicsDue(slices.Values(keys), time.Now())) == 0 {
			return errors.New("not yet")
		}
		return nil
	})
	l.Close()
	if got, err := l.v.NICs(t.Context(), keys); !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "network cards") {
		t.Errorf("%v, %v", got, err)
	}
}

func TestMACs(t *testing.T) {
	card := func(key int32, mac string) types.BaseVirtualDevice {
		return &types.VirtualVmxnet3{VirtualVmxnet: types.VirtualVmxnet{VirtualEthernetCard: types.VirtualEthernetCard{
			VirtualDevice: types.VirtualDevice{Key: key}, MacAddress: mac,
		}}}
	}
	for name, tt := range map[string]struct {
		devices []types.BaseVirtualDevice
		want    []string
	}{
		"none":                   {nil, []string{}},
		"only other devices":     {[]types.BaseVirtualDevice{&types.VirtualDisk{}}, []string{}},
		"in key order":           {[]types.BaseVirtualDevice{card(4002, "c"), card(4000, "A"), &types.VirtualCdrom{}, card(4001, "b")}, []string{"a", "b", "c"}},
		"without an address yet": {[]types.BaseVirtualDevice{card(4000, ""), card(4001, "b")}, []string{"b"}},
	} {
		if diff := cmp.Diff(tt.want, macs(tt.devices)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestNICsDue(t *testing.T) {
	now := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		n    nics
		want bool
	}{
		"never read":                    {nics{}, true},
		"read":                          {nics{read: true, version: 7}, false},
		"read of an earlier version":    {nics{read: true, version: 6}, true},
		"silent just now":               {nics{version: 7, silent: now}, false},
		"silent for long":               {nics{version: 7, silent: now.Add(-nicRetry)}, true},
		"silent, and changed since":     {nics{version: 6, silent: now}, true},
		"known before, silent just now": {nics{read: true, version: 7, silent: now}, false},
	} {
		if got := tt.n.due(7, now); got != tt.want {
			t.Errorf("%s: %t, want %t", name, got, tt.want)
		}
	}
}
