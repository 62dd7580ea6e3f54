package bmc

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
)

const (
	cmdSELInfo   = 0x40
	cmdReserve   = 0x42
	cmdGetEntry  = 0x43
	cmdAddEntry  = 0x44
	cmdDelEntry  = 0x46
	cmdClearSEL  = 0x47
	startErasure = "CLR\xAA"
)

// A fakeStore is a SELStore in memory that can fail.
type fakeStore struct {
	mu    sync.Mutex
	state SELState
	err   error
}

func (s *fakeStore) change(f func()) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	f()
	return nil
}

func (s *fakeStore) Load() (state SELState, err error) {
	err = s.change(func() { state = s.state })
	return state, err
}

func (s *fakeStore) Append(r ipmi.SELRecord, at time.Time) error {
	return s.change(func() { s.state.Records, s.state.Added = append(s.state.Records, r), at })
}

func (s *fakeStore) Delete(id uint16, at time.Time) error {
	return s.change(func() {
		s.state.Records = slices.DeleteFunc(s.state.Records, func(r ipmi.SELRecord) bool { return r.ID() == id })
		s.state.Erased = at
	})
}

func (s *fakeStore) Clear(at time.Time) error {
	return s.change(func() { s.state = SELState{Added: s.state.Added, Erased: at} })
}

func (s *fakeStore) Overflowed() error {
	return s.change(func() { s.state.Overflow = true })
}

func (s *fakeStore) fails(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// testEvent is told apart by its last byte of event data.
func testEvent(n byte) ipmi.Event {
	return ownEvent(3, ipmi.SensorACPIState, 0, nothingMore, n)
}

func logEvents(t *testing.T, b *BMC, n int) {
	t.Helper()
	for i := range n {
		if err := b.Log(testEvent(byte(i)), time.Now()); err != nil {
			t.Fatal(err)
		}
	}
}

func selInfo(t *testing.T, s *remote.Session) ipmi.SELInfo {
	t.Helper()
	info, err := ipmi.ParseSELInfo(command(t, s, ipmi.NetFnStorage, cmdSELInfo, nil, ipmi.Completed).Data)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// reserve returns a reservation as it stands in requests.
func reserve(t *testing.T, s *remote.Session) []byte {
	t.Helper()
	id := command(t, s, ipmi.NetFnStorage, cmdReserve, nil, ipmi.Completed).Data
	if len(id) != 2 || id[0] == 0 && id[1] == 0 {
		t.Fatalf("reservation % x", id)
	}
	return bytes.Clone(id)
}

// entry reads a whole record and the ID of the next.
func entry(t *testing.T, s *remote.Session, id uint16) (ipmi.SELRecord, uint16) {
	t.Helper()
	data := command(t, s, ipmi.NetFnStorage, cmdGetEntry, []byte{0, 0, byte(id), byte(id >> 8), 0, 0xFF}, ipmi.Completed).Data
	if len(data) != 2+ipmi.SELRecordSize {
		t.Fatalf("%d bytes of an entry", len(data))
	}
	return ipmi.SELRecord(data[2:]), binary.LittleEndian.Uint16(data)
}

// readLog follows the chain from the first to the last record, as clients do.
func readLog(t *testing.T, s *remote.Session) []ipmi.SELRecord {
	t.Helper()
	var log []ipmi.SELRecord
	if selInfo(t, s).Records == 0 {
		return nil
	}
	for id := uint16(ipmi.SELFirst); ; {
		r, next := entry(t, s, id)
		log = append(log, r)
		if next == ipmi.SELEnd {
			return log
		}
		id = next
	}
}

func delete4(reservation []byte, id uint16) []byte {
	return binary.LittleEndian.AppendUint16(bytes.Clone(reservation), id)
}

func clearData(reservation []byte) []byte { return append(bytes.Clone(reservation), startErasure...) }

// TestReadLog: first, last, by ID and in parts.
func TestReadLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		s := login(t, r.console(t), user)
		logEvents(t, r.bmc, 3)
		var want []ipmi.SELRecord
		for i := range 3 {
			want = append(want, testEvent(byte(i)).Record(uint16(i+1), seconds(time.Now())))
		}
		if diff := cmp.Diff(want, readLog(t, s)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if last, next := entry(t, s, ipmi.SELEnd); last != want[2] || next != ipmi.SELEnd {
			t.Errorf("the last one is % x, followed by %d", last, next)
		}
		info := selInfo(t, s)
		if want := (ipmi.SELInfo{
			Records: 3, Free: (selCapacity - 3) * 16, Added: seconds(time.Now()), Erased: ipmi.NoTime, Operations: 0x0B,
		}); info != want {
			t.Errorf("got %+v, want %+v", info, want)
		}
		get := func(reservation []byte, offset, count byte, code ipmi.CompletionCode) []byte {
			return command(t, s, ipmi.NetFnStorage, cmdGetEntry, append(bytes.Clone(reservation), 2, 0, offset, count), code).Data
		}
		id := reserve(t, s)
		if got := get(id, 10, 3, ipmi.Completed); !bytes.Equal(got, append([]byte{3, 0}, want[1][10:13]...)) {
			t.Errorf("part: % x", got)
		}
		get([]byte{0, 0}, 10, 3, ipmi.ReservationInvalid)
		get(id, 16, 1, ipmi.OutOfRange)
		logEvents(t, r.bmc, 1) // whatever is added cancels it
		get(id, 10, 3, ipmi.ReservationInvalid)
		get([]byte{0, 0}, 0, 5, ipmi.Completed)
		command(t, s, ipmi.NetFnStorage, cmdGetEntry, []byte{0, 0, 9, 0, 0, 0xFF}, ipmi.NotPresent)
	})
}

