package inventory

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Both samples are of real nested hosts: an older one, whose UUID is as vCenter
// spells it, and one on virtual hardware 13 or later.
var (
	olderHost = Host{
		Name: "older", Vendor: "VMware, Inc.", UUID: "564d2f12-8041-639b-5018-05a835b72eaf",
		ServiceTags: []string{"VMware-56 4d 2f 12 80 41 63 9b-50 18 05 a8 35 b7 2e af", "unknown"},
	}
	newerHost = Host{
		Name: "newer", Vendor: "VMware, Inc.", UUID: "e88d4d56-9f1e-3ea1-71fa-13a8e1a7fd70",
		ServiceTags: []string{"VMware-56 4d 8d e8 1e 9f a1 3e-71 fa 13 a8 e1 a7 fd 70"},
	}
	olderVM = machine("vm-older", "564D2F12-8041-639B-5018-05A835B72EAF")
	newerVM = machine("vm-newer", "564d8de8-1e9f-a13e-71fa-13a8e1a7fd70")
	other   = machine("other", "42000000-0000-4000-8000-000000000001")
)

func machine(name, uuid string) VM {
	return VM{Key: Key{VCenter: "outer", VM: name}, Name: name, BIOSUUID: uuid}
}

func (h Host) with(change func(*Host)) Host {
	change(&h)
	return h
}

func without(h Host, tag bool) Host {
	return h.with(func(h *Host) {
		if tag {
			h.ServiceTags = nil
		} else {
			h.UUID = ""
		}
	})
}

func cardsOf(all map[string][][6]byte) func(VM) [][6]byte {
	return func(vm VM) [][6]byte { return all[vm.Name] }
}

var macA, macB, macC = [6]byte{0, 0x50, 0x56, 0, 0, 0xa}, [6]byte{0, 0x50, 0x56, 0, 0, 0xb}, [6]byte{0, 0x50, 0x56, 0, 0, 0xc}

