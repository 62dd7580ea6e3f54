package vsphere

import (
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/vmware/govmomi/vim25/types"
)

// memory is what the watch and the tag look-ups said, for readers that must not
// wait. It is written by their two goroutines and read by everybody.
type memory struct {
	mu        sync.RWMutex
	freshness time.Duration
	vcenter   string                    // instance UUID
	blind     bool                      // the watch tells of no VM
	synced    bool                      // the watch has told of every VM once
	answered  time.Time                 // when the watch's last complete answer came
	clock     time.Time                 // the same by the wall clock alone
	doubted   bool                      // the watch has failed since that answer
	byRef     map[string]*record        // managed object id → record
	byKey     map[inventory.Key]*record // of two with one key, the later
	hidden    map[inventory.Key]int     // how many records another hides in byKey
	folders   map[Folder]*membership
	tags      tagging

	clusters map[string]string // managed object id of a host → name of its cluster; replaced, never changed

	prefix     string           // of the custom attributes that are ours; empty: none are
	attributes map[int32]string // custom attributes, number → name

	followed map[inventory.Key]int   // VMs that are measured, by how many ask for it
	stats    map[inventory.Key]Stats // of the last measurement
	watts    map[inventory.Key]Watts
	carded   chan struct{} // capacity 1; the network cards of a VM that is followed are due

	changed signal // the answer of List may be another
	power   signal // the state of some VM is another
	tagged  signal // some object has another tag
	hosts   signal // some host, or what is known of its BMC, is another
}

func newMemory(freshness time.Duration, folders []Folder) *memory {
	m := &memory{
		freshness: freshness,
		byRef:     make(map[string]*record),
		byKey:     make(map[inventory.Key]*record),
		hidden:    make(map[inventory.Key]int),
		folders:   make(map[Folder]*membership),
		followed:  make(map[inventory.Key]int),
		stats:     make(map[inventory.Key]Stats),
		watts:     make(map[inventory.Key]Watts),
		carded:    make(chan struct{}, 1),
	}
	for _, f := range folders {
		m.folders[f] = &membership{refs: make(map[string]bool)}
	}
	return m
}

// open says which vCenter the next updates come from. Another than before means
// that nothing known holds any more.
func (m *memory) open(vcenter string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.vcenter == vcenter {
		return
	}
	m.vcenter = vcenter
	m.tags, m.attributes, m.clusters = tagging{}, nil, nil
	m.forgetAll()
}

// scope says whether the watch tells of VMs from now on. What it told before holds no
// more when that changes.
func (m *memory) scope(vms bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.blind == !vms {
		return
	}
	m.blind = !vms
	m.forgetAll()
}

// forgetAll forgets all VMs and when they were told of. mu is held.
func (m *memory) forgetAll() {
	m.synced, m.answered = false, time.Time{}
	clear(m.byRef)
	clear(m.byKey)
	clear(m.hidden)
	for _, f := range m.folders {
		f.refs, f.ready = make(map[string]bool), false
	}
}

// effect is what an update changed.
type effect struct {
	list  bool // List may answer otherwise
	power bool // some State is another
	moved bool // some VM lies in another folder
}

func (e effect) or(o effect) effect {
	return effect{list: e.list || o.list, power: e.power || o.power, moved: e.moved || o.moved}
}

// apply takes the updates of VMs themselves.
func (m *memory) apply(updates []types.ObjectUpdate, now time.Time) (e effect) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, u := range updates {
		ref := u.Obj.Value
		old := m.byRef[ref]
		if u.Kind == types.ObjectUpdateKindLeave {
			if old != nil {
				m.forget(ref, old)
				e = effect{list: true, power: true}
			}
			continue
		}
		var next record
		if old != nil {
			next = *old
		}
		next.vm.Ref, next.vm.Key.VCenter = ref, m.vcenter
		if u.Kind == types.ObjectUpdateKindEnter {
			next = next.entered(u.ChangeSet, now)
		} else {
			next = next.modified(withdrawn(u), now)
		}
		e.list = e.list || old == nil || !old.vm.Equal(next.vm) || !maps.Equal(old.values, next.values)
		e.power = e.power || old == nil || old.state != next.state
		e.moved = e.moved || old != nil && old.facts.parent != next.facts.parent
		m.remember(ref, old, &next)
		m.card(&next, now)
	}
	return e
}

