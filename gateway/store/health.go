package store

import (
	"os"
	"sync"
	"time"

	"go.etcd.io/bbolt"
)

// A Health is how the state file is doing.
type Health struct {
	Size     int64     // of the file, bytes; 0: not known
	Failure  string    // why the last write failed; empty: it did not
	CopiedAt time.Time // when a copy was last made in this run; zero: not yet
	CopyFail string    // why the last copy failed; empty: it did not
	Failures uint64    // writes and copies that failed in this run
}

// health collects what becomes of writes and copies.
type health struct {
	mu      sync.Mutex
	now     Health
	urgent  uint64 // changes so far that the copy is to have soon: of leases, grants and maintenance
	covered uint64 // of those, what the copy has
}

// urge notes a change that the copy is to have soon, unless it failed.
func (h *health) urge(err error) error {
	if err == nil {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.urgent++
	}
	return err
}

// Health returns how the file is doing.
func (s *Store) Health() Health {
	s.health.mu.Lock()
	h := s.health.now
	s.health.mu.Unlock()
	if info, err := os.Stat(s.path); err == nil {
		h.Size = info.Size()
	}
	return h
}

// update changes the file and notes whether that worked: with a full disk the
// gateway goes on, and says so.
func (s *Store) update(do func(*bbolt.Tx) error) error { return s.health.written(s.db.Update(do)) }

// batch is update for changes that may share one write with others.
func (s *Store) batch(do func(*bbolt.Tx) error) error { return s.health.written(s.db.Batch(do)) }

func (h *health) written(err error) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now.Failure = ""
	if err != nil && err != ErrSELFull {
		h.now.Failure = err.Error()
		h.now.Failures++
	}
	return err
}