func TestMatchHosts(t *testing.T) {
	withCards := func(h Host, name string, macs ...[6]byte) Host {
		return h.with(func(h *Host) { h.Name, h.MACs = name, macs })
	}
	clone := olderVM
	clone.Key.VM, clone.Name = "vm-clone", "vm-clone"
	third := olderVM
	third.Key.VM, third.Name = "vm-third", "vm-third"
	template := olderVM
	template.Template = true
	// of another vCenter, perhaps under the same instance UUID
	replica := olderVM
	replica.Key.VCenter, replica.Name = "another", ""
	tests := []struct {
		name  string
		hosts []Host
		vms   []VM
		cards map[string][][6]byte
		want  []Match
	}{
		{"older sample", []Host{olderHost}, []VM{other, olderVM, newerVM}, nil,
			[]Match{{VM: olderVM.Key, By: ByServiceTag | ByUUID}}},
		{"newer sample", []Host{newerHost}, []VM{other, olderVM, newerVM}, nil,
			[]Match{{VM: newerVM.Key, By: ByServiceTag | BySwappedUUID}}},
		{"older sample without a tag", []Host{without(olderHost, true)}, []VM{other, olderVM}, nil,
			[]Match{{VM: olderVM.Key, By: ByUUID}}},
		{"newer sample without a tag", []Host{without(newerHost, true)}, []VM{other, newerVM}, nil,
			[]Match{{VM: newerVM.Key, By: BySwappedUUID}}},
		{"tag alone", []Host{without(newerHost, false)}, []VM{other, newerVM}, nil,
			[]Match{{VM: newerVM.Key, By: ByServiceTag}}},
		{"confirmed by a card", []Host{withCards(olderHost, "h", macC, macA)}, []VM{olderVM}, map[string][][6]byte{"vm-older": {macA, macB}},
			[]Match{{VM: olderVM.Key, By: ByServiceTag | ByUUID | ByNetworkCard}}},
		{"no vendor told", []Host{olderHost.with(func(h *Host) { h.Vendor = "" })}, []VM{olderVM}, nil,
			[]Match{{VM: olderVM.Key, By: ByServiceTag | ByUUID}}},
		{"hardware", []Host{olderHost.with(func(h *Host) { h.Vendor = "Dell Inc." })}, []VM{olderVM}, nil,
			[]Match{{Doubt: `it is no virtual machine of vSphere: its vendor is "Dell Inc."`}}},
		{"nobody", []Host{newerHost}, []VM{other, olderVM}, nil,
			[]Match{{Doubt: "no virtual machine has its service tag or UUID"}}},
		{"a card alone is no evidence", []Host{withCards(newerHost, "h", macA)}, []VM{other}, map[string][][6]byte{"other": {macA}},
			[]Match{{Doubt: "no virtual machine has its service tag or UUID"}}},
		{"a template is no host", []Host{olderHost}, []VM{template}, nil,
			[]Match{{Doubt: "no virtual machine has its service tag or UUID"}}},
		{"nothing told", []Host{{Name: "bare"}}, []VM{machine("zero", "00000000-0000-0000-0000-000000000000")}, nil,
			[]Match{{Doubt: "no virtual machine has its service tag or UUID"}}},
		{"a UUID of zeros", []Host{{UUID: "00000000-0000-0000-0000-000000000000"}}, []VM{machine("zero", "00000000-0000-0000-0000-000000000000")}, nil,
			[]Match{{Doubt: "no virtual machine has its service tag or UUID"}}},
		{"clones", []Host{olderHost}, []VM{clone, olderVM}, nil,
			[]Match{{Ambiguous: true, Doubt: "vm-clone, vm-older have its UUID, and no network card tells them apart"}}},
		{"clones told apart by their cards", []Host{withCards(olderHost, "a", macA), withCards(olderHost, "b", macB)}, []VM{clone, olderVM},
			map[string][][6]byte{"vm-older": {macA}, "vm-clone": {macB}},
			[]Match{{VM: olderVM.Key, By: ByServiceTag | ByUUID | ByNetworkCard}, {VM: clone.Key, By: ByServiceTag | ByUUID | ByNetworkCard}}},
		{"clones of which both have the card", []Host{withCards(olderHost, "a", macA)}, []VM{clone, olderVM},
			map[string][][6]byte{"vm-older": {macA}, "vm-clone": {macA}},
			[]Match{{Ambiguous: true, Doubt: "vm-clone, vm-older have its UUID, and no network card tells them apart"}}},
		{"the clone of a machine that is not seen", []Host{withCards(olderHost, "h", macB)}, []VM{olderVM}, map[string][][6]byte{"vm-older": {macA}},
			[]Match{{Ambiguous: true, Doubt: "vm-older has its UUID and none of its network cards: one is a clone of the other"}}},
		{"two hosts of one machine", []Host{olderHost, olderHost.with(func(h *Host) { h.Name = "twin" })}, []VM{olderVM}, nil,
			[]Match{{Ambiguous: true, Doubt: "the same virtual machine is matched by twin"}, {Ambiguous: true, Doubt: "the same virtual machine is matched by older"}}},
		{"a replica elsewhere", []Host{olderHost}, []VM{olderVM, replica}, nil,
			[]Match{{Ambiguous: true, Doubt: "vm-older, 1 of somebody else have its UUID, and no network card tells them apart"}}},
		{"a replica elsewhere, told apart", []Host{withCards(olderHost, "h", macA)}, []VM{replica, olderVM}, map[string][][6]byte{"vm-older": {macA}, "": {macB}},
			[]Match{{VM: olderVM.Key, By: ByServiceTag | ByUUID | ByNetworkCard}}},
		{"the replica elsewhere", []Host{withCards(olderHost, "h", macB)}, []VM{olderVM, replica}, map[string][][6]byte{"vm-older": {macA}, "": {macB}},
			[]Match{{Doubt: "the virtual machine with its UUID is somebody else's"}}},
		{"a replica with the same cards", []Host{withCards(olderHost, "h", macA)}, []VM{olderVM, replica}, map[string][][6]byte{"vm-older": {macA}, "": {macA}},
			[]Match{{Ambiguous: true, Doubt: "vm-older, 1 of somebody else have its UUID, and no network card tells them apart"}}},
		{"somebody else's alone", []Host{olderHost}, []VM{other, replica}, nil,
			[]Match{{Doubt: "the virtual machine with its UUID is somebody else's"}}},
		{"two hosts, one with its card", []Host{withCards(olderHost, "mine", macA), olderHost.with(func(h *Host) { h.Name = "stale" })}, []VM{olderVM},
			map[string][][6]byte{"vm-older": {macA}},
			[]Match{{VM: olderVM.Key, By: ByServiceTag | ByUUID | ByNetworkCard}, {Ambiguous: true, Doubt: "the same virtual machine is matched by mine"}}},
		{"tag and UUID disagree", []Host{olderHost.with(func(h *Host) { h.UUID = other.BIOSUUID })}, []VM{olderVM, other}, nil,
			[]Match{{Ambiguous: true, Doubt: "other, vm-older have its UUID, and no network card tells them apart"}}},
		{"a service tag of zeros", []Host{{ServiceTags: []string{"VMware-00 00 00 00 00 00 00 00-00 00 00 00 00 00 00 00"}}}, []VM{machine("zero", "00000000-0000-0000-0000-000000000000")}, nil,
			[]Match{{Doubt: "no virtual machine has its service tag or UUID"}}},
		{"neither has a UUID that can be read", []Host{{ServiceTags: []string{"VMware-56 4d"}, UUID: "unknown"}}, []VM{machine("none", ""), machine("odd", "56 4d")}, nil,
			[]Match{{Doubt: "no virtual machine has its service tag or UUID"}}},
		{"a digit too many", []Host{olderHost}, []VM{machine("long", olderVM.BIOSUUID+"0")}, nil,
			[]Match{{Doubt: "no virtual machine has its service tag or UUID"}}},
		{"the tag of another vendor", []Host{{ServiceTags: []string{"56 4d 2f 12 80 41 63 9b-50 18 05 a8 35 b7 2e af"}}}, []VM{olderVM}, nil,
			[]Match{{Doubt: "no virtual machine has its service tag or UUID"}}},
		{"two that are nobody", []Host{{Name: "a"}, {Name: "b"}}, []VM{olderVM}, nil,
			[]Match{{Doubt: "no virtual machine has its service tag or UUID"}, {Doubt: "no virtual machine has its service tag or UUID"}}},
		{"the machine's cards are not known", []Host{withCards(olderHost, "h", macA)}, []VM{olderVM}, nil,
			[]Match{{VM: olderVM.Key, By: ByServiceTag | ByUUID}}},
		{"a tag that is no UUID", []Host{{Name: "h", ServiceTags: []string{"VMware-56 4d", "VMware-zz"}, UUID: olderHost.UUID}}, []VM{olderVM}, nil,
			[]Match{{VM: olderVM.Key, By: ByUUID}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, MatchHosts(tt.hosts, tt.vms, cardsOf(tt.cards))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestCandidates(t *testing.T) {
	template := newerVM
	template.Template = true
	hardware := Host{Vendor: "Dell Inc.", UUID: other.BIOSUUID}
	got := Candidates([]Host{olderHost, newerHost, hardware}, []VM{other, olderVM, newerVM, template})
	if diff := cmp.Diff([]VM{olderVM, newerVM}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestManyClones(t *testing.T) {
	var vms []VM
	for _, name := range []string{"f", "e", "d", "c", "b", "a"} {
		vms = append(vms, machine(name, olderVM.BIOSUUID))
	}
	const doubt = " have its UUID, and no network card tells them apart"
	for most, want := range map[int]string{4: "c, d, e, f", 6: "a, b, c, d, 2 more"} {
		got := MatchHosts([]Host{olderHost}, vms[:most], cardsOf(nil))
		if got[0].Doubt != want+doubt || !got[0].Ambiguous {
			t.Errorf("%d clones: got %+v", most, got)
		}
	}
}

func TestEvidence(t *testing.T) {
	if got := (ByServiceTag | BySwappedUUID | ByNetworkCard).String(); got != "service tag, swapped UUID, network card" {
		t.Errorf("got %q", got)
	}
}
