package admin

import (
	"errors"
	"net/netip"
	"time"
)

// ErrNoRemovals is for a tenant that holds no removal, or that is none.
var ErrNoRemovals = errors.New("no removal is held")

// ErrChanged is for a set of held removals that is not the present one.
var ErrChanged = errors.New("what is held has changed, look again")

// Removals is the set of BMCs of one tenant whose removal is held: too many VMs
// were not selected any more at once, so they serve on until an operator
// confirms it, the VMs are back, or the hold has passed.
type Removals struct {
	Tenant string    `json:"tenant"`
	ID     string    `json:"id"` // of exactly this set; a confirmation names it
	Of     int       `json:"of"` // how many BMCs the tenant has, with these
	BMCs   []Removal `json:"bmcs"`
}

// A Removal is one BMC whose removal is held.
type Removal struct {
	Name         string     `json:"name"`
	InstanceUUID string     `json:"instanceUUID"`
	Address      netip.Addr `json:"address"`
	Reason       string     `json:"reason"` // why it is not wanted any more
	Since        time.Time  `json:"since"`
	Until        time.Time  `json:"until,omitzero"` // when the hold has passed; zero: never
	Confirmed    bool       `json:"confirmed"`      // goes with the next answer of vCenter
}

// A Confirmation is the answer to one: how many BMCs will go.
type Confirmation struct {
	Tenant    string `json:"tenant"`
	ID        string `json:"id"`
	Confirmed int    `json:"confirmed"`
}
