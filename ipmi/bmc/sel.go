package bmc

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

const (
	// selCapacity is how many entries the event log has room for. When it is full,
	// new entries are dropped and the overflow flag tells so (section 31.2).
	selCapacity = 1024
	// maxNotes entries of the BMC's own wait to be written.
	maxNotes = 64
)

// ErrLogFull is what Log returns when the event log has no room.
var ErrLogFull = errors.New("event log is full")

// A SELState is an event log as it is stored. The zero value is an empty log
// that never had an entry.
type SELState struct {
	Records  []ipmi.SELRecord // in the order they were added
	Added    time.Time        // when the latest one was
	Erased   time.Time        // when one or all were deleted last
	Overflow bool             // entries were dropped since
}

// A SELStore keeps the event log of one BMC across restarts. Its methods return
// when the change is on the disk; the BMC calls one at a time, never while a
// packet is handled.
type SELStore interface {
	// Load returns the log as it was left. New calls it once.
	Load() (SELState, error)
	// Append adds a record, whose ID is unique in the log, at the end.
	Append(r ipmi.SELRecord, at time.Time) error
	// Delete removes the record with this ID.
	Delete(id uint16, at time.Time) error
	// Clear removes all records and the overflow flag.
	Clear(at time.Time) error
	// Overflowed sets the overflow flag.
	Overflowed() error
}

// A note is an event of the BMC's own that waits to be written.
type note struct {
	event ipmi.Event
	at    time.Time
}

// A sel is an event log in memory, with what is in it on the disk already.
type sel struct {
	store SELStore // nil: memory only

	// writing is held while the log changes, so that changes reach the store in
	// their order; the packet path never waits for it.
	writing sync.Mutex

	mu          sync.Mutex // of all below
	state       SELState
	reservation reservation
	notes       []note
	draining    bool // somebody writes the notes
}

// loadSEL returns the log that the store has.
func loadSEL(store SELStore) (*sel, error) {
	l := &sel{store: store}
	if store == nil {
		return l, nil
	}
	state, err := store.Load()
	if err != nil {
		return nil, fmt.Errorf("event log: %w", err)
	}
	state.Records = slices.Clone(state.Records)
	if len(state.Records) > selCapacity {
		state.Records = state.Records[:selCapacity]
		state.Overflow = true
	}
	l.state = state
	return l, nil
}

// Log appends an event that happened elsewhere to the event log and returns when
// it is stored. The error is ErrLogFull or the store's; the entry is lost then.
// It may be called from any goroutine, but not from Events, Sensor.Read or a SELStore.
func (b *BMC) Log(e ipmi.Event, at time.Time) error {
	_, err := b.sel.add(e.Record(0, seconds(at)), at)
	return err
}

// note appends an event of the BMC's own to the log, soon: it returns at once
// and may be called while a packet is handled or a command is carried out.
func (b *BMC) note(e ipmi.Event) {
	l := b.sel
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.notes) >= maxNotes {
		return // the store does not answer; its error tells of that
	}
	l.notes = append(l.notes, note{e, time.Now()})
	if !l.draining {
		l.draining = true
		b.carrying.Go(b.writeNotes)
	}
}

// writeNotes writes until there is nothing left.
func (b *BMC) writeNotes() {
	l := b.sel
	for {
		l.mu.Lock()
		notes := l.notes
		l.notes = nil
		l.draining = len(notes) > 0
		l.mu.Unlock()
		if len(notes) == 0 {
			return
		}
		for _, n := range notes {
			if err := b.Log(n.event, n.at); err != nil && !errors.Is(err, ErrLogFull) {
				b.config.Events.LogFailed(err)
			}
		}
	}
}

// add appends a record under a new ID, which it returns.
func (l *sel) add(r ipmi.SELRecord, at time.Time) (uint16, error) {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.mu.Lock()
	full, told := len(l.state.Records) >= selCapacity, l.state.Overflow
	id := l.freeID()
	l.mu.Unlock()
	if full {
		if told {
			return 0, ErrLogFull
		}
		return 0, errors.Join(ErrLogFull, l.overflow())
	}
	r = r.Stamped(id, seconds(at))
	if l.store != nil {
		if err := l.store.Append(r, at); err != nil {
			return 0, fmt.Errorf("event log: append: %w", err)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state.Records = append(l.state.Records, r)
	l.state.Added = at
	l.reservation.cancel()
	return id, nil
}

// overflow remembers that an entry was dropped. writing is held.
func (l *sel) overflow() error {
	l.mu.Lock()
	l.state.Overflow = true
	l.mu.Unlock()
	if l.store == nil {
		return nil
	}
	if err := l.store.Overflowed(); err != nil {
		return fmt.Errorf("event log: overflow: %w", err)
	}
	return nil
}

// freeID returns the ID for the next record: the one after the last, which is
// never 0 or FFFFh, nor that of another record.
func (l *sel) freeID() uint16 {
	var id uint16
	if n := len(l.state.Records); n > 0 {
		id = l.state.Records[n-1].ID()
	}
	for {
		id++
		if id == ipmi.SELFirst || id == ipmi.SELEnd {
			id = 1
		}
		if l.find(id) < 0 {
			return id
		}
	}
}

// find returns the index of the record, or -1. IDs 0 and FFFFh are the first
// and the last one.
func (l *sel) find(id uint16) int {
	switch {
	case len(l.state.Records) == 0:
		return -1
	case id == ipmi.SELFirst:
		return 0
	case id == ipmi.SELEnd:
		return len(l.state.Records) - 1
	}
	return slices.IndexFunc(l.state.Records, func(r ipmi.SELRecord) bool { return r.ID() == id })
}

// remove deletes a record whose place the caller has reserved.
func (l *sel) remove(reservation, id uint16, at time.Time) (uint16, error) {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.mu.Lock()
	valid, i := l.reservation.holds(reservation), l.find(id)
	if i >= 0 {
		id = l.state.Records[i].ID()
	}
	l.mu.Unlock()
	switch {
	case !valid:
		return 0, ipmi.ReservationInvalid
	case i < 0:
		return 0, ipmi.NotPresent
	}
	if l.store != nil {
		if err := l.store.Delete(id, at); err != nil {
			return 0, fmt.Errorf("event log: delete: %w", err)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state.Records = slices.Delete(l.state.Records, i, i+1)
	l.state.Erased = at
	l.reservation.cancel()
	return id, nil
}

// clear deletes all records.
func (l *sel) clear(reservation uint16, at time.Time) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.mu.Lock()
	valid := l.reservation.holds(reservation)
	l.mu.Unlock()
	if !valid {
		return ipmi.ReservationInvalid
	}
	if l.store != nil {
		if err := l.store.Clear(at); err != nil {
			return fmt.Errorf("event log: clear: %w", err)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state = SELState{Added: l.state.Added, Erased: at}
	l.reservation.cancel()
	return nil
}

// unreserve ends a reservation though nothing has changed (section 31.4).
func (l *sel) unreserve() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reservation.cancel()
}

// seconds is the clock of the log: seconds since 1970, UTC.
func seconds(t time.Time) uint32 { return uint32(t.Unix()) }
