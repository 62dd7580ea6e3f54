package store

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// A BootOverride is what somebody asked for with Set System Boot Options, and
// what has to be put back when it was for one boot only. One exists for each VM
// whose boot flags are set or whose boot configuration is changed by us.
type BootOverride struct {
	Key   inventory.Key `json:"key"`
	Flags [5]byte       `json:"flags"`          // IPMI boot flags, data 1 to 5 of parameter 5, as set
	Until time.Time     `json:"until,omitzero"` // when the flags stop being valid; zero: never
	// Original is the VM's own boot configuration as it was before we changed it;
	// nil when nothing was changed yet.
	Original json.RawMessage `json:"original,omitempty"`
	Phase    Phase           `json:"phase"`
	SetAt    time.Time       `json:"set_at"`
}

// A Phase tells how far a boot override has come.
type Phase uint8

// The phases of a boot override. The zero value is none of them.
const (
	// PhaseSet: the flags are stored, the VM is as it was.
	PhaseSet Phase = iota + 1
	// PhaseDirty: Original is stored and the VM may have been changed. After a
	// crash nobody knows, so the original is put back or the change is made again.
	PhaseDirty
	// PhaseApplied: the VM is changed, as far as vCenter said.
	PhaseApplied
)

var phaseNames = map[Phase]string{PhaseSet: "set", PhaseDirty: "dirty", PhaseApplied: "applied"}

// String returns the phase in lower case.
func (p Phase) String() string {
	if name, ok := phaseNames[p]; ok {
		return name
	}
	return fmt.Sprintf("phase %d", uint8(p))
}

// MarshalText implements encoding.TextMarshaler. A phase without a name is an
// error, so that none is stored.
func (p Phase) MarshalText() ([]byte, error) {
	name, ok := phaseNames[p]
	if !ok {
		return nil, fmt.Errorf("boot override: %s is not one of set, dirty and applied", p)
	}
	return []byte(name), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *Phase) UnmarshalText(text []byte) error {
	for phase, name := range phaseNames {
		if name == string(text) {
			*p = phase
			return nil
		}
	}
	return fmt.Errorf("boot override: phase %q is not one of set, dirty and applied", text)
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
