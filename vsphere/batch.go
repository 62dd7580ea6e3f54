package vsphere

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

const (
	batchEnd   = 2 * time.Minute  // how long a batch may take to say what became of each VM
	aloneAgain = 10 * time.Minute // how long VMs of a datacenter are started one by one after a batch was no good
	mostPlaces = 10000            // folders whose datacenter is remembered: some of them may be gone
)

// A startable is a VM that may be started together with others.
type startable struct {
	key    inventory.Key
	vm     types.ManagedObjectReference
	folder place
}

// A place is a folder of one vCenter, by its instance UUID and managed object id.
type place struct{ vcenter, folder string }

// An outcome is what a batch made of one VM.
type outcome struct {
	task  *types.ManagedObjectReference // that starts the VM; nil when vCenter names none
	err   error
	alone bool // the batch did nothing for it: it is to be started by itself
}

// hear waits for what the batch made of the VM.
func (t *ticket) hear(ctx context.Context) outcome {
	select {
	case o := <-t.outcome:
		return o
	case <-ctx.Done():
		return outcome{err: ctx.Err()}
	}
}

// datacenters is which datacenter a folder is in, which never changes, and which of
// them start VMs one by one.
type datacenters struct {
	mu    sync.Mutex
	of    map[place]types.ManagedObjectReference
	alone map[types.ManagedObjectReference]time.Time // until when
}

func newDatacenters() *datacenters {
	return &datacenters{of: make(map[place]types.ManagedObjectReference), alone: make(map[types.ManagedObjectReference]time.Time)}
}

func (d *datacenters) find(p place) (dc types.ManagedObjectReference, known bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	dc, known = d.of[p]
	return dc, known
}

func (d *datacenters) note(p place, dc types.ManagedObjectReference) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.of) >= mostPlaces {
		clear(d.of)
	}
	d.of[p] = dc
}

// oneByOne says that batches are no good in the datacenter for a while.
func (d *datacenters) oneByOne(dc types.ManagedObjectReference) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.alone[dc] = time.Now().Add(aloneAgain)
}

func (d *datacenters) isAlone(dc types.ManagedObjectReference) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return time.Now().Before(d.alone[dc])
}

// startable returns what can be started with others, or nil when the VM is to be
// started by itself.
func (v *VCenter) startable(key inventory.Key, vm types.ManagedObjectReference) *startable {
	facts, err := v.memory.factsOf(key)
	if err != nil || facts.parent == "" {
		return nil
	}
	s := &startable{key: key, vm: vm, folder: place{key.VCenter, facts.parent}}
	if dc, known := v.places.find(s.folder); known && v.places.isAlone(dc) {
		return nil
	}
	return s
}

// sendBatch implements the dispatcher's batch.
func (v *VCenter) sendBatch(tickets []*ticket) bool {
	return v.crew.launch(func(ctx context.Context) { v.startMany(ctx, tickets) })
}

// startMany makes one call for the VMs of each datacenter, mostly one in all, and
// then tells every ticket its VM's outcome.
func (v *VCenter) startMany(ctx context.Context, tickets []*ticket) {
	by := tickets[0].by
	for _, t := range tickets {
		if by.IsZero() || !t.by.IsZero() && t.by.Before(by) {
			by = t.by
		}
	}
	var following sync.WaitGroup
	for dc, together := range v.byDatacenter(ctx, by, tickets) {
		following.Go(v.startTogether(ctx, by, dc, together))
	}
	v.dispatcher.leave()
	following.Wait()
}

// byDatacenter sorts tickets by the datacenter of their VM. Where that cannot be
// told in time, or batches are no good, they go alone.
func (v *VCenter) byDatacenter(ctx context.Context, by time.Time, tickets []*ticket) map[types.ManagedObjectReference][]*ticket {
	if !by.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, by)
		defer cancel()
	}
	sorted := make(map[types.ManagedObjectReference][]*ticket)
	for _, t := range tickets {
		dc, err := v.datacenter(ctx, t.vm.folder)
		if err != nil || v.places.isAlone(dc) {
			t.outcome <- outcome{alone: true}
			continue
		}
		sorted[dc] = append(sorted[dc], t)
	}
	return sorted
}

