package admin

import (
	"context"
	"net/http"
	"net/netip"
	"time"
)

// A Registration is how far a vCenter knows the BMC of one of its hosts.
type Registration string

// The states of a host.
const (
	Registered    Registration = "registered"     // vCenter has this BMC and account
	WouldRegister Registration = "would-register" // vCenter has none
	Drifted       Registration = "drifted"        // vCenter has this BMC and something about it is not right any more
	Elsewhere     Registration = "elsewhere"      // vCenter has another BMC, which is left alone
	Ambiguous     Registration = "ambiguous"      // it is not sure which VM the host is
	NoBMC         Registration = "no-bmc"         // the host is no VM of the tenant, or its BMC does not answer
	Failed        Registration = "failed"         // vCenter refused
	Unregistered  Registration = "unregistered"   // vCenter has forgotten the BMC
)

// RegistrationStates are all states.
var RegistrationStates = []Registration{Registered, WouldRegister, Drifted, Elsewhere, Ambiguous, NoBMC, Failed, Unregistered}

// A RegisteredHost is one host of the vCenter that a tenant registers at.
type RegisteredHost struct {
	Host         string       `json:"host"`
	Ref          string       `json:"ref"`                    // managed object id, "host-42"
	VM           string       `json:"vm,omitempty"`           // which VM it is; empty: not known
	InstanceUUID string       `json:"instanceUUID,omitempty"` // of the VM
	MatchedBy    string       `json:"matchedBy,omitempty"`    // "service tag, network card"
	Address      netip.Addr   `json:"address,omitzero"`       // of the BMC
	MAC          string       `json:"mac,omitempty"`
	Login        string       `json:"login,omitempty"` // the account that was made for vCenter; empty: none yet
	State        Registration `json:"state"`
	Reason       string       `json:"reason,omitempty"`
	RetryAt      time.Time    `json:"retryAt,omitzero"` // when a host that failed is tried again
}

// Registrations is what came of the last look at the hosts of a tenant's vCenter.
type Registrations struct {
	Tenant  string           `json:"tenant"`
	VCenter string           `json:"vcenter"` // by its name in the configuration
	Mode    string           `json:"mode"`    // disabled, dry-run, apply
	DryRun  bool             `json:"dryRun"`  // nothing was changed
	At      time.Time        `json:"at,omitzero"`
	Error   string           `json:"error,omitempty"` // why the hosts could not be looked at; they are as of before
	Hosts   []RegisteredHost `json:"hosts"`
}

// A RegistrationRequest is what an operator asks for.
type RegistrationRequest struct {
	Tenant     string `json:"tenant,omitempty"` // empty: all that register
	DryRun     bool   `json:"dryRun,omitempty"` // say what would be done
	Adopt      bool   `json:"adopt,omitempty"`  // also hosts that have another BMC
	Rotate     bool   `json:"rotate,omitempty"` // with new accounts in place of the present ones
	Unregister bool   `json:"unregister,omitempty"`
}

type registrations struct {
	APIVersion string          `json:"apiVersion"`
	Kind       string          `json:"kind"`
	Items      []Registrations `json:"items"`
}

// RegistrationList is the envelope of the registrations of several tenants.
func RegistrationList(all []Registrations) any {
	if all == nil {
		all = []Registrations{} // "items":[] and not null
	}
	return registrations{APIVersion, "RegistrationList", all}
}

// registrationPatience is how long a request may take: two hosts at a time, and each
// up to a minute when its BMC does not answer.
const registrationPatience = 30 * time.Minute

func handleRegistrations(mux *http.ServeMux, src Source) {
	mux.HandleFunc("GET /v1/registrations", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, RegistrationList(src.Registrations()))
	})
	mux.HandleFunc("POST /v1/registrations", func(w http.ResponseWriter, r *http.Request) {
		var request RegistrationRequest
		if !wanted(w, r, &request) {
			return
		}
		// An error here is of a connection without deadlines, which a unix socket is not.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(registrationPatience))
		done, err := src.RegisterHosts(r.Context(), request, callerIn(r.Context()))
		if err != nil {
			refuseFor(w, err)
			return
		}
		reply(w, http.StatusOK, RegistrationList(done))
	})
}

// Registrations returns what came of the last look at the hosts, by tenant. The error
// is as for BMCs.
func (c *Client) Registrations(ctx context.Context) ([]Registrations, error) {
	var all registrations
	err := c.ask(ctx, http.MethodGet, "/v1/registrations", &all)
	return all.Items, err
}

// RegisterHosts has the daemon register the hosts of one tenant or all, or take that
// back, and returns what came of it. The error is as for ChangeMaintenance.
func (c *Client) RegisterHosts(ctx context.Context, r RegistrationRequest) ([]Registrations, error) {
	slow := *c.http
	slow.Timeout = registrationPatience
	var all registrations
	err := (&Client{path: c.path, http: &slow}).post(ctx, "/v1/registrations", r, &all)
	return all.Items, err
}
