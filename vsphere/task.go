package vsphere

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/vmware/govmomi/task"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

const (
	taskFirst  = 20 * time.Millisecond  // from a task's acceptance to the first look at it
	taskPeriod = 100 * time.Millisecond // between two looks
	taskBatch  = 100                    // tasks in one look
)

// A taskObserver looks at all tasks somebody waits for in one call a period, so
// that a storm of a thousand verbs costs ten calls a second and not a thousand
// collectors. With nobody waiting it makes no call and has no goroutine.
type taskObserver struct {
	session *session
	crew    *crew

	mu      sync.Mutex
	waiting map[string]chan error // by task id; capacity 1
	running bool
}

// wait returns true and the task's fault when it has ended, or false when ctx
// ends first or nobody can tell any more: vCenter has forgotten the task, or Run
// is over.
func (o *taskObserver) wait(ctx context.Context, ref types.ManagedObjectReference) (ended bool, err error) {
	result := make(chan error, 1)
	o.mu.Lock()
	if o.waiting == nil {
		o.waiting = make(map[string]chan error)
	}
	o.waiting[ref.Value] = result
	if !o.running {
		if o.running = o.crew.launch(o.run); !o.running {
			o.giveUp()
		}
	}
	o.mu.Unlock()
	select {
	case err, ended := <-result:
		return ended, err
	case <-ctx.Done():
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.waiting, ref.Value)
	select {
	case err, ended := <-result: // a refusal that came with the end of ctx is one
		return ended, err
	default:
		return false, nil
	}
}

// giveUp lets everybody go. The lock is held.
func (o *taskObserver) giveUp() {
	for id, ch := range o.waiting {
		close(ch)
		delete(o.waiting, id)
	}
}

func (o *taskObserver) run(ctx context.Context) {
	for d := taskFirst; ctx.Err() == nil; d = taskPeriod {
		pause(ctx, d)
		refs := o.pending()
		if len(refs) == 0 {
			return
		}
		o.look(ctx, refs)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.running = false
	o.giveUp()
}

// pending returns some of the tasks waited for; with none, run is over.
func (o *taskObserver) pending() []types.ManagedObjectReference {
	o.mu.Lock()
	defer o.mu.Unlock()
	var refs []types.ManagedObjectReference
	for id := range o.waiting {
		if refs = append(refs, types.ManagedObjectReference{Type: "Task", Value: id}); len(refs) == taskBatch {
			break
		}
	}
	o.running = len(refs) > 0
	return refs
}

func (o *taskObserver) look(ctx context.Context, refs []types.ManagedObjectReference) {
	c, err := o.session.acquire(ctx)
	if err != nil {
		return // they wait on: the task lives without us
	}
	objects, err := readProperties(ctx, c, c.content.PropertyCollector, refs, "info.state", "info.error")
	if isExpired(err) {
		o.session.expire(c)
	}
	if f, lost := faultOf(err).(*types.ManagedObjectNotFound); lost {
		o.mu.Lock()
		if ch, ok := o.waiting[f.Obj.Value]; ok {
			close(ch)
			delete(o.waiting, f.Obj.Value)
		}
		o.mu.Unlock()
	}
	for id, props := range objects {
		if ended, err := taskEnd(props); ended {
			o.report(id, err)
		}
	}
}

func (o *taskObserver) report(id string, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if ch, ok := o.waiting[id]; ok {
		ch <- err
		delete(o.waiting, id)
	}
}

func taskEnd(props map[string]types.AnyType) (ended bool, err error) {
	switch state, _ := props["info.state"].(types.TaskInfoState); state {
	case types.TaskInfoStateSuccess:
		return true, nil
	case types.TaskInfoStateError:
		fault, _ := props["info.error"].(types.LocalizedMethodFault)
		if fault.Fault == nil {
			return true, fmt.Errorf("%w: the task ended in an error without a fault: %s", ErrFailed, fault.LocalizedMessage)
		}
		return true, task.Error{LocalizedMethodFault: &fault}
	default:
		return false, nil
	}
}

// readProperties reads some properties of objects of one type, by object id and
// path. What an object does not have is left out.
func readProperties(ctx context.Context, rt soap.RoundTripper, collector types.ManagedObjectReference,
	refs []types.ManagedObjectReference, paths ...string,
) (map[string]map[string]types.AnyType, error) {
	all := false
	spec := types.PropertyFilterSpec{PropSet: []types.PropertySpec{{Type: refs[0].Type, All: &all, PathSet: paths}}}
	for _, ref := range refs {
		spec.ObjectSet = append(spec.ObjectSet, types.ObjectSpec{Obj: ref})
	}
	res, err := methods.RetrievePropertiesEx(ctx, rt, &types.RetrievePropertiesEx{This: collector, SpecSet: []types.PropertyFilterSpec{spec}})
	if err != nil || res.Returnval == nil {
		return nil, err
	}
	objects := byRef(res.Returnval.Objects)
	if res.Returnval.Token != "" {
		// A page is enough: what is left out is asked for again.
		_, err = methods.CancelRetrievePropertiesEx(ctx, rt, &types.CancelRetrievePropertiesEx{This: collector, Token: res.Returnval.Token})
	}
	return objects, err
}
