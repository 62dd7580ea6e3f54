package admin

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"
)

// ErrNoTenant is for a name that is no tenant's.
var ErrNoTenant = errors.New("no such tenant")

// ErrAction is for an action or a boot device that does not exist.
var ErrAction = errors.New("no such action")

// ErrUnready is for a BMC that waits and cannot carry anything out.
var ErrUnready = errors.New("the BMC is not ready")

// An Order is what an operator wants of one BMC: an action, or a boot device.
type Order struct {
	Action     string `json:"action,omitempty"`     // on, off, cycle, reset, soft, diag
	Boot       string `json:"boot,omitempty"`       // pxe, disk, cdrom, floppy, bios; none: no override
	Persistent bool   `json:"persistent,omitempty"` // of Boot: for all starts, not only the next
}

// BootDevices are the words that Order.Boot may be.
var BootDevices = []string{"pxe", "disk", "cdrom", "floppy", "bios", "none"}

// An Outcome is what became of an order: what was audited.
type Outcome struct {
	Tenant       string  `json:"tenant"`
	Name         string  `json:"name"`
	InstanceUUID string  `json:"instanceUUID"`
	Command      string  `json:"command"`
	Code         string  `json:"code"`   // the completion code that a client would have got, "D5h"
	Result       string  `json:"result"` // "ok", or why not, as in an Event
	Policy       bool    `json:"policy"` // it is the configuration that refused it
	Error        string  `json:"error,omitempty"`
	Operation    string  `json:"operation,omitempty"`
	Task         string  `json:"task,omitempty"`
	TookSeconds  float64 `json:"tookSeconds"`
}

// outcome is the envelope of an Outcome.
type outcome struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Outcome
}

// outcomes is the envelope of several.
type outcomes struct {
	APIVersion string    `json:"apiVersion"`
	Kind       string    `json:"kind"`
	Items      []Outcome `json:"items"`
}

// OutcomeList is the envelope of several outcomes.
func OutcomeList(all []Outcome) any { return outcomes{APIVersion, "OutcomeList", all} }

// A Release is an operator's word that many BMCs of a tenant may be powered off.
type Release struct {
	Tenant     string `json:"tenant"`
	ForSeconds int    `json:"forSeconds"` // how long it holds
	WasHeld    bool   `json:"wasHeld"`    // power-offs were refused until then
}

// released is the envelope of a Release.
type released struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Release
}

// orderWithin is how long vSphere may take to accept or refuse an order; the client
// waits a little longer.
const orderWithin = patience - time.Second

// maxRelease bounds how long a release may hold.
const maxRelease = 24 * time.Hour

func handlePower(mux *http.ServeMux, src Source) {
	mux.HandleFunc("POST /v1/bmcs/{tenant}/{name}/orders", func(w http.ResponseWriter, r *http.Request) {
		var o Order
		if !wanted(w, r, &o) {
			return
		}
		b, err := Find(ofTenant(src.BMCs(), r.PathValue("tenant")), r.PathValue("name"))
		if err != nil {
			refuseFor(w, err)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), orderWithin)
		defer cancel()
		done, err := src.Order(ctx, b, o, callerIn(r.Context()))
		if err != nil {
			refuseFor(w, err)
			return
		}
		reply(w, http.StatusOK, outcome{APIVersion, "Outcome", done})
	})
	mux.HandleFunc("POST /v1/tenants/{tenant}/power/release", func(w http.ResponseWriter, r *http.Request) {
		var release Release
		if !wanted(w, r, &release) {
			return
		}
		d := time.Duration(release.ForSeconds) * time.Second
		if d <= 0 || d > maxRelease {
			refuse(w, http.StatusBadRequest, "forSeconds is not 1 to 86400")
			return
		}
		tenant := r.PathValue("tenant")
		was, err := src.ReleasePower(tenant, d, callerIn(r.Context()))
		if err != nil {
			refuseFor(w, err)
			return
		}
		reply(w, http.StatusOK, released{APIVersion, "Release", Release{Tenant: tenant, ForSeconds: release.ForSeconds, WasHeld: was}})
	})
}

// Order gives an order to the BMC of a tenant with this name, address or UUID, and
// returns what became of it. The error is as for BMCs.
func (c *Client) Order(ctx context.Context, tenant, name string, o Order) (Outcome, error) {
	var done outcome
	err := c.post(ctx, "/v1/bmcs/"+url.PathEscape(tenant)+"/"+url.PathEscape(name)+"/orders", o, &done)
	return done.Outcome, err
}

// ReleasePower lets a tenant's power-offs pass for d, however many. The error is as
// for BMCs.
func (c *Client) ReleasePower(ctx context.Context, tenant string, d time.Duration) (Release, error) {
	var done released
	err := c.post(ctx, "/v1/tenants/"+url.PathEscape(tenant)+"/power/release", Release{ForSeconds: int(d / time.Second)}, &done)
	return done.Release, err
}
