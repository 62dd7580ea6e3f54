package vspheretest

import (
	"slices"
	"sync"
	"time"

	"github.com/vmware/govmomi/vim25/types"
)

// A Fault is something to go wrong, or just to take long.
type Fault struct {
	Method string // as Calls names it; "" is any
	VM     string // name of the VM, or host, called; "" is any object
	// InTask lets the call succeed and strikes in the task it starts: power
	// verbs, Reset, Suspend, Reconfigure and a host's standby. The task shows as running
	// during Delay and fails with Fault.
	InTask bool
	Fault  types.BaseMethodFault // nil: nothing fails, Delay alone counts
	Status int                   // REST only: the HTTP status answered
	Times  int                   // how often; 0 is until removed
	// Delay comes before the answer, or before the task ends. No lock is held
	// meanwhile: property reads of the VM go on.
	Delay time.Duration
}

// faults are the rules in force, oldest first. The first that matches is used.
type faults struct {
	mu    sync.Mutex
	rules []*rule
}

type rule struct {
	Fault
	left int
}

func (f *faults) take(method, vm string, inTask bool) *Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, r := range f.rules {
		if r.InTask != inTask || r.Method != "" && r.Method != method || r.VM != "" && r.VM != vm {
			continue
		}
		if r.Times > 0 {
			if r.left--; r.left == 0 {
				f.rules = slices.Delete(f.rules, i, i+1)
			}
		}
		return &r.Fault
	}
	return nil
}

// Inject puts a fault in force until it has struck Fault.Times times or remove
// is called. remove may be called more than once.
func (v *VCenter) Inject(f Fault) (remove func()) {
	r := &rule{Fault: f, left: f.Times}
	v.faults.mu.Lock()
	defer v.faults.mu.Unlock()
	v.faults.rules = append(v.faults.rules, r)
	return func() {
		v.faults.mu.Lock()
		defer v.faults.mu.Unlock()
		v.faults.rules = slices.DeleteFunc(v.faults.rules, func(x *rule) bool { return x == r })
	}
}
