package gateway

import (
	"slices"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// A Front prepares the daemon's HTTP server for another address or web configuration
// file, or for one whose contents are other than when it was read, and changes nothing.
type Front func(listen, webConfig string) (Reopening, error)

// A Reopening is the way to another HTTP server. Either Apply or Drop is called, once.
type Reopening struct {
	What  []string // of the contents of the web configuration file is another
	Apply func()
	Drop  func()
}

// OpenWith says how the HTTP server is changed by a reload; without it, it is not. It
// is called before Run.
func (g *Gateway) OpenWith(f Front) {
	g.reloads.mu.Lock()
	defer g.reloads.mu.Unlock()
	g.reloads.front = f
}

// prepareFront gets the HTTP server ready for the change, and returns its steps with
// the one that only the file's contents tell of.
func (ch *change) prepareFront(front Front, c Config, steps []admin.ReloadStep) ([]admin.ReloadStep, error) {
	ch.front = Reopening{Apply: func() {}, Drop: func() {}}
	if front == nil {
		return steps, nil
	}
	r, err := front(c.HTTPListen, c.HTTPWebConfig)
	if err != nil {
		return steps, err
	}
	ch.front = r
	if len(r.What) > 0 {
		step := admin.ReloadStep{Kind: "setting", Name: "http.web_config_file", Action: admin.ReloadChange, What: r.What}
		steps = slices.Insert(slices.Clone(steps), 0, step)
	}
	return steps, nil
}
