package gateway

import (
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

// selCapacity is how many entries a log gets while no BMC is there to say so: as
// many as the BMC has room for.
const selCapacity = 1024

// An eventLog is the system event log of one VM. It outlives the VM's BMC: what
// vCenter tells while there is none is written to the state file, where the next
// BMC finds it. Each of vCenter's events is in it once, because the event's mark
// is on the disk together with the record.
type eventLog struct {
	key   inventory.Key
	store *store.Store

	mu   sync.Mutex // held while an event is written, and while a BMC loads the log
	mark vsphere.EventMark
	bmc  *bmc.BMC // nil: none has loaded the log

	writing sync.Mutex
	event   ipmi.SELRecord // that a BMC is about to write, less its ID
	eventAt store.EventMark
}

// eventLogs are the event logs of all VMs.
type eventLogs struct {
	store *store.Store
	log   *slog.Logger

	mu   sync.Mutex
	byVM map[inventory.Key]*eventLog
}

func newEventLogs(st *store.Store, log *slog.Logger) *eventLogs {
	return &eventLogs{store: st, log: log, byVM: make(map[inventory.Key]*eventLog)}
}

// of returns the VM's, with what an earlier run left of it. One that is damaged
// is without what cannot be read.
func (ls *eventLogs) of(vm inventory.Key) *eventLog {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	l, ok := ls.byVM[vm]
	if !ok {
		before, err := ls.store.SEL(vm)
		if err != nil {
			ls.log.Error("an event log is damaged in part", "vm", vm.VM, "error", err)
		}
		l = &eventLog{key: vm, store: ls.store, mark: vsphere.EventMark(before.Event)}
		ls.byVM[vm] = l
	}
	return l
}

// forget lets go of the logs of VMs that are not kept. Their BMCs are gone, and so is
// what would ask for the log again.
func (ls *eventLogs) forget(kept func(inventory.Key) bool) {
	ls.mu.Lock()
	var gone []inventory.Key
	for vm := range ls.byVM {
		gone = append(gone, vm)
	}
	ls.mu.Unlock()
	gone = slices.DeleteFunc(gone, kept) // which takes locks of its own
	ls.mu.Lock()
	defer ls.mu.Unlock()
	for _, vm := range gone {
		if l := ls.byVM[vm]; l.idle() {
			delete(ls.byVM, vm)
		}
	}
}

// idle reports whether nobody writes to the log.
func (l *eventLog) idle() bool {
	if !l.mu.TryLock() {
		return false
	}
	defer l.mu.Unlock()
	return l.bmc == nil
}

// attach makes a BMC that owns the log until detach. A second BMC of the same VM,
// which two tenants can have, gets none: its log is its own, and in memory.
func (l *eventLog) attach(make func(bmc.SELStore) (*bmc.BMC, error)) (b *bmc.BMC, detach func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.bmc != nil {
		b, err = make(nil)
		return b, func() {}, err
	}
	if b, err = make((*selStore)(l)); err != nil {
		return nil, nil, err
	}
	l.bmc = b
	return b, l.detach, nil
}

// detach says that the BMC writes nothing any more.
func (l *eventLog) detach() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bmc = nil
}

// take writes one of vCenter's events, unless it is in the log already. An event
// that the log has no room for is dropped, which the log's overflow tells of.
func (l *eventLog) take(e vsphere.Event) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mark.Covers(e.Mark) {
		return nil
	}
	event, ok := selEvent(e.Kind)
	if !ok {
		return nil
	}
	write := l.append
	if l.bmc != nil {
		write = l.log
	}
	if err := write(event, e.Mark); err != nil {
		return err
	}
	l.mark = l.mark.Next(e.Mark)
	return nil
}

// log has the BMC write the event.
func (l *eventLog) log(event ipmi.Event, mark vsphere.EventMark) error {
	l.expect(event.Record(0, uint32(mark.Time.Unix())), store.EventMark(l.mark.Next(mark)))
	defer l.expect(ipmi.SELRecord{}, store.EventMark{})
	if err := l.bmc.Log(event, mark.Time); !errors.Is(err, bmc.ErrLogFull) {
		return err
	}
	return nil
}

// expect says which record is the event's: the BMC may write its own in between.
func (l *eventLog) expect(r ipmi.SELRecord, mark store.EventMark) {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.event, l.eventAt = r, mark
}

// markOf returns the mark of the event that a record tells of; zero for others.
func (l *eventLog) markOf(r ipmi.SELRecord) store.EventMark {
	l.writing.Lock()
	defer l.writing.Unlock()
	if r.Stamped(0, r.Time()) == l.event {
		return l.eventAt
	}
	return store.EventMark{}
}

// append writes the event to the state file, there being no BMC.
func (l *eventLog) append(event ipmi.Event, mark vsphere.EventMark) error {
	log, err := l.store.SEL(l.key)
	if err != nil && !errors.Is(err, store.ErrDamaged) {
		return err
	}
	if len(log.Records) >= selCapacity {
		return l.store.OverflowSEL(l.key)
	}
	r := event.Record(freeID(log.Records), uint32(mark.Time.Unix()))
	return l.store.AppendSEL(l.key, store.SELRecord(r), mark.Time, store.EventMark(l.mark.Next(mark)))
}

// freeID returns the ID for the next record, which is none of the others', nor
// one of the two that stand for the first and the last.
func freeID(records []store.SELRecord) uint16 {
	var id uint16
	if n := len(records); n > 0 {
		id = ipmi.SELRecord(records[n-1]).ID()
	}
	for {
		id++
		taken := slices.ContainsFunc(records, func(r store.SELRecord) bool { return ipmi.SELRecord(r).ID() == id })
		if id != ipmi.SELFirst && id != ipmi.SELEnd && !taken {
			return id
		}
	}
}

// A selStore is the log as its BMC sees it.
type selStore eventLog

var _ bmc.SELStore = (*selStore)(nil)

// Load implements bmc.SELStore. What is damaged was reported when the log was
// taken up, and is no reason to be without a BMC.
func (s *selStore) Load() (bmc.SELState, error) {
	log, err := s.store.SEL(s.key)
	if err != nil && !errors.Is(err, store.ErrDamaged) {
		return bmc.SELState{}, err
	}
	state := bmc.SELState{Added: log.Added, Erased: log.Erased, Overflow: log.Overflow}
	for _, r := range log.Records {
		state.Records = append(state.Records, ipmi.SELRecord(r))
	}
	return state, nil
}

// Append implements bmc.SELStore.
func (s *selStore) Append(r ipmi.SELRecord, at time.Time) error {
	return s.store.AppendSEL(s.key, store.SELRecord(r), at, (*eventLog)(s).markOf(r))
}

// Delete implements bmc.SELStore.
func (s *selStore) Delete(id uint16, at time.Time) error { return s.store.DeleteSEL(s.key, id, at) }

// Clear implements bmc.SELStore.
func (s *selStore) Clear(at time.Time) error { return s.store.ClearSEL(s.key, at) }

// Overflowed implements bmc.SELStore.
func (s *selStore) Overflowed() error { return s.store.OverflowSEL(s.key) }