func (m *memory) remember(ref string, old, next *record) {
	if old != nil && old.vm.Key != next.vm.Key {
		m.forget(ref, old)
		old = nil
	}
	m.byRef[ref] = next
	if next.vm.Key.VM == "" {
		return
	}
	top := m.byKey[next.vm.Key]
	switch {
	case top == nil, top == old:
	case old == nil:
		m.hidden[next.vm.Key]++ // the same VM under a new id: the old one is about to leave
	default:
		return // an update of the one that is hidden
	}
	m.byKey[next.vm.Key] = next
}

func (m *memory) forget(ref string, old *record) {
	delete(m.byRef, ref)
	switch {
	case old.vm.Key.VM == "":
	case m.byKey[old.vm.Key] != old:
		m.reveal(old.vm.Key)
	default:
		delete(m.byKey, old.vm.Key)
		for _, r := range m.namesakes(old.vm.Key) {
			m.byKey[r.vm.Key] = r
			m.reveal(r.vm.Key)
			return
		}
	}
}

// applyFolder takes the updates of one folder's membership.
func (m *memory) applyFolder(f Folder, updates []types.ObjectUpdate) (e effect) {
	m.mu.Lock()
	defer m.mu.Unlock()
	refs := m.folders[f].refs
	for _, u := range updates {
		ref, in := u.Obj.Value, u.Kind != types.ObjectUpdateKindLeave
		e.list = e.list || refs[ref] != in
		if in {
			refs[ref] = true
		} else {
			delete(refs, ref)
		}
	}
	return e
}

// complete notes that everything known is true as of now. placed is the folders
// whose membership the answer covered.
func (m *memory) complete(now time.Time, placed []Folder) (first bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.answered, m.clock, m.doubted = now, now.Round(0), false
	if m.blind {
		return false
	}
	first = !m.synced
	m.synced = true
	for _, f := range placed {
		if member := m.folders[f]; !member.ready {
			member.ready, member.problem, first = true, "", true
		}
	}
	return first
}

// asks reports whether the VM waits for an answer.
func (m *memory) asks(key inventory.Key) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	r := m.byKey[key]
	return r != nil && r.state.Question
}

// find returns the VM's present managed object reference and name. Until the
// watch has told of every VM, one it has not named is not known to be gone.
func (m *memory) find(key inventory.Key) (types.ManagedObjectReference, string, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	r, several := m.chosen(key)
	switch {
	case r == nil && !m.synced:
		return types.ManagedObjectReference{}, key.VM, fmt.Errorf("%w: no complete answer from it yet", ErrUnavailable)
	case r == nil:
		return types.ManagedObjectReference{}, key.VM, ErrNotFound
	case several:
		return types.ManagedObjectReference{}, r.vm.Name, fmt.Errorf("%w: %w", ErrBusy, errSeveral)
	}
	return types.ManagedObjectReference{Type: "VirtualMachine", Value: r.vm.Ref}, r.vm.Name, nil
}

// keyOf returns the VM with a managed object id; false when it is not known.
func (m *memory) keyOf(ref string) (inventory.Key, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	r := m.byRef[ref]
	if r == nil || r.vm.Key.VM == "" {
		return inventory.Key{}, false
	}
	return r.vm.Key, true
}

// knowsAll reports whether the watch has told of every VM of the present vCenter.
func (m *memory) knowsAll() bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.synced
}

// about returns what Status tells of the memory.
func (m *memory) about() (vcenter string, vms int, answered time.Time) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.vcenter, len(m.byRef), m.answered
}
