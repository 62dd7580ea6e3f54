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
	err := s.update(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(leaseBucket))
		d, ok := storedDigest(tx)
		if !ok {
			d = digestOf(tx)
		}
		var problems []error
		for _, l := range put {
			key := []byte(l.Address.String())
			value, err := encodeRecord(key, l)
			if err == nil {
				d.add(b.Get(key), -1)
				d.add(value, 1)
				err = b.Put(key, value)
			}
			problems = append(problems, err)
		}
		for _, a := range forget {
			key := []byte(a.String())
			d.add(b.Get(key), -1)
			problems = append(problems, b.Delete(key))
		}
		return errors.Join(append(problems, storeDigest(tx, d))...)
	})
	if s.health.urge(err) != nil {
		return fmt.Errorf("state file %s, %s: write: %w", s.path, leaseBucket, err)
	}
	return nil
}