func TestAddEntry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		s := login(t, r.console(t), operator)
		time.Sleep(30 * time.Second)
		event := testEvent(1).Record(0x7777, 5)
		vendor := ipmi.SELRecord{2: 0xE0, 3: 1, 15: 2}
		for i, record := range []ipmi.SELRecord{event, vendor} {
			got := command(t, s, ipmi.NetFnStorage, cmdAddEntry, record[:], ipmi.Completed).Data
			if !bytes.Equal(got, []byte{byte(i + 1), 0}) {
				t.Errorf("ID % x", got)
			}
		}
		want := []ipmi.SELRecord{event.Stamped(1, seconds(time.Now())), vendor.Stamped(2, 0)}
		if diff := cmp.Diff(want, readLog(t, s)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		reserved := ipmi.SELRecord{2: 0x03}
		command(t, s, ipmi.NetFnStorage, cmdAddEntry, reserved[:], ipmi.RecordTypeUnsupported)
		command(t, s, ipmi.NetFnStorage, cmdAddEntry, event[:15], ipmi.InvalidLength)

		command(t, s, ipmi.NetFnSensor, 0x02, []byte{4, 1, 0x30, 1, 9}, ipmi.Completed)
		last, _ := entry(t, s, ipmi.SELEnd)
		if e, ok := last.Event(); !ok || e.Generator != 0x1081 || e.Data != [3]byte{9, 0xFF, 0xFF} {
			t.Errorf("platform event %+v", e)
		}
	})
}

// TestAddOnce: a copy of a request, which every client sends when an answer was
// lost, adds nothing and is answered alike.
func TestAddOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		s := login(t, r.console(t), operator)
		record := testEvent(1).Record(0, 0)
		for range 3 {
			if got := command(t, s, ipmi.NetFnStorage, cmdAddEntry, record[:], ipmi.Completed).Data; !bytes.Equal(got, []byte{1, 0}) {
				t.Errorf("ID % x", got)
			}
		}
		if n := len(readLog(t, s)); n != 1 {
			t.Errorf("%d entries", n)
		}
	})
}

func TestDeleteEntry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &fakeStore{}
		r := serve(t, func(c *Config) { c.SEL = store })
		s := login(t, r.console(t), operator)
		logEvents(t, r.bmc, 4)
		del := func(id []byte, record uint16, code ipmi.CompletionCode) []byte {
			return command(t, s, ipmi.NetFnStorage, cmdDelEntry, delete4(id, record), code).Data
		}
		id := reserve(t, s)
		if got := del(id, 2, ipmi.Completed); !bytes.Equal(got, []byte{2, 0}) {
			t.Errorf("deleted % x", got)
		}
		del(id, 3, ipmi.ReservationInvalid) // it ended with the first
		del([]byte{0, 0}, 3, ipmi.ReservationInvalid)
		del(reserve(t, s), 2, ipmi.NotPresent)
		if got := del(reserve(t, s), ipmi.SELFirst, ipmi.Completed); !bytes.Equal(got, []byte{1, 0}) {
			t.Errorf("deleted % x as the first", got)
		}
		if got := del(reserve(t, s), ipmi.SELEnd, ipmi.Completed); !bytes.Equal(got, []byte{4, 0}) {
			t.Errorf("deleted % x as the last", got)
		}
		old := reserve(t, s)
		reserve(t, s) // another client's
		del(old, 3, ipmi.ReservationInvalid)
		got := readLog(t, s)
		if len(got) != 1 || got[0].ID() != 3 || selInfo(t, s).Erased != seconds(time.Now()) {
			t.Errorf("left % x, %+v", got, selInfo(t, s))
		}
		if diff := cmp.Diff(got, store.state.Records); diff != "" {
			t.Errorf("stored (-log +store):\n%s", diff)
		}
		logEvents(t, r.bmc, 1)
		if last, _ := entry(t, s, ipmi.SELEnd); last.ID() != 4 {
			t.Errorf("the next ID is %d", last.ID())
		}
	})
}

func TestClearLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &fakeStore{}
		r := serve(t, func(c *Config) { c.SEL = store })
		s := login(t, r.console(t), operator)
		logEvents(t, r.bmc, 3)
		id := reserve(t, s)
		clear := func(data []byte, code ipmi.CompletionCode) {
			t.Helper()
			got := command(t, s, ipmi.NetFnStorage, cmdClearSEL, data, code).Data
			if code == ipmi.Completed && !bytes.Equal(got, []byte{ipmi.ErasureCompleted}) {
				t.Errorf("progress % x", got)
			}
		}
		clear(append(bytes.Clone(id), "CLX\xAA"...), ipmi.InvalidField)
		clear(clearData([]byte{9, 9}), ipmi.ReservationInvalid)
		clear(clearData(id), ipmi.Completed)
		clear(clearData(id), ipmi.Completed) // a copy
		clear(append(bytes.Clone(id), "CLR\x00"...), ipmi.Completed)
		synctest.Wait()
		got := readLog(t, s)
		want := ownEvent(sourceLog, ipmi.SensorEventLog, logClearedOffset, nothingMore, nothingMore).Record(1, seconds(time.Now()))
		if diff := cmp.Diff([]ipmi.SELRecord{want}, got); diff != "" {
			t.Errorf("a cleared log tells so, and no more (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(got, store.state.Records); diff != "" {
			t.Errorf("stored (-log +store):\n%s", diff)
		}
	})
}

// TestFullLog: new entries are dropped, the flag tells so until the log is
// cleared, also after a restart.
func TestFullLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &fakeStore{}
		keep := func(c *Config) { c.SEL = store }
		r := serve(t, keep)
		s := login(t, r.console(t), operator)
		logEvents(t, r.bmc, selCapacity)
		if info := selInfo(t, s); info.Overflow || info.Free != 0 || info.Records != selCapacity {
			t.Errorf("full: %+v", info)
		}
		for range 2 {
			if err := r.bmc.Log(testEvent(9), time.Now()); !errors.Is(err, ErrLogFull) {
				t.Errorf("got error %v", err)
			}
		}
		record := testEvent(9).Record(0, 0)
		command(t, s, ipmi.NetFnStorage, cmdAddEntry, record[:], ipmi.OutOfSpace)
		if info := selInfo(t, s); !info.Overflow || info.Records != selCapacity {
			t.Errorf("overflown: %+v", info)
		}
		if first, _ := entry(t, s, ipmi.SELFirst); first.ID() != 1 {
			t.Errorf("the first one is %d now", first.ID())
		}
		restarted := newBMC(t, keep).bmc
		if diff := cmp.Diff(r.bmc.sel.state, restarted.sel.state); diff != "" {
			t.Errorf("after a restart (-before +after):\n%s", diff)
		}
		id := reserve(t, s)
		command(t, s, ipmi.NetFnStorage, cmdDelEntry, delete4(id, 1), ipmi.Completed)
		logEvents(t, r.bmc, 1)
		if last, _ := entry(t, s, ipmi.SELEnd); last.ID() != selCapacity+1 || !selInfo(t, s).Overflow {
			t.Errorf("the flag went, or ID %d was used again", last.ID())
		}
		command(t, s, ipmi.NetFnStorage, cmdClearSEL, clearData(reserve(t, s)), ipmi.Completed)
		synctest.Wait()
		if info := selInfo(t, s); info.Overflow || info.Records != 1 || store.state.Overflow {
			t.Errorf("cleared: %+v", info)
		}
	})
}

// TestIDsWrap: an ID is nobody else's, and not one of the two that are no ID.
func TestIDsWrap(t *testing.T) {
	store := &fakeStore{state: SELState{Records: []ipmi.SELRecord{
		testEvent(1).Record(1, 1), testEvent(2).Record(0xFFFD, 1),
	}}}
	b := newBMC(t, func(c *Config) { c.SEL = store }).bmc
	logEvents(t, b, 2)
	var got []uint16
	for _, r := range store.state.Records {
		got = append(got, r.ID())
	}
	if want := []uint16{1, 0xFFFD, 0xFFFE, 2}; !slices.Equal(got, want) {
		t.Errorf("IDs %x, want %x", got, want)
	}
}
