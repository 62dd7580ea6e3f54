package inventory

import (
	"fmt"
	"slices"
	"strings"
)

// Evidence is what says that a host and a virtual machine are the same, one bit each.
type Evidence uint8

// The kinds. A network card alone is none: its address may be set by hand.
const (
	ByServiceTag  Evidence = 1 << iota // always spells the machine's UUID
	ByUUID                             // hardware versions before 13
	BySwappedUUID                      // the first three fields byte by byte from behind
	ByNetworkCard                      // a physical card of the host is a card of the machine
)

// String lists the kinds in words, "service tag, network card".
func (e Evidence) String() string {
	var words []string
	for i, word := range []string{"service tag", "UUID", "swapped UUID", "network card"} {
		if e&(1<<i) != 0 {
			words = append(words, word)
		}
	}
	return strings.Join(words, ", ")
}

// A Match is which virtual machine a host is.
type Match struct {
	VM Key      // the zero Key: none, or not for sure
	By Evidence // of VM
	// Doubt is why there is no VM, in words. Ambiguous: some machine may be the host,
	// and it is not known which.
	Doubt     string
	Ambiguous bool
}

// Candidates returns the machines that have the UUID of some host: all that need to be
// asked for their network cards.
func Candidates(hosts []Host, vms []VM) (some []VM) {
	wanted := make(map[uuid]bool)
	for _, h := range hosts {
		for u := range h.claims() {
			wanted[u] = wanted[u] || h.Virtual()
		}
	}
	for _, vm := range vms {
		if u, ok := parseUUID(vm.BIOSUUID); ok && wanted[u] && !vm.Template {
			some = append(some, vm)
		}
	}
	return some
}

// MatchHosts returns which machine each host is, in the order of the hosts. cards
// returns the addresses of a machine's network cards, none when they are not known.
//
//	machines with    of them with one      match
//	the host's UUID  of the host's cards
//	none             -                     none
//	some             one                   that one
//	one              none, and the cards   that one
//	                 of one of both are
//	                 not known
//	one              none                  ambiguous: it is a clone, or was one
//	several          none or several       ambiguous
//
// Of several hosts that would be the same machine the only one with one of its cards
// is; otherwise all of them are ambiguous. Clones share a UUID, so nothing is guessed.
//
// A machine without a name is somebody else's: it counts as the others do, and a doubt
// tells of its existence alone. A host that can be none but such is none.
func MatchHosts(hosts []Host, vms []VM, cards func(VM) [][6]byte) []Match {
	byUUID := make(map[uuid][]VM)
	for _, vm := range vms {
		if u, ok := parseUUID(vm.BIOSUUID); ok && !vm.Template {
			byUUID[u] = append(byUUID[u], vm)
		}
	}
	out := make([]Match, len(hosts))
	claimed := make(map[Key][]int)
	for i, h := range hosts {
		out[i] = h.match(byUUID, cards)
		if out[i].VM != (Key{}) {
			claimed[out[i].VM] = append(claimed[out[i].VM], i)
		}
	}
	for _, rivals := range claimed {
		settle(hosts, out, rivals)
	}
	return out
}

// match looks at one host alone.
func (h Host) match(byUUID map[uuid][]VM, cards func(VM) [][6]byte) Match {
	if !h.Virtual() {
		return Match{Doubt: fmt.Sprintf("it is no virtual machine of vSphere: its vendor is %q", h.Vendor)}
	}
	found, by := h.candidates(byUUID)
	if len(found) == 0 {
		return Match{Doubt: "no virtual machine has its service tag or UUID"}
	}
	if !slices.ContainsFunc(found, func(vm VM) bool { return vm.Name != "" }) {
		return Match{Doubt: somebodyElses}
	}
	var same []VM
	known := len(h.MACs) > 0
	for _, vm := range found {
		theirs := cards(vm)
		known = known && len(theirs) > 0
		if slices.ContainsFunc(theirs, func(mac [6]byte) bool { return slices.Contains(h.MACs, mac) }) {
			same = append(same, vm)
		}
	}
	switch {
	case len(same) == 1 && same[0].Name == "":
		return Match{Doubt: somebodyElses}
	case len(same) == 1:
		return Match{VM: same[0].Key, By: by[same[0].Key] | ByNetworkCard}
	case len(found) == 1 && !known:
		return Match{VM: found[0].Key, By: by[found[0].Key]}
	case len(found) == 1:
		return Match{Ambiguous: true, Doubt: fmt.Sprintf("%s has its UUID and none of its network cards: one is a clone of the other", found[0].Name)}
	default:
		return Match{Ambiguous: true, Doubt: fmt.Sprintf("%s have its UUID, and no network card tells them apart", names(found))}
	}
}

// candidates returns the machines that have one of the host's UUIDs, and what says so
// of each. A machine has one UUID, so none is found twice.
func (h Host) candidates(byUUID map[uuid][]VM) ([]VM, map[Key]Evidence) {
	by := make(map[Key]Evidence)
	var found []VM
	for u, evidence := range h.claims() {
		for _, vm := range byUUID[u] {
			found = append(found, vm)
			by[vm.Key] = evidence
		}
	}
	return found, by
}

// settle decides between hosts that would be the same machine.
func settle(hosts []Host, out []Match, rivals []int) {
	if len(rivals) < 2 {
		return
	}
	var proven []int
	for _, i := range rivals {
		if out[i].By&ByNetworkCard != 0 {
			proven = append(proven, i)
		}
	}
	for _, i := range rivals {
		if len(proven) == 1 && i == proven[0] {
			continue
		}
		var others []string
		for _, j := range rivals {
			if j != i {
				others = append(others, hosts[j].Name)
			}
		}
		out[i] = Match{Ambiguous: true, Doubt: "the same virtual machine is matched by " + strings.Join(others, ", ")}
	}
}

// somebodyElses is the doubt about a host that is a machine without a name.
const somebodyElses = "the virtual machine with its UUID is somebody else's"

// mostNamed is how many machines a doubt names.
const mostNamed = 4

func names(vms []VM) string {
	var out []string
	for _, vm := range vms {
		if vm.Name != "" {
			out = append(out, vm.Name)
		}
	}
	unnamed := len(vms) - len(out)
	slices.Sort(out)
	if more := len(out) - mostNamed; more > 0 {
		out = append(out[:mostNamed], fmt.Sprintf("%d more", more))
	}
	if unnamed > 0 {
		out = append(out, fmt.Sprintf("%d of somebody else", unnamed))
	}
	return strings.Join(out, ", ")
}