// datacenter returns the datacenter that a folder is in. vCenter is asked once.
func (v *VCenter) datacenter(ctx context.Context, p place) (types.ManagedObjectReference, error) {
	if dc, known := v.places.find(p); known {
		return dc, nil
	}
	objects, _, err := v.readAncestors(ctx, types.ManagedObjectReference{Type: "Folder", Value: p.folder})
	if err != nil {
		return types.ManagedObjectReference{}, err
	}
	at := slices.IndexFunc(objects, func(o types.ObjectContent) bool { return o.Obj.Type == "Datacenter" })
	if at < 0 {
		return types.ManagedObjectReference{}, fmt.Errorf("%w: no datacenter above it", ErrNotFound)
	}
	v.places.note(p, objects[at].Obj)
	return objects[at].Obj, nil
}

// startTogether makes the call and returns what then waits for its end.
func (v *VCenter) startTogether(ctx context.Context, by time.Time, dc types.ManagedObjectReference, together []*ticket) (follow func()) {
	first := together[0]
	call := &ticket{command: first.command, by: by}
	req := &types.PowerOnMultiVM_Task{This: dc}
	for _, t := range together {
		req.Vm = append(req.Vm, t.vm.vm)
		call.others = append(call.others, t.command)
		t.command.carrier.Store(&first.command.id)
	}
	res, err := methods.PowerOnMultiVM_Task(first.command.In(ctx), v.operations.sending(first.vm.key.VCenter, call), req)
	if err == nil {
		return func() { v.follow(ctx, dc, res.Returnval, together) }
	}
	return func() { v.tell(dc, together, err, nil) }
}

// follow waits until vCenter has said what became of each VM.
func (v *VCenter) follow(ctx context.Context, dc, task types.ManagedObjectReference, together []*ticket) {
	ctx, cancel := context.WithTimeout(ctx, batchEnd)
	defer cancel()
	end, ended := v.tasks.result(ctx, task)
	result, told := end.result.(types.ClusterPowerOnVmResult)
	switch {
	case !ended:
		end.err = fmt.Errorf("%w: the start of %d virtual machines was lost from sight", ErrFailed, len(together))
	case end.err == nil && !told:
		end.err = fmt.Errorf("%w: vCenter does not say what became of it", ErrFailed)
	}
	v.tell(dc, together, end.err, &result)
}

// tell gives every ticket its outcome.
func (v *VCenter) tell(dc types.ManagedObjectReference, together []*ticket, err error, result *types.ClusterPowerOnVmResult) {
	noBatches := isUnsupported(err)
	if noBatches || err == nil && len(result.Recommendations) > 0 {
		v.places.oneByOne(dc)
	}
	now := time.Now()
	for _, t := range together {
		switch {
		case noBatches, errors.Is(err, errTooLate) && !t.expired(now): // it was too late for another
			t.outcome <- outcome{alone: true}
		case err != nil:
			t.outcome <- outcome{err: err}
		default:
			t.outcome <- outcomeOf(t.vm.vm, result)
		}
	}
}

// outcomeOf finds a VM in the result of a batch. One that vCenter only recommends to
// start, because DRS is set to manual, starts when it is asked for by itself.
func outcomeOf(vm types.ManagedObjectReference, result *types.ClusterPowerOnVmResult) outcome {
	for _, a := range result.Attempted {
		if a.Vm == vm {
			return outcome{task: a.Task}
		}
	}
	for _, n := range result.NotAttempted {
		if n.Vm == vm {
			return outcome{err: notAttempted(n.Fault)}
		}
	}
	if len(result.Recommendations) > 0 {
		return outcome{alone: true}
	}
	return outcome{err: fmt.Errorf("%w: vCenter left it out of a start of several", ErrFailed)}
}

func notAttempted(f types.LocalizedMethodFault) error {
	if f.Fault == nil {
		return fmt.Errorf("%w: %s", ErrFailed, f.LocalizedMessage)
	}
	return soap.WrapVimFault(f.Fault)
}

// isUnsupported reports whether the vCenter, or the lone host, has no batches.
func isUnsupported(err error) bool {
	switch faultOf(err).(type) {
	case *types.MethodNotFound, *types.NotImplemented, *types.NotSupported:
		return true
	default:
		return errors.Is(err, ErrUnsupported)
	}
}
