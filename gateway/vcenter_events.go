package gateway

import (
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

// logsAtOnce is how many event logs are written side by side: the state file
// takes them in one write.
const logsAtOnce = 64

var errNotBuilt = errors.New("the state file is not open yet")

var _ vsphere.EventSink = (*eventSink)(nil)

// An eventSink brings vCenter's events to the event logs of their VMs.
type eventSink struct{ g *Gateway }

// EventMark implements vsphere.EventSink.
func (s *eventSink) EventMark(vcenter string) (vsphere.EventMark, bool, error) {
	st := s.g.state()
	if st == nil {
		return vsphere.EventMark{}, false, errNotBuilt
	}
	mark, known, err := st.EventMark(vcenter)
	return vsphere.EventMark(mark), known, err
}

// TakeEvents implements vsphere.EventSink. The mark is written last: what was
// written before it comes again after a crash, and is known then.
func (s *eventSink) TakeEvents(vcenter string, events []vsphere.Event, mark vsphere.EventMark) error {
	st := s.g.state()
	if st == nil {
		return errNotBuilt
	}
	byVM := make(map[inventory.Key][]vsphere.Event)
	for _, e := range events {
		byVM[e.VM] = append(byVM[e.VM], e)
	}
	var all errgroup.Group
	all.SetLimit(logsAtOnce)
	for vm, events := range byVM {
		all.Go(func() error { return s.g.takeEvents(vm, events) })
	}
	if err := all.Wait(); err != nil {
		return err
	}
	return st.PutEventMark(vcenter, store.EventMark(mark))
}

// takeEvents writes the events of one VM, if some tenant serves it.
func (g *Gateway) takeEvents(vm inventory.Key, events []vsphere.Event) error {
	tenants := g.served()
	i := slices.IndexFunc(tenants, func(t *tenant) bool { return t.owns(vm) })
	if i < 0 {
		return nil
	}
	log := tenants[i].eventLog(vm)
	for _, e := range events {
		if err := log.take(e); err != nil {
			return fmt.Errorf("event log of %s: %w", vm, err)
		}
	}
	return nil
}

// owns reports whether the VM has a BMC of this tenant, or is about to get one.
func (t *tenant) owns(vm inventory.Key) bool {
	t.mu.Lock()
	_, ready := t.endpoints[vm]
	_, waits := t.waiting[vm]
	t.mu.Unlock()
	return ready || waits || t.pool.leases(vm, t.config.Name)
}

// eventLog returns the VM's, which outlives its endpoint.
func (t *tenant) eventLog(vm inventory.Key) *eventLog {
	t.mu.Lock()
	defer t.mu.Unlock()
	log, ok := t.logs[vm]
	if !ok {
		var err error
		if log, err = newEventLog(vm, t.store); err != nil {
			t.log.Error("an event log is damaged in part", "vm", vm.VM, "error", err)
		}
		t.logs[vm] = log
	}
	return log
}
