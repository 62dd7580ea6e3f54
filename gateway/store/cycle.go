package store

import (
	"time"

	"go.etcd.io/bbolt"

	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// A Cycle is a power cycle that has been begun and not ended: the VM is off, or
// about to be, and is to be started again.
type Cycle struct {
	Key   inventory.Key `json:"key"`
	Begun time.Time     `json:"begun"`
	Off   bool          `json:"off,omitempty"` // the VM was seen off
	Flags [5]byte       `json:"flags"`         // boot flags that held for its start; zero: none
}

// Cycles returns the power cycles that have not ended. When some are damaged it
// returns the others together with an error that names those.
func (s *Store) Cycles() ([]Cycle, error) { return list[Cycle](s, cycleBucket) }

// PutCycle stores the power cycle of a VM in place of an earlier one and returns
// when it is durable. Many at once, as of a storm, share a write.
func (s *Store) PutCycle(c Cycle) error {
	key := c.Key.String()
	value, err := encodeRecord([]byte(key), c)
	if err == nil {
		err = s.batch(func(tx *bbolt.Tx) error {
			return tx.Bucket([]byte(cycleBucket)).Put([]byte(key), value)
		})
	}
	if err != nil {
		return s.recordError(cycleBucket, key, "write", err)
	}
	return nil
}

// DeleteCycle forgets the power cycle of a VM and returns when that is durable. It
// is no error when there is none.
func (s *Store) DeleteCycle(k inventory.Key) error {
	key := k.String()
	err := s.batch(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte(cycleBucket)).Delete([]byte(key))
	})
	if err != nil {
		return s.recordError(cycleBucket, key, "delete", err)
	}
	return nil
}
