package store

import (
	"net/netip"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// A Secret is text that never prints itself. In the state file it is as it is.
type Secret string

// String hides the secret.
func (Secret) String() string { return "REDACTED" }

// GoString hides the secret from %#v.
func (Secret) GoString() string { return "REDACTED" }

// A Grant is an account of one BMC for a time, or of a vCenter for as long as it has
// it. The password is kept as it is, for a BMC has to know it to let anybody in
// (section 13.31 of IPMI 2.0).
type Grant struct {
	ID        string         `json:"id"`
	Tenant    string         `json:"tenant"`
	Key       inventory.Key  `json:"key"`
	VM        string         `json:"vm"` // its name then
	User      string         `json:"user"`
	Password  Secret         `json:"password"`
	Privilege string         `json:"privilege"`      // as ipmi.Privilege spells it
	From      []netip.Prefix `json:"from,omitempty"` // empty: wherever the tenant allows
	Granted   time.Time      `json:"granted"`
	Until     time.Time      `json:"until"` // of one with a registration zero: it does not end by itself

	Registration *Registration `json:"registration,omitempty"` // nil: somebody's for a time
}

// A Registration is the vCenter that wakes a host with a grant.
type Registration struct {
	VCenter string    `json:"vcenter"`       // by its name in the configuration
	Told    time.Time `json:"told,omitzero"` // when it took the account; zero: it has not
}

// Grants returns all. When some are damaged it returns the others together with an
// error that names those.
func (s *Store) Grants() ([]Grant, error) { return list[Grant](s, grantBucket) }

// PutGrant stores a grant and returns when it is durable.
func (s *Store) PutGrant(g Grant) error { return s.health.urge(put(s, grantBucket, g.ID, g)) }

// DeleteGrants forgets grants and returns when that is durable and no page of the
// file has their passwords any more. One that is not there is no error.
func (s *Store) DeleteGrants(ids ...string) error {
	return s.health.urge(removeSecrets(s, grantBucket, ids))
}
