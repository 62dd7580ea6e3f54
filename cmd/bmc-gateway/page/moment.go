package page

import (
	"slices"
	"strings"
	"sync"
	"time"
	"weak"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// period is how long what was read of the daemon serves all who look, and how often
// an open page may change.
const period = time.Second

// A moment is the daemon as it was at a time. All who look within a period share one,
// and what is rendered of it.
type moment struct {
	at     time.Time
	status admin.Status
	bmcs   func() []admin.BMC // read when somebody wants them

	mu      sync.Mutex
	seen    map[string]*scene  // by viewer
	regions map[string]*region // by viewer and view
}

// A scene is what one kind of viewer sees of a moment.
type scene struct {
	at      time.Time
	viewer  Viewer
	status  admin.Status
	bmcs    []admin.BMC
	choices func() choices
	texts   func() []string // what a search looks into, by BMC
}

// choices are the names a list can be narrowed to.
type choices struct{ Tenants, Pools, VCenters, Powers []string }

// A clock gives the present moment. It keeps none that nobody uses any more.
type clock struct {
	src    Source
	mu     sync.Mutex
	latest weak.Pointer[moment]
}

// now returns a moment that is not older than a period.
func (c *clock) now() *moment {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m := c.latest.Value(); m != nil && time.Since(m.at) < period {
		return m
	}
	m := &moment{at: time.Now(), status: c.src.Status(), bmcs: sync.OnceValue(c.src.BMCs), seen: make(map[string]*scene), regions: make(map[string]*region)}
	c.latest = weak.Make(m)
	return m
}

// sceneFor returns what the viewer sees.
func (m *moment) sceneFor(v Viewer) *scene {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s := m.seen[v.key()]; s != nil {
		return s
	}
	s := &scene{at: m.at, viewer: v, bmcs: v.BMCs(m.bmcs())}
	s.status = v.Status(m.status, s.bmcs)
	s.choices = sync.OnceValue(func() choices { return choicesOf(s) })
	s.texts = sync.OnceValue(func() []string {
		texts := make([]string, len(s.bmcs))
		for i := range s.bmcs {
			texts[i] = searchText(&s.bmcs[i])
		}
		return texts
	})
	m.seen[v.key()] = s
	return s
}

func choicesOf(s *scene) (c choices) {
	pools, vcenters := make(map[string]bool), make(map[string]bool)
	for i := range s.bmcs {
		pools[s.bmcs[i].Pool], vcenters[s.bmcs[i].VCenter] = true, true
	}
	for _, t := range s.status.Tenants {
		c.Tenants = append(c.Tenants, t.Name)
	}
	slices.Sort(c.Tenants)
	c.Powers = powers
	c.Pools, c.VCenters = names(pools), names(vcenters)
	return c
}

func names(set map[string]bool) (all []string) {
	for name := range set {
		if name != "" {
			all = append(all, name)
		}
	}
	slices.SortFunc(all, strings.Compare)
	return all
}
