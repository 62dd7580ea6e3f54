package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// A SELRecord is one entry of a system event log as IPMI has it, table 32-1. Its
// first two bytes are its ID, little endian.
type SELRecord [16]byte

// id returns the record's ID.
func (r SELRecord) id() uint16 { return binary.LittleEndian.Uint16(r[:]) }

// maxSEL is how many records a log has in the file: nobody lets one grow
// without end.
const maxSEL = 4096

// ErrSELFull says that a log has as many records as the file keeps.
var ErrSELFull = errors.New("event log is full")

// A SEL is the system event log of one VM.
type SEL struct {
	Records []SELRecord // in the order they were added
	SELState
}

// SELState is what is known of a log besides its records.
type SELState struct {
	Added    time.Time `json:"added,omitzero"`  // when the latest record was
	Erased   time.Time `json:"erased,omitzero"` // when one or all were deleted last
	Overflow bool      `json:"overflow,omitempty"`
	// Event is the last event of vCenter that is in the log, or was.
	Event EventMark `json:"event,omitzero"`
}

// stateKey, in the bucket of a VM, has its SELState. It sorts behind all records.
var stateKey = []byte("state")

// SEL returns the log of a VM; one that never had a record is empty. When some
// records are damaged it returns the others together with an error that names
// those.
func (s *Store) SEL(k inventory.Key) (SEL, error) {
	var log SEL
	var problems []error
	err := s.view(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(selBucket)).Bucket([]byte(k.String()))
		if b == nil {
			return nil
		}
		var err error
		if log.SELState, err = selState(b); err != nil {
			problems = append(problems, s.selError(k, "state", err))
		}
		return b.ForEach(func(key, value []byte) error {
			if len(key) != 8 {
				return nil
			}
			record, err := decodeSEL(key, value)
			if err != nil {
				problems = append(problems, s.selError(k, fmt.Sprintf("record %d", binary.BigEndian.Uint64(key)), err))
				return nil
			}
			log.Records = append(log.Records, record)
			return nil
		})
	})
	if err != nil {
		problems = append(problems, s.selError(k, "read", err))
	}
	return log, errors.Join(problems...)
}

// AppendSEL adds a record to the log of a VM and returns when that is durable.
// event is the event of vCenter it tells of; the zero value is none. The two are
// on the disk together or not at all. Several at once, of different VMs, cost
// little more than one.
func (s *Store) AppendSEL(k inventory.Key, r SELRecord, at time.Time, event EventMark) error {
	err := s.batch(func(tx *bbolt.Tx) error {
		b, err := tx.Bucket([]byte(selBucket)).CreateBucketIfNotExists([]byte(k.String()))
		if err != nil {
			return err
		}
		if count(b) >= maxSEL {
			return ErrSELFull
		}
		n, err := b.NextSequence()
		if err != nil {
			return err
		}
		key := binary.BigEndian.AppendUint64(nil, n)
		if err := b.Put(key, encodeSEL(key, r)); err != nil {
			return err
		}
		return change(b, func(state *SELState) {
			state.Added = at
			if event != (EventMark{}) {
				state.Event = event
			}
		})
	})
	return s.selError(k, "append", err)
}

// DeleteSEL removes the record with an ID and returns when that is durable. It is
// no error when there is none.
func (s *Store) DeleteSEL(k inventory.Key, id uint16, at time.Time) error {
	return s.selError(k, "delete", s.updateSEL(k, func(b *bbolt.Bucket) error {
		c := b.Cursor()
		for key, value := c.First(); key != nil; key, value = c.Next() {
			if len(key) != 8 {
				continue
			}
			if r, err := decodeSEL(key, value); err != nil || r.id() != id {
				continue
			}
			if err := c.Delete(); err != nil {
				return err
			}
			break
		}
		return change(b, func(state *SELState) { state.Erased = at })
	}))
}

// ClearSEL removes all records of a VM and the overflow, and returns when that is
// durable. Which events of vCenter were in the log is kept: they must not come
// again.
func (s *Store) ClearSEL(k inventory.Key, at time.Time) error {
	return s.selError(k, "clear", s.updateSEL(k, func(b *bbolt.Bucket) error {
		var keys [][]byte
		_ = b.ForEach(func(key, _ []byte) error {
			if len(key) == 8 {
				keys = append(keys, bytes.Clone(key))
			}
			return nil
		})
		for _, key := range keys {
			if err := b.Delete(key); err != nil {
				return err
			}
		}
		return change(b, func(state *SELState) { state.Erased, state.Overflow = at, false })
	}))
}

// OverflowSEL notes that records of a VM were dropped, and returns when that is
// durable.
func (s *Store) OverflowSEL(k inventory.Key) error {
	return s.selError(k, "overflow", s.updateSEL(k, func(b *bbolt.Bucket) error {
		return change(b, func(state *SELState) { state.Overflow = true })
	}))
}

func (s *Store) updateSEL(k inventory.Key, do func(*bbolt.Bucket) error) error {
	return s.update(func(tx *bbolt.Tx) error {
		b, err := tx.Bucket([]byte(selBucket)).CreateBucketIfNotExists([]byte(k.String()))
		if err != nil {
			return err
		}
		return do(b)
	})
}

func (s *Store) selError(k inventory.Key, what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("state file %s, event log of %s: %s: %w", s.path, k, what, err)
}

// selState reads the state; of a log without one it is empty.
func selState(b *bbolt.Bucket) (state SELState, err error) {
	if value := b.Get(stateKey); value != nil {
		err = decodeRecord(stateKey, value, &state)
	}
	return state, err
}

// change writes the state anew. One that is damaged is replaced.
func change(b *bbolt.Bucket, how func(*SELState)) error {
	state, err := selState(b)
	if err != nil && !errors.Is(err, ErrDamaged) {
		return err
	}
	how(&state)
	value, err := encodeRecord(stateKey, state)
	if err != nil {
		return err
	}
	return b.Put(stateKey, value)
}

// count returns how many records a log may have. They are counted only when their
// numbers are far enough apart for too many.
func count(b *bbolt.Bucket) uint64 {
	first, _ := b.Cursor().First()
	if len(first) != 8 {
		return 0
	}
	if span := b.Sequence() - binary.BigEndian.Uint64(first) + 1; span < maxSEL {
		return span
	}
	var n uint64
	c := b.Cursor()
	for key, _ := c.First(); len(key) == 8; key, _ = c.Next() {
		n++
	}
	return n
}

// encodeSEL puts the checksum in front of a record, as encodeRecord does, and
// leaves it in its 16 bytes.
func encodeSEL(key []byte, r SELRecord) []byte {
	value := binary.BigEndian.AppendUint32(make([]byte, 0, checksumSize+len(r)), checksum(key, r[:]))
	return append(value, r[:]...)
}

func decodeSEL(key, value []byte) (SELRecord, error) {
	if len(value) != checksumSize+len(SELRecord{}) {
		return SELRecord{}, fmt.Errorf("%w: %d bytes are no record", ErrDamaged, len(value))
	}
	r := SELRecord(value[checksumSize:])
	if want, got := binary.BigEndian.Uint32(value), checksum(key, r[:]); want != got {
		return SELRecord{}, fmt.Errorf("%w: checksum %08x, recorded as %08x", ErrDamaged, got, want)
	}
	return r, nil
}
