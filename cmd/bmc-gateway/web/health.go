package web

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/page"
	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// alive is for whoever restarts a process that is gone.
func alive(w http.ResponseWriter, _ *http.Request) {
	_, _ = io.WriteString(w, "ok\n") // an error is a client that has gone
}

// A check is one thing that has to be so before the daemon does its work.
type check struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail,omitempty"`
}

// A verdict is the answer of /readyz.
type verdict struct {
	Ready    bool    `json:"ready"`
	Degraded bool    `json:"degraded"` // it works, and not all of it
	Checks   []check `json:"checks"`
}

// readiness answers 200 once every vCenter has been heard, and 503 before. A
// vCenter that is gone later is a degraded gateway, which goes on answering from
// what it knows for a while and must not be taken out of service for that; with
// ?strict=1 that is 503, too.
func readiness(src look) part {
	return func(w http.ResponseWriter, r *http.Request, viewer page.Viewer) {
		v := judge(viewer.Status(src.Status(), viewer.BMCs(src.BMCs())))
		w.Header().Set("Content-Type", "application/json")
		if strict := r.URL.Query().Get("strict"); !v.Ready || v.Degraded && strict != "" && strict != "0" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_ = json.NewEncoder(w).Encode(v) // an error is a client that has gone
	}
}

func judge(s admin.Status) verdict {
	v := verdict{Ready: true}
	for _, vc := range s.VCenters {
		c := check{Name: "vcenter " + vc.Name, OK: vc.State == admin.Up}
		switch {
		case vc.LastAnswer.IsZero():
			v.Ready, c.Detail = false, because("has not answered yet", vc.LastError)
		case !c.OK:
			v.Degraded, c.Detail = true, because("is gone", vc.LastError)
		}
		v.Checks = append(v.Checks, c)
	}
	for _, t := range s.Tenants {
		c := check{Name: "tenant " + t.Name, OK: t.Waiting+t.Error == 0}
		if !c.OK {
			v.Degraded, c.Detail = true, fmt.Sprintf("%d of %d BMCs do not answer", t.Waiting+t.Error, t.BMCs)
		}
		v.Checks = append(v.Checks, c)
	}
	if s.State.Failure != "" {
		v.Degraded = true
		v.Checks = append(v.Checks, check{Name: "state file", Detail: s.State.Failure})
	}
	return v
}

// because says why, to those who may know it.
func because(what, why string) string {
	if why == "" {
		return what
	}
	return what + ": " + why
}
