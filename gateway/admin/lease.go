package admin

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"
	"time"
)

// ErrRefused is for a change of a lease that the books do not allow.
var ErrRefused = errors.New("refused")

// A Lease is what an address of a pool is good for.
type Lease struct {
	Tenant   string     `json:"tenant,omitempty"` // who had it last
	VM       string     `json:"vm,omitempty"`     // by the name it had when it was last served
	UUID     string     `json:"uuid,omitempty"`   // instance UUID of the VM; empty: it is no VM's any more
	Pool     string     `json:"pool"`
	Address  netip.Addr `json:"address"`
	MAC      string     `json:"mac,omitempty"`
	State    string     `json:"state"`             // in use, held, quarantined, free, reserved, unconfigured
	Until    time.Time  `json:"until,omitzero"`    // when the state ends by itself, if the gateway runs until then; zero: it does not
	Pinned   bool       `json:"pinned"`            // the VM's for ever
	Conflict time.Time  `json:"conflict,omitzero"` // when another host was last seen with the address
}

// A LeaseVerb is what an operator does to a lease.
type LeaseVerb string

// The verbs.
const (
	ReserveLease LeaseVerb = "reserve" // Address is given to nobody
	ReleaseLease LeaseVerb = "release" // the hold, the pin or the reservation of Target ends
	PinLease     LeaseVerb = "pin"     // Target has Address for ever
)

// A LeaseChange is one request of an operator.
type LeaseChange struct {
	Verb    LeaseVerb  `json:"verb"`
	Tenant  string     `json:"tenant"`
	Target  string     `json:"target,omitempty"` // a VM's name or instance UUID; of a release also an address
	Address netip.Addr `json:"address,omitzero"`
}

// leases is the envelope of several leases.
type leases struct {
	APIVersion string  `json:"apiVersion"`
	Kind       string  `json:"kind"`
	Items      []Lease `json:"items"`
}

// LeaseList is the envelope of several leases.
func LeaseList(all []Lease) any {
	if all == nil {
		all = []Lease{} // "items":[] and not null
	}
	return leases{APIVersion, "LeaseList", all}
}

// changeLimit is the most the request of a change has, bytes.
const changeLimit = 4096

func handleLeases(mux *http.ServeMux, src Source) {
	mux.HandleFunc("GET /v1/leases", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, LeaseList(src.Leases()))
	})
	mux.HandleFunc("POST /v1/leases", func(w http.ResponseWriter, r *http.Request) {
		var c LeaseChange
		dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, changeLimit))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&c); err != nil {
			refuse(w, http.StatusBadRequest, err.Error())
			return
		}
		l, err := src.ChangeLease(c, callerIn(r.Context()))
		if err != nil {
			refuseFor(w, err)
			return
		}
		reply(w, http.StatusOK, LeaseList([]Lease{l}))
	})
}
