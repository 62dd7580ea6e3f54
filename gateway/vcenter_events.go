package gateway

import (
	"errors"
	"fmt"

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

// takeEvents writes the events of one VM, if it has a BMC or had one lately: at
// the start the leases of all are held, and their BMCs come one after the other.
func (g *Gateway) takeEvents(vm inventory.Key, events []vsphere.Event) error {
	if !g.kept(vm) {
		return nil
	}
	log := g.eventLogs().of(vm)
	for _, e := range events {
		if err := log.take(e); err != nil {
			return fmt.Errorf("event log of %s: %w", vm, err)
		}
	}
	return nil
}

// waitsFor reports whether the VM is to get a BMC of this tenant.
func (t *tenant) waitsFor(vm inventory.Key) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, waits := t.waiting[vm]
	return waits
}
