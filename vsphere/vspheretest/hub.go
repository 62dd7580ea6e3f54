package vspheretest

import (
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// hub hears of every change in the simulator's registry and tells the property
// collectors which object it was. They compare values themselves, so one word
// too many costs little and all that must never happen is one too few.
//
// The simulator calls it with object locks held: hub.mu is taken last and for
// map operations only.
type hub struct {
	mu         sync.Mutex
	collectors map[*collector]struct{}
	known      map[types.ManagedObjectReference]bool // VMs that were put once
	hidden     map[types.ManagedObjectReference]bool // VMs that are still being made
	gone       map[types.ManagedObjectReference]bool // removed, though not everywhere yet
	blinded    bool                                  // no VM is shown to anybody
	deletions  []types.ManagedObjectReference        // tasks that delete files, since takeDeletions
}

func newHub() *hub {
	return &hub{
		collectors: make(map[*collector]struct{}),
		known:      make(map[types.ManagedObjectReference]bool),
		hidden:     make(map[types.ManagedObjectReference]bool),
		gone:       make(map[types.ManagedObjectReference]bool),
	}
}

// Reference implements mo.Reference; the registry keeps its handlers by it.
func (h *hub) Reference() types.ManagedObjectReference {
	return types.ManagedObjectReference{Type: "vspheretest", Value: "hub"}
}

// PutObject implements simulator.RegisterObject. The simulator puts a VM before
// it has a name or its devices, and goes on filling it in without a lock: such
// a VM is hidden until the task that makes it has ended. A move puts it again.
func (h *hub) PutObject(_ *simulator.Context, obj mo.Reference) {
	ref := obj.Reference()
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.gone, ref)
	if t, ok := obj.(*simulator.Task); ok && t.Info.DescriptionId == "FileManager.deleteDatastoreFile" {
		h.deletions = append(h.deletions, ref)
	}
	if vm, ok := obj.(*simulator.VirtualMachine); ok && !h.known[ref] {
		h.known[ref] = true
		if vm.Name == "" {
			h.hidden[ref] = true
			return
		}
	}
	_, entity := obj.(mo.Entity)
	h.notify(ref, entity)
}

// UpdateObject implements simulator.RegisterObject.
func (h *hub) UpdateObject(_ *simulator.Context, obj mo.Reference, changes []types.PropertyChange) {
	ref := obj.Reference()
	h.mu.Lock()
	defer h.mu.Unlock()
	structure := ref.Type == "ListView"
	for _, c := range changes {
		if made, ok := c.Val.(types.ManagedObjectReference); ok && c.Name == "info.result" && h.hidden[made] {
			delete(h.hidden, made)
			h.notify(made, true)
		}
		structure = structure || c.Name == "parent" || c.Name == "childEntity"
	}
	h.notify(ref, structure)
}

// RemoveObject implements simulator.RegisterObject. It comes before the object
// leaves the registry and its folder, hence gone.
func (h *hub) RemoveObject(_ *simulator.Context, ref types.ManagedObjectReference) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if ref.Type != "Task" {
		h.gone[ref] = true
	}
	delete(h.hidden, ref)
	h.notify(ref, ref.Type != "Task")
}

// takeDeletions returns the tasks that delete files which came since the last call.
func (h *hub) takeDeletions() []types.ManagedObjectReference {
	h.mu.Lock()
	defer h.mu.Unlock()
	taken := h.deletions
	h.deletions = nil
	return taken
}

// touch reports a change of an object's properties.
func (h *hub) touch(ref types.ManagedObjectReference) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.notify(ref, false)
}

// restructure reports that views may have other members now.
func (h *hub) restructure() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.collectors {
		c.mark(types.ManagedObjectReference{}, true)
	}
}

// wakeAll has all waits look whether their session still exists.
func (h *hub) wakeAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.collectors {
		c.poke()
	}
}

func (h *hub) notify(ref types.ManagedObjectReference, structure bool) {
	if h.hidden[ref] {
		return
	}
	for c := range h.collectors {
		c.mark(ref, structure)
	}
}

func (h *hub) isHidden(ref types.ManagedObjectReference) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.hidden[ref]
}

// visible returns the refs that exist for a client.
func (h *hub) visible(refs []types.ManagedObjectReference) []types.ManagedObjectReference {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]types.ManagedObjectReference, 0, len(refs))
	for _, ref := range refs {
		if !h.hidden[ref] && !h.gone[ref] && !(h.blinded && ref.Type == "VirtualMachine") {
			out = append(out, ref)
		}
	}
	return out
}

// blind takes all VMs out of all views, or shows them again.
func (h *hub) blind(on bool) {
	h.mu.Lock()
	h.blinded = on
	h.mu.Unlock()
	h.restructure()
}

// join has a collector told of changes from now on.
func (h *hub) join(c *collector) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.collectors[c] = struct{}{}
}

func (h *hub) leave(c *collector) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.collectors, c)
}

// sweep forgets the collectors of sessions that are gone: nobody can ask them
// for anything any more.
func (h *hub) sweep() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.collectors {
		if !c.v.alive(c.session) {
			delete(h.collectors, c)
		}
	}
}
