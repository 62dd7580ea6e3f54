package store

import (
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// A Tenant is what the deletion guard of one tenant must know after a restart.
type Tenant struct {
	Name string `json:"name"`
	// Selection is the selector by which the BMCs were chosen that have a lease now.
	// Another one in the configuration is the operator's word that some may go.
	Selection inventory.Selector `json:"selection"`
	Held      []HeldRemoval      `json:"held,omitempty"`
}

// A HeldRemoval is a BMC whose VM is not selected any more and that goes on
// serving until somebody confirms its removal.
type HeldRemoval struct {
	Key   inventory.Key `json:"key"`
	Since time.Time     `json:"since"`
}

// Tenants returns what is stored of all. When some are damaged it returns the
// others together with an error that names those.
func (s *Store) Tenants() ([]Tenant, error) { return list[Tenant](s, tenantBucket) }

// PutTenant stores a tenant in place of an earlier one and returns when it is
// durable.
func (s *Store) PutTenant(t Tenant) error { return put(s, tenantBucket, t.Name, t) }
