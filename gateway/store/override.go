package store

import (
	"encoding/json"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// A BootOverride is what somebody asked for with Set System Boot Options, and
// what has to be put back when it was for one boot only. One exists for each VM
// whose boot flags are set or whose boot configuration is changed by us.
type BootOverride struct {
	Key    inventory.Key `json:"key"`
	Tenant string        `json:"tenant"`
	Flags  [5]byte       `json:"flags"`          // IPMI boot flags, data 1 to 5 of parameter 5, as set
	Until  time.Time     `json:"until,omitzero"` // when the flags stop being valid; zero: never
	// Original is the VM's own boot configuration as it was before we changed it;
	// nil when nothing was changed. From the moment it is stored, the VM may have
	// been changed: after a crash nobody knows, so it is put back or changed again.
	Original json.RawMessage `json:"original,omitempty"`
	// Written: persistent flags are in the VM's configuration and stay there.
	Written bool `json:"written,omitempty"`
	// StartedAt is when the VM was last started, or about to be, with the changed
	// configuration.
	StartedAt time.Time `json:"started_at,omitzero"`
	// Starting: a start with flags for one boot was ordered, and it is not known
	// whether it happened. If it did, the flags are spent.
	Starting bool `json:"starting,omitempty"`
}

// Overrides returns the boot overrides. When some are damaged it returns the
// others together with an error that names those.
func (s *Store) Overrides() ([]BootOverride, error) {
	return list[BootOverride](s, overrideBucket)
}

// PutOverride stores the boot override of a VM in place of an earlier one and
// returns when it is durable.
func (s *Store) PutOverride(o BootOverride) error {
	return put(s, overrideBucket, o.Key.String(), o)
}

// DeleteOverride forgets the boot override of a VM and returns when that is
// durable. It is no error when there is none.
func (s *Store) DeleteOverride(k inventory.Key) error {
	return remove(s, overrideBucket, k.String())
}
