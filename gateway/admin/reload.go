package admin

import (
	"context"
	"net/http"
	"time"
)

// A Reload is what came of reading the configuration again: what is different from
// the one in force, and what has become of that.
type Reload struct {
	At       time.Time    `json:"at"`
	DryRun   bool         `json:"dryRun"`
	Applied  bool         `json:"applied"`            // false: nothing has changed
	Problems []string     `json:"problems,omitempty"` // why it cannot be used: file, line, key
	Warnings []string     `json:"warnings,omitempty"`
	Steps    []ReloadStep `json:"steps"`
}

// A ReloadStep is one thing that is configured otherwise.
type ReloadStep struct {
	Kind   string       `json:"kind"` // setting, vcenter, pool, tenant
	Name   string       `json:"name"`
	Action ReloadAction `json:"action"`
	What   []string     `json:"what,omitempty"` // of a change: which parts
}

// A ReloadAction is what becomes of a difference.
type ReloadAction string

// The actions.
const (
	ReloadAdd    ReloadAction = "add"
	ReloadRemove ReloadAction = "remove"
	// ReloadChange: in place. What is served, and its sessions, go on.
	ReloadChange ReloadAction = "change"
	// ReloadReopen: the BMCs of the tenant are started anew where they are. Their
	// sessions end; their addresses stay on the interface.
	ReloadReopen ReloadAction = "reopen"
	// ReloadReplace: what was is ended, and the new begins in its place.
	ReloadReplace ReloadAction = "replace"
	// ReloadLater: it takes effect when the daemon is restarted.
	ReloadLater ReloadAction = "at restart"
)

// reload is the envelope of a Reload.
type reload struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Reload
}

// Reloaded is the envelope of a Reload.
func Reloaded(r Reload) any {
	if r.Steps == nil {
		r.Steps = []ReloadStep{} // "steps":[] and not null
	}
	return reload{APIVersion, "Reload", r}
}

// reloadPatience is how long a reload may take: one that replaces a vCenter waits
// for the new one.
const reloadPatience = time.Minute

func handleReload(mux *http.ServeMux, src Source) {
	mux.HandleFunc("POST /v1/reload", func(w http.ResponseWriter, r *http.Request) {
		dryRun := r.URL.Query().Get("dryRun")
		if dryRun != "" && dryRun != "true" {
			refuse(w, http.StatusBadRequest, "dryRun is \"true\" or left out")
			return
		}
		// An error here is of a connection without deadlines, which a unix socket is not.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(reloadPatience))
		done, err := src.Reload(dryRun == "true", callerIn(r.Context()))
		if err != nil {
			refuse(w, http.StatusConflict, err.Error())
			return
		}
		reply(w, http.StatusOK, Reloaded(done))
	})
}

// Reload has the daemon read its configuration again and apply the difference, or,
// with dryRun, say what it would do. A configuration that cannot be used is no
// error: it is told in Problems. The error is as for BMCs.
func (c *Client) Reload(ctx context.Context, dryRun bool) (Reload, error) {
	path := "/v1/reload"
	if dryRun {
		path += "?dryRun=true"
	}
	slow := *c.http
	slow.Timeout = reloadPatience
	var r reload
	err := (&Client{path: c.path, http: &slow}).ask(ctx, http.MethodPost, path, &r)
	return r.Reload, err
}
