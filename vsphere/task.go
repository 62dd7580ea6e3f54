package vsphere

import (
	"context"
	"fmt"
	"maps"
	"slices"
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
	taskGlance = 2 * time.Second        // between two looks at one that was accepted long ago
)

// A taskObserver looks at all tasks somebody waits for in one call a period, so
// that a storm of a thousand verbs costs ten calls a second and not a thousand
// collectors. With nobody waiting it makes no call and has no goroutine.
type taskObserver struct {
	session *session
	crew    *crew

	mu      sync.Mutex
	waiting map[string]*awaited // by task id
	running bool
}

// An awaited is a task that somebody waits for.
type awaited struct {
	end   chan ending // capacity 1
	looks int         // at it so far
}

// An ending is how a task ended.
type ending struct {
	err    error
	result types.AnyType // nil of most kinds of task
}

// wait is result for a task that has none.
func (o *taskObserver) wait(ctx context.Context, ref types.ManagedObjectReference) (ended bool, err error) {
	end, ended := o.result(ctx, ref)
	return ended, end.err
}

// result returns true and the task's result or fault when it has ended, or false when ctx
// ends first or nobody can tell any more: vCenter has forgotten the task, or Run
// is over.
func (o *taskObserver) result(ctx context.Context, ref types.ManagedObjectReference) (end ending, ended bool) {
	result := make(chan ending, 1)
	o.mu.Lock()
	if o.waiting == nil {
		o.waiting = make(map[string]*awaited)
	}
	o.waiting[ref.Value] = &awaited{end: result}
	if !o.running {
		if o.running = o.crew.launch(o.run); !o.running {
			o.giveUp()
		}
	}
	o.mu.Unlock()
	select {
	case end, ended := <-result:
		return end, ended
	case <-ctx.Done():
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.waiting, ref.Value)
	select {
	case end, ended := <-result: // a refusal that came with the end of ctx is one
		return end, ended
	default:
		return ending{}, false
	}
}

// giveUp lets everybody go. The lock is held.
func (o *taskObserver) giveUp() {
	for id, task := range o.waiting {
		close(task.end)
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

// pending returns some of the tasks waited for, those first that were looked at
// least: in a storm of one tenant a new task of another's is not the last. With
// none, run is over.
func (o *taskObserver) pending() []types.ManagedObjectReference {
	o.mu.Lock()
	defer o.mu.Unlock()
	ids := slices.SortedFunc(maps.Keys(o.waiting), func(a, b string) int { return o.waiting[a].looks - o.waiting[b].looks })
	ids = ids[:min(len(ids), taskBatch)]
	var refs []types.ManagedObjectReference
	for _, id := range ids {
		o.waiting[id].looks++
		refs = append(refs, types.ManagedObjectReference{Type: "Task", Value: id})
	}
	o.running = len(refs) > 0
	return refs
}

func (o *taskObserver) look(ctx context.Context, refs []types.ManagedObjectReference) {
	c, err := o.session.acquire(ctx)
	if err != nil {
		return // they wait on: the task lives without us
	}
	objects, err := readProperties(ctx, c, c.content.PropertyCollector, refs, "info.state", "info.error", "info.result")
	if isExpired(err) {
		o.session.expire(c)
	}
	if f, lost := faultOf(err).(*types.ManagedObjectNotFound); lost {
		o.mu.Lock()
		if task, ok := o.waiting[f.Obj.Value]; ok {
			close(task.end)
			delete(o.waiting, f.Obj.Value)
		}
		o.mu.Unlock()
	}
	for id, props := range objects {
		if ended, err := taskEnd(props); ended {
			o.report(id, ending{err, props["info.result"]})
		}
	}
}

// fault returns what a task has failed with; nil when it has not, when there is no
// such task, and when nobody can tell.
func (o *taskObserver) fault(ctx context.Context, id string) error {
	if id == "" {
		return nil
	}
	c, err := o.session.acquire(ctx)
	if err != nil {
		return nil
	}
	ref := types.ManagedObjectReference{Type: "Task", Value: id}
	objects, err := readProperties(ctx, c, c.content.PropertyCollector, []types.ManagedObjectReference{ref}, "info.state", "info.error")
	if err != nil {
		return nil // the watch finds out about its session by itself
	}
	_, err = taskEnd(objects[id])
	return err
}

func (o *taskObserver) report(id string, end ending) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if task, ok := o.waiting[id]; ok {
		task.end <- end
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
