package store

import (
	"fmt"
	"net/netip"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
)

// Leases returns the leases, in use and released. When some are damaged it
// returns the others together with an error that names those.
func (s *Store) Leases() ([]address.Lease, error) {
	return list[address.Lease](s, leaseBucket)
}

// PutLease stores a lease and returns when it is durable. There is one lease for
// each address: that of an earlier owner is replaced in the same moment, so that
// no crash leaves an address with two VMs.
func (s *Store) PutLease(l address.Lease) error {
	if !l.Address.IsValid() {
		return fmt.Errorf("state file %s, lease of vm %s: has no address", s.path, l.Key)
	}
	return put(s, leaseBucket, l.Address.String(), l)
}

// DeleteLease forgets the lease of an address and returns when that is durable.
// It is no error when there is none.
func (s *Store) DeleteLease(a netip.Addr) error {
	return remove(s, leaseBucket, a.String())
}
