package address

import (
	"errors"
	"fmt"
	"slices"
)

// ErrWrongVLAN says that an interface is there and is not the VLAN it should be.
var ErrWrongVLAN = errors.New("the interface is not the VLAN that is configured")

// ourAlias is written on interfaces that we made (ip link shows it as "alias").
const ourAlias = "made by bmc-gateway"

// A VLAN is an interface on another one, with a tag (IEEE 802.1Q). The zero value
// is none.
type VLAN struct {
	Parent string // "ens192"
	ID     int    // 1 to 4094
}

// Name is what such an interface is called by custom, "ens192.120".
func (v VLAN) Name() string { return fmt.Sprintf("%s.%d", v.Parent, v.ID) }

// A vlanWard is a VLAN interface that is made when it is missing.
type vlanWard struct {
	iface string
	vlan  VLAN
	users int   // pools
	fault error // why it could not be used when it was last looked at
}

// judge decides by the interfaces there are: whether the VLAN is to be made, or
// why it cannot be used. One that is there is never changed, whoever made it.
func (v VLAN) judge(iface string, links map[string]linkState) (missing bool, err error) {
	parent, there := links[v.Parent]
	is, made := links[iface]
	switch {
	case !there && !made:
		return false, fmt.Errorf("interface %q: cannot be made: its parent %q: %w", iface, v.Parent, ErrNoInterface)
	case !made:
		return true, nil
	case is.kind != "vlan":
		return false, fmt.Errorf("interface %q: %w: it is %s; correct the pool's interface, or remove its vlan",
			iface, ErrWrongVLAN, orHardware(is.kind))
	case is.vlan != v.ID || !there || is.parent != parent.index:
		return false, fmt.Errorf("interface %q: %w: it is id %d on %s, not id %d on %s; correct the pool's vlan, or remove the interface",
			iface, ErrWrongVLAN, is.vlan, nameOf(is.parent, links), v.ID, v.Parent)
	}
	return false, nil
}

func orHardware(kind string) string {
	if kind == "" {
		return "no VLAN"
	}
	return "of kind " + kind
}

func nameOf(index uint32, links map[string]linkState) string {
	for name, l := range links {
		if l.index == index {
			return name
		}
	}
	return "another interface"
}

// UseVLAN makes the interface if it is missing, brings one that we made up, and
// keeps doing so until LeaveVLAN was called as often. It returns an error when the
// interface cannot be used for now.
func (k *Keeper) UseVLAN(iface string, v VLAN) error {
	k.mu.Lock()
	w := k.vlanOf(iface)
	if w == nil {
		w = &vlanWard{iface: iface, vlan: v}
		k.vlans = append(k.vlans, w)
	}
	w.users++
	k.mu.Unlock()
	k.ops.Lock()
	defer k.ops.Unlock()
	seen, err := k.kernel.look()
	if err == nil {
		err = k.mendVLAN(w, seen.links)
	}
	return err
}

// vlanOf returns what is kept of an interface; nil: nothing. mu is held.
func (k *Keeper) vlanOf(iface string) *vlanWard {
	i := slices.IndexFunc(k.vlans, func(w *vlanWard) bool { return w.iface == iface })
	if i < 0 {
		return nil
	}
	return k.vlans[i]
}

// mendVLAN makes the interface if it is missing. ops is held.
func (k *Keeper) mendVLAN(w *vlanWard, links map[string]linkState) error {
	missing, err := w.vlan.judge(w.iface, links)
	if missing {
		if err = k.kernel.makeVLAN(w.iface, w.vlan); err == nil {
			k.post(Event{Kind: VLANMade, Iface: w.iface})
		}
	}
	if is := links[w.iface]; err == nil && !is.up && (missing || is.alias == ourAlias) {
		err = k.kernel.setUp(w.iface)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if err != nil && (w.fault == nil || w.fault.Error() != err.Error()) {
		k.post(Event{Kind: VLANFailed, Iface: w.iface, Err: err})
	}
	w.fault = err
	return err
}

// syncVLANs makes what is missing, and reports whether all are as they should.
func (k *Keeper) syncVLANs(live bool) bool {
	if !live || len(k.keptVLANs()) == 0 {
		return true
	}
	k.ops.Lock()
	defer k.ops.Unlock()
	// Not those of before: one that LeaveVLAN has just removed would be made again.
	all := k.keptVLANs()
	v, err := k.kernel.look()
	if err != nil {
		return false
	}
	whole := true
	for _, w := range all {
		whole = k.mendVLAN(w, v.links) == nil && whole
	}
	return whole
}

func (k *Keeper) keptVLANs() []*vlanWard {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.vlans)
}

// withoutWrongVLANs takes interfaces out of the view that are not the VLANs they
// should be: an address there would be in another network.
func (k *Keeper) withoutWrongVLANs(v view) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, w := range k.vlans {
		if _, err := w.vlan.judge(w.iface, v.links); errors.Is(err, ErrWrongVLAN) {
			delete(v.links, w.iface)
		}
	}
}

// VLANFault returns why a VLAN interface could not be used when it was last looked
// at; nil for any other.
func (k *Keeper) VLANFault(iface string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if w := k.vlanOf(iface); w != nil {
		return w.fault
	}
	return nil
}

// LeaveVLAN ends one use of the interface. With the last it is not kept any more,
// and removed if we made it, no address is on it and no other interface.
func (k *Keeper) LeaveVLAN(iface string) error {
	k.ops.Lock()
	defer k.ops.Unlock()
	k.mu.Lock()
	w := k.vlanOf(iface)
	if w == nil {
		k.mu.Unlock()
		return nil
	}
	if w.users--; w.users > 0 {
		k.mu.Unlock()
		return nil
	}
	k.vlans = slices.DeleteFunc(k.vlans, func(o *vlanWard) bool { return o == w })
	k.mu.Unlock()
	v, err := k.kernel.look()
	if err != nil || !v.abandoned(iface) {
		return err
	}
	return k.kernel.removeLink(iface)
}

// abandoned reports whether an interface is ours and nobody uses it: what IPv6
// has put there by itself is no use.
func (v view) abandoned(iface string) bool {
	is, ok := v.links[iface]
	if !ok || is.kind != "vlan" || is.alias != ourAlias {
		return false
	}
	for _, l := range v.links {
		if l.parent == is.index {
			return false
		}
	}
	for _, all := range v.held {
		for _, h := range all {
			if h.index == is.index && !h.addr.IsLinkLocalUnicast() {
				return false
			}
		}
	}
	return true
}
