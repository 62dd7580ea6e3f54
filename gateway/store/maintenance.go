package store

import (
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// A Maintenance is a tenant, or one VM of it, that an operator has put into
// maintenance.
type Maintenance struct {
	Tenant string        `json:"tenant"`
	Key    inventory.Key `json:"key,omitzero"` // zero: all BMCs of the tenant
	VM     string        `json:"vm,omitempty"` // its name then
	Silent bool          `json:"silent,omitempty"`
	Reason string        `json:"reason,omitempty"`
	Since  time.Time     `json:"since"`
	Until  time.Time     `json:"until,omitzero"` // zero: until somebody ends it
}

func (m Maintenance) record() string { return m.Tenant + "/" + m.Key.String() }

// Maintenances returns all. When some are damaged it returns the others together
// with an error that names those.
func (s *Store) Maintenances() ([]Maintenance, error) {
	return list[Maintenance](s, maintenanceBucket)
}

// PutMaintenance stores one in place of an earlier one of the same tenant and VM,
// and returns when it is durable.
func (s *Store) PutMaintenance(m Maintenance) error {
	return s.health.urge(put(s, maintenanceBucket, m.record(), m))
}

// DeleteMaintenance forgets the one of this tenant and VM and returns when that is
// durable.
func (s *Store) DeleteMaintenance(m Maintenance) error {
	return s.health.urge(remove(s, maintenanceBucket, m.record()))
}
