package bmc

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// A slowStore takes no entry before its gate is closed, and counts what is told of lost ones.
type slowStore struct {
	fakeStore
	gate      chan struct{}
	overflows int
}

func (s *slowStore) Append(r ipmi.SELRecord, at time.Time) error {
	<-s.gate
	return s.fakeStore.Append(r, at)
}

func (s *slowStore) Overflowed() error {
	s.overflows++
	return s.fakeStore.Overflowed()
}

func openStore() *slowStore {
	s := &slowStore{gate: make(chan struct{})}
	close(s.gate)
	return s
}

func manyRecords(n int) (all []ipmi.SELRecord) {
	for i := range n {
		all = append(all, testEvent(byte(i)).Record(uint16(i+1), 1))
	}
	return all
}

// TestNotesAreBounded: while the store does not answer, so many events of the BMC's own
// wait, and are written in their order.
func TestNotesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &slowStore{gate: make(chan struct{})}
		r := serve(t, func(c *Config) { c.SEL = store })
		for i := range 1 + 2*maxNotes {
			r.bmc.note(testEvent(byte(i)))
			synctest.Wait() // the first is on its way to the store then
		}
		close(store.gate)
		synctest.Wait()
		log := readLog(t, login(t, r.console(t), user))
		if len(log) != 1+maxNotes {
			t.Errorf("%d entries, want %d", len(log), 1+maxNotes)
		}
		for i, record := range log {
			if e, ok := record.Event(); !ok || e.Data[2] != byte(i) {
				t.Errorf("entry %d is %+v", i, e)
			}
		}
	})
}

// TestLostEntries of a full log are told once to its store, and to nobody as a failure
// of the store.
func TestLostEntries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := openStore()
		store.state.Records = manyRecords(selCapacity)
		var failed []error
		r := serve(t, func(c *Config) {
			c.SEL = store
			c.Events.LogFailed = func(err error) { failed = append(failed, err) }
		})
		for range 3 {
			r.bmc.note(testEvent(1))
			synctest.Wait()
		}
		if store.overflows != 1 || len(failed) != 0 {
			t.Errorf("the store heard of it %d times, want 1; told of %v", store.overflows, failed)
		}
	})
}

func TestOverflowThatIsNotStored(t *testing.T) {
	store := openStore()
	store.state.Records = manyRecords(selCapacity)
	b := newBMC(t, func(c *Config) { c.SEL = store }).bmc
	broken := errors.New("disk is full")
	store.fails(broken)
	if err := b.Log(testEvent(1), time.Now()); !errors.Is(err, ErrLogFull) || !errors.Is(err, broken) {
		t.Errorf("%v, want both", err)
	}
}

func TestFullLogInMemory(t *testing.T) {
	b := newBMC(t, nil).bmc
	logEvents(t, b, selCapacity)
	if err := b.Log(testEvent(1), time.Now()); !errors.Is(err, ErrLogFull) {
		t.Errorf("got %v", err)
	}
}

// TestStoreHasTooMany: those that do not fit are lost entries.
func TestStoreHasTooMany(t *testing.T) {
	for n, overflow := range map[int]bool{selCapacity: false, selCapacity + 1: true} {
		l, err := loadSEL(&fakeStore{state: SELState{Records: manyRecords(n)}})
		if err != nil {
			t.Fatal(err)
		}
		if len(l.state.Records) != selCapacity || l.state.Overflow != overflow {
			t.Errorf("of %d: %d entries, overflow %t, want %d, %t", n, len(l.state.Records), l.state.Overflow, selCapacity, overflow)
		}
	}
}
