package store

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// A BMC is what must survive of one VM's BMC besides its address, its boot
// override and its event log.
type BMC struct {
	Key inventory.Key `json:"key"`
	// OnTime is how long the VM has been on, up to CountedAt; nanoseconds.
	OnTime    time.Duration `json:"on_time"`
	CountedAt time.Time     `json:"counted_at,omitzero"`
	On        bool          `json:"on,omitempty"` // at CountedAt
	// CycleOff is how long a power cycle leaves the VM off; nil: as configured.
	CycleOff *time.Duration `json:"cycle_off,omitempty"`
}

// BMCs returns what is stored of all. When some are damaged it returns the others
// together with an error that names those.
func (s *Store) BMCs() ([]BMC, error) { return list[BMC](s, bmcBucket) }

// PutBMCs stores several, each in place of an earlier one, and returns when all
// are durable. They cost one write.
func (s *Store) PutBMCs(bmcs []BMC) error {
	err := s.update(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(bmcBucket))
		for _, one := range bmcs {
			key := []byte(one.Key.String())
			value, err := encodeRecord(key, one)
			if err != nil {
				return err
			}
			if err := b.Put(key, value); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("state file %s, %s: write: %w", s.path, bmcBucket, err)
	}
	return nil
}

// ForgetBMCs removes what is stored of VMs other than those to keep, event logs
// too, and returns when that is durable.
func (s *Store) ForgetBMCs(keep map[inventory.Key]bool) error {
	names := make(map[string]bool, len(keep))
	for k := range keep {
		names[k.String()] = true
	}
	err := s.update(func(tx *bbolt.Tx) error {
		records, logs := tx.Bucket([]byte(bmcBucket)), tx.Bucket([]byte(selBucket))
		var problems []error
		for _, key := range unwanted(records, names) {
			problems = append(problems, records.Delete(key))
		}
		for _, key := range unwanted(logs, names) {
			problems = append(problems, logs.DeleteBucket(key))
		}
		return errors.Join(problems...)
	})
	if err != nil {
		return fmt.Errorf("state file %s: forgetting: %w", s.path, err)
	}
	return nil
}

func unwanted(b *bbolt.Bucket, wanted map[string]bool) (keys [][]byte) {
	c := b.Cursor()
	for key, _ := c.First(); key != nil; key, _ = c.Next() {
		if !wanted[string(key)] {
			keys = append(keys, bytes.Clone(key))
		}
	}
	return keys
}
