package store

import (
	"errors"
	"fmt"
	"net/netip"

	"go.etcd.io/bbolt"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
)

// Leases returns the leases, in use and released, and the addresses that are
// reserved or quarantined. When some are damaged it returns the others together
// with an error that names those.
func (s *Store) Leases() ([]address.Lease, error) {
	return list[address.Lease](s, leaseBucket)
}

// ChangeLeases stores some leases and forgets those of other addresses, all or
// none, and returns when that is durable. There is one lease for each address:
// that of an earlier owner is replaced in the same moment, so that no crash leaves
// an address with two VMs, or a VM without the address it moves to.
func (s *Store) ChangeLeases(put []address.Lease, forget []netip.Addr) error {
	for _, l := range put {
		if !l.Address.IsValid() {
			return fmt.Errorf("state file %s, lease of vm %s: has no address", s.path, l.Key)
		}
	}
	err := s.db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(leaseBucket))
		var problems []error
		for _, l := range put {
			key := []byte(l.Address.String())
			value, err := encodeRecord(key, l)
			if err == nil {
				err = b.Put(key, value)
			}
			problems = append(problems, err)
		}
		for _, a := range forget {
			problems = append(problems, b.Delete([]byte(a.String())))
		}
		return errors.Join(problems...)
	})
	if err != nil {
		return fmt.Errorf("state file %s, %s: write: %w", s.path, leaseBucket, err)
	}
	return nil
}
