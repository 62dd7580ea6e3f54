package admin

import (
	"net/http"
	"net/netip"
	"time"
)

// A Secret is text that never prints itself; JSON has it as it is.
type Secret string

// String hides the secret.
func (Secret) String() string { return "REDACTED" }

// GoString hides the secret from %#v.
func (Secret) GoString() string { return "REDACTED" }

// A Grant is an account of one BMC for a time.
type Grant struct {
	ID           string         `json:"id"`
	Tenant       string         `json:"tenant"`
	VM           string         `json:"vm"` // by the name it had when access was granted
	InstanceUUID string         `json:"instanceUUID"`
	Address      netip.Addr     `json:"address,omitzero"` // of the BMC; none while it is not served
	Port         uint16         `json:"port"`
	User         string         `json:"user"`
	Password     Secret         `json:"password,omitempty"` // in the answer to the request for it alone
	Privilege    string         `json:"privilege"`
	From         []netip.Prefix `json:"from"` // empty: wherever the tenant's allow_from allows
	Granted      time.Time      `json:"granted"`
	Until        time.Time      `json:"until"`
}

// A GrantRequest is what an operator asks for.
type GrantRequest struct {
	Tenant    string         `json:"tenant"`
	Target    string         `json:"target"`         // a VM's name or instance UUID
	User      string         `json:"user,omitempty"` // empty: one is made up
	Privilege string         `json:"privilege"`
	From      []netip.Prefix `json:"from,omitempty"`
	Seconds   int64          `json:"seconds"`
}

type grantList struct {
	APIVersion string  `json:"apiVersion"`
	Kind       string  `json:"kind"`
	Items      []Grant `json:"items"`
}

type oneGrant struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Grant
}

// GrantList is the envelope of several grants.
func GrantList(all []Grant) any {
	if all == nil {
		all = []Grant{} // "items":[] and not null
	}
	return grantList{APIVersion, "AccessGrantList", all}
}

// SingleGrant is the envelope of a grant.
func SingleGrant(g Grant) any { return oneGrant{APIVersion, "AccessGrant", g} }

func handleAccess(mux *http.ServeMux, src Source) {
	mux.HandleFunc("GET /v1/access", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, GrantList(src.Grants()))
	})
	answer := func(w http.ResponseWriter, g Grant, err error) {
		if err != nil {
			refuseFor(w, err)
			return
		}
		reply(w, http.StatusOK, SingleGrant(g))
	}
	mux.HandleFunc("POST /v1/access", func(w http.ResponseWriter, r *http.Request) {
		var request GrantRequest
		if wanted(w, r, &request) {
			g, err := src.GrantAccess(request, callerIn(r.Context()))
			answer(w, g, err)
		}
	})
	mux.HandleFunc("DELETE /v1/access/{id}", func(w http.ResponseWriter, r *http.Request) {
		g, err := src.RevokeAccess(r.PathValue("id"), callerIn(r.Context()))
		answer(w, g, err)
	})
}
