package admin

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"time"
)

// A Detail is a BMC with what it remembers and reads. A BMC that waits has none of it.
type Detail struct {
	BMC
	Commands []Command  `json:"commands"` // recent ones, newest first
	SEL      []SELEntry `json:"sel"`      // the latest entries of the event log, newest first
	SELTotal int        `json:"selTotal"` // how many the event log has
	Sensors  []Sensor   `json:"sensors"`  // in the order of their records
}

// A Command is one that the BMC answered lately in a session, or several equal ones: of
// the same account and source and with the same result. One that changes something is
// equal only to the one before it, so that the order of those can be told.
type Command struct {
	Time    time.Time  `json:"time"`             // of the last one
	Times   int        `json:"times"`            // how many
	Command string     `json:"command"`          // its name, as in the list of IPMI commands; "unknown": not in it
	Detail  string     `json:"detail,omitempty"` // what a chassis command asked for: "off"
	NetFn   int        `json:"netFn"`
	Cmd     int        `json:"cmd"`
	Account string     `json:"account,omitempty"` // empty: somebody at the admin socket
	From    netip.Addr `json:"from,omitzero"`
	Code    string     `json:"code"`    // the completion code, "D5h"
	Result  string     `json:"result"`  // as in an Event
	Changes bool       `json:"changes"` // it is one that may change something
}

// A SELEntry is an entry of the event log.
type SELEntry struct {
	ID         int       `json:"id"`
	Time       time.Time `json:"time,omitzero"`        // zero: its kind has none
	Sensor     string    `json:"sensor,omitempty"`     // name; "#42" for one that is not the BMC's
	SensorType string    `json:"sensorType,omitempty"` // "ACPI Power State"; empty: not an event of a sensor
	Text       string    `json:"text"`                 // what happened, in words
	Direction  string    `json:"direction,omitempty"`  // asserted, deasserted
}

// A Sensor is what can be read of a BMC, and what it reads now.
type Sensor struct {
	Name      string `json:"name"`
	Number    int    `json:"number"`
	Type      string `json:"type"` // "Processor"
	Available bool   `json:"available"`
	// Reading is a number; nil: it is not available, or the sensor reads states.
	Reading *float64 `json:"reading,omitempty"`
	Unit    string   `json:"unit,omitempty"` // "%", "d"
	// State is the states that hold, or the limits the reading is beyond, in words;
	// "ok" when there is none, "unavailable" when nobody knows.
	State string `json:"state"`
}

// detailed is the envelope of a Detail.
type detailed struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Detail
}

// details is the envelope of several.
type details struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Items      []Detail `json:"items"`
}

// SingleDetail is the envelope of one BMC in detail.
func SingleDetail(d Detail) any { return detailed{APIVersion, "BMCDetail", d} }

// DetailList is the envelope of several BMCs in detail.
func DetailList(all []Detail) any {
	if all == nil {
		all = []Detail{} // "items":[] and not null
	}
	return details{APIVersion, "BMCDetailList", all}
}

func handleDetail(mux *http.ServeMux, src Source) {
	mux.HandleFunc("GET /v1/bmcs/{tenant}/{name}/detail", func(w http.ResponseWriter, r *http.Request) {
		b, err := Find(ofTenant(src.BMCs(), r.PathValue("tenant")), r.PathValue("name"))
		if err != nil {
			refuseFor(w, err)
			return
		}
		d, err := src.Detail(b)
		if err != nil {
			refuseFor(w, err)
			return
		}
		reply(w, http.StatusOK, SingleDetail(d))
	})
}

// Detail returns a BMC of a tenant, by its name, address or UUID, in detail. The error
// is as for BMCs, or ErrNotFound, wrapped.
func (c *Client) Detail(ctx context.Context, tenant, name string) (Detail, error) {
	var d detailed
	err := c.ask(ctx, http.MethodGet, "/v1/bmcs/"+url.PathEscape(tenant)+"/"+url.PathEscape(name)+"/detail", &d)
	return d.Detail, err
}
