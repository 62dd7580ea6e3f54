package store

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/inventory"
)

func record(id uint16, what byte) SELRecord {
	return SELRecord{byte(id), byte(id >> 8), 2, 15: what}
}

func wantSEL(t *testing.T, s *Store, k inventory.Key, want SEL) {
	t.Helper()
	got, err := s.SEL(k)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v, event log (-want +got):\n%s", err, diff)
	}
}

func TestSELSurvives(t *testing.T) {
	path := statePath(t)
	s := open(t, path)
	a, b := key("a"), key("b")
	wantSEL(t, s, a, SEL{})

	first, second := EventMark{Key: 7, Time: noon}, EventMark{Key: 9, Time: noon.Add(time.Minute)}
	must(t, s.AppendSEL(a, record(1, 'x'), noon, first))
	must(t, s.AppendSEL(a, record(2, 'y'), noon.Add(time.Second), EventMark{}))
	must(t, s.AppendSEL(b, record(1, 'z'), noon, EventMark{}))
	must(t, s.AppendSEL(a, record(0x1234, 'z'), noon.Add(time.Minute), second))
	must(t, s.DeleteSEL(a, 2, noon.Add(time.Hour)))
	must(t, s.DeleteSEL(a, 99, noon.Add(time.Hour)))
	must(t, s.OverflowSEL(a))
	want := SEL{
		Records:  []SELRecord{record(1, 'x'), record(0x1234, 'z')},
		SELState: SELState{Added: noon.Add(time.Minute), Erased: noon.Add(time.Hour), Overflow: true, Event: second},
	}
	wantSEL(t, s, a, want)
	must(t, s.Close())

	s = open(t, path)
	wantSEL(t, s, a, want)
	must(t, s.ClearSEL(a, noon.Add(2*time.Hour)))
	// The mark stays: what is cleared must not come again.
	wantSEL(t, s, a, SEL{SELState: SELState{Added: want.Added, Erased: noon.Add(2 * time.Hour), Event: second}})
	must(t, s.AppendSEL(a, record(1, 'n'), noon, EventMark{}))
	wantSEL(t, s, b, SEL{Records: []SELRecord{record(1, 'z')}, SELState: SELState{Added: noon}})
	must(t, s.ForgetBMCs(map[inventory.Key]bool{b: true}))
	wantSEL(t, s, a, SEL{})
}

func TestSELIsBounded(t *testing.T) {
	s := open(t, statePath(t))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for n := range maxSEL / 8 {
				if err := s.AppendSEL(key("a"), record(uint16(n), 'x'), noon, EventMark{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	err := s.AppendSEL(key("a"), record(1, 'y'), noon, EventMark{})
	if !errors.Is(err, ErrSELFull) {
		t.Errorf("append to a full log: %v", err)
	}
	must(t, s.DeleteSEL(key("a"), 5, noon))
	must(t, s.AppendSEL(key("a"), record(1, 'y'), noon, EventMark{}))
	must(t, s.ClearSEL(key("a"), noon))
	must(t, s.AppendSEL(key("a"), record(1, 'y'), noon, EventMark{}))
	if log, _ := s.SEL(key("a")); len(log.Records) != 1 {
		t.Errorf("%d records after the log was cleared", len(log.Records))
	}
}

func TestDamagedSELRecord(t *testing.T) {
	path := statePath(t)
	s := open(t, path)
	mark := bytes.Repeat([]byte{0xA5}, 13)
	damaged := SELRecord{2, 0, 2}
	copy(damaged[3:], mark)
	must(t, s.AppendSEL(key("a"), record(1, 'x'), noon, EventMark{}))
	must(t, s.AppendSEL(key("a"), damaged, noon, EventMark{}))
	must(t, s.AppendSEL(key("a"), record(3, 'z'), noon, EventMark{}))
	must(t, s.Close())
	raw, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path, bytes.ReplaceAll(raw, mark, bytes.Repeat([]byte{0xA6}, 13)), 0o600))

	log, err := open(t, path).SEL(key("a"))
	if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "record 2") {
		t.Errorf("error %v, want one that names record 2", err)
	}
	if diff := cmp.Diff([]SELRecord{record(1, 'x'), record(3, 'z')}, log.Records); diff != "" {
		t.Errorf("the others: -want +got:\n%s", diff)
	}
}

func TestEventMarks(t *testing.T) {
	s := open(t, statePath(t))
	if _, known, err := s.EventMark("vc"); known || err != nil {
		t.Errorf("a mark before there was one: %v, %v", known, err)
	}
	must(t, s.PutEventMark("vc", EventMark{Key: 1, Time: noon}))
	want := EventMark{Key: 2, Time: noon.Add(time.Second)}
	must(t, s.PutEventMark("vc", want))
	if got, known, err := s.EventMark("vc"); got != want || !known || err != nil {
		t.Errorf("got %v, %v, %v", got, known, err)
	}
}

func TestBMCs(t *testing.T) {
	s := open(t, statePath(t))
	a := BMC{Key: key("a"), OnTime: 90 * time.Minute, CountedAt: noon, On: true}
	b := BMC{Key: key("b")}
	must(t, s.PutBMCs([]BMC{{Key: key("a")}, b}))
	must(t, s.PutBMCs([]BMC{a}))
	got, err := s.BMCs()
	if diff := cmp.Diff([]BMC{a, b}, got); diff != "" || err != nil {
		t.Errorf("error %v, -want +got:\n%s", err, diff)
	}
	must(t, s.ForgetBMCs(map[inventory.Key]bool{key("a"): true}))
	if got, err := s.BMCs(); len(got) != 1 || err != nil {
		t.Errorf("after forgetting: %v, %v", got, err)
	}
}
