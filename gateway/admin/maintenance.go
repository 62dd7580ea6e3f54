package admin

import (
	"net/http"
	"time"
)

// A Maintenance is a tenant, or a VM of it, whose BMC answers what reads and
// refuses what changes something, or does not answer at all.
type Maintenance struct {
	Tenant       string    `json:"tenant"`
	VM           string    `json:"vm,omitempty"`           // empty: all of the tenant
	InstanceUUID string    `json:"instanceUUID,omitempty"` // of the VM
	Silent       bool      `json:"silent"`                 // it does not answer at all
	Reason       string    `json:"reason,omitempty"`
	Since        time.Time `json:"since"`
	Until        time.Time `json:"until,omitzero"` // zero: until somebody ends it
}

// A MaintenanceChange is one request of an operator.
type MaintenanceChange struct {
	On      bool   `json:"on"`
	Tenant  string `json:"tenant"`
	Target  string `json:"target,omitempty"` // a VM's name or instance UUID; empty: all of the tenant
	Silent  bool   `json:"silent,omitempty"`
	Reason  string `json:"reason,omitempty"`
	Seconds int64  `json:"seconds,omitempty"` // how long; 0: until somebody ends it
}

type maintenances struct {
	APIVersion string        `json:"apiVersion"`
	Kind       string        `json:"kind"`
	Items      []Maintenance `json:"items"`
}

// MaintenanceList is the envelope of what is in maintenance.
func MaintenanceList(all []Maintenance) any {
	if all == nil {
		all = []Maintenance{} // "items":[] and not null
	}
	return maintenances{APIVersion, "MaintenanceList", all}
}

func handleMaintenance(mux *http.ServeMux, src Source) {
	mux.HandleFunc("GET /v1/maintenance", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, MaintenanceList(src.Maintenance()))
	})
	mux.HandleFunc("POST /v1/maintenance", func(w http.ResponseWriter, r *http.Request) {
		var c MaintenanceChange
		if !wanted(w, r, &c) {
			return
		}
		m, err := src.ChangeMaintenance(c, callerIn(r.Context()))
		if err != nil {
			refuseFor(w, err)
			return
		}
		reply(w, http.StatusOK, MaintenanceList([]Maintenance{m}))
	})
}
