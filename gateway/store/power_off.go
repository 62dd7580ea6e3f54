package store

import (
	"time"

	"go.etcd.io/bbolt"

	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// A PowerOff is a VM of a tenant that was powered off or restarted a moment ago, or,
// with the zero Key, that too many were, so that further ones are refused.
type PowerOff struct {
	Tenant string        `json:"tenant"`
	Key    inventory.Key `json:"key,omitzero"`
	At     time.Time     `json:"at"`
	Tried  time.Time     `json:"tried,omitzero"` // with the zero Key: the last attempt that was refused, or one shortly before it
}

func (p PowerOff) record() string { return p.Tenant + "/" + p.Key.String() }

// PowerOffs returns all. When some are damaged it returns the others together with an
// error that names those.
func (s *Store) PowerOffs() ([]PowerOff, error) { return list[PowerOff](s, powerOffBucket) }

// ChangePowerOffs stores some in place of earlier ones of the same tenant and VM,
// forgets others, and returns when that is durable. What is forgotten need not be there.
func (s *Store) ChangePowerOffs(put, forget []PowerOff) error {
	err := s.update(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(powerOffBucket))
		for _, p := range forget {
			if err := b.Delete([]byte(p.record())); err != nil {
				return err
			}
		}
		for _, p := range put {
			value, err := encodeRecord([]byte(p.record()), p)
			if err != nil {
				return err
			}
			if err := b.Put([]byte(p.record()), value); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return s.recordError(powerOffBucket, "", "write", err)
	}
	return nil
}
