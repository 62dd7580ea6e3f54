package gateway

import (
	"slices"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// A configuration that cannot be used changes nothing, and everybody can see that.
func TestReloadOfABadConfiguration(t *testing.T) {
	l := newReloadLab(t)
	first := l.ready(t, "vc-a-vm-01")
	s := login(t, first)
	l.gw.LoadWith(func() (Config, []string, []string) {
		return Config{}, nil, []string{"config.yaml:3: tenants: at least one tenant is needed"}
	})
	for _, dryRun := range []bool{true, false} {
		done, err := l.gw.Reload(dryRun, admin.Caller{})
		if err != nil || done.Applied || len(done.Problems) != 1 {
			t.Errorf("got %+v, %v", done, err)
		}
	}
	if st := l.gw.Status(); st.Config.Applied || len(st.Config.Problems) != 1 {
		t.Errorf("status tells %+v", st.Config)
	}
	if m := l.gw.snapshot().Config; m.Successful || !m.At.Equal(l.gw.started) {
		t.Errorf("metrics tell %+v", m)
	}
	l.stays(t, first, s)

	// And one that is well again is.
	l.gw.LoadWith(func() (Config, []string, []string) { return l.config, nil, nil })
	done, err := l.gw.Reload(false, admin.Caller{})
	if err != nil || !done.Applied || len(done.Steps) != 0 {
		t.Errorf("got %+v, %v", done, err)
	}
	if m := l.gw.snapshot().Config; !m.Successful || !m.At.After(l.gw.started) {
		t.Errorf("metrics tell %+v", m)
	}
}

// A dry run says what would be done, and does nothing.
func TestReloadDryRun(t *testing.T) {
	l := newReloadLab(t)
	first := l.ready(t, "vc-a-vm-01")
	s := login(t, first)
	c := l.changed(func(c *Config) { c.Tenants, c.StatePath = c.Tenants[:0], "/elsewhere" })
	l.next.Store(&c)
	done, err := l.gw.Reload(true, admin.Caller{})
	want := []admin.ReloadStep{{Kind: "setting", Name: "state.path", Action: admin.ReloadLater}, {Kind: "tenant", Name: "vc-a", Action: admin.ReloadRemove}}
	if err != nil || done.Applied || !slices.EqualFunc(done.Steps, want, func(a, b admin.ReloadStep) bool {
		return a.Kind == b.Kind && a.Name == b.Name && a.Action == b.Action
	}) {
		t.Errorf("got %+v, %v", done, err)
	}
	if st := l.gw.Status(); !st.Config.At.IsZero() {
		t.Errorf("a dry run is told as %+v", st.Config)
	}
	l.stays(t, first, s)
}

// What needs a restart stays pending: every reload says so until then.
func TestReloadTellsWhatNeedsARestart(t *testing.T) {
	l := newReloadLab(t)
	l.ready(t, "vc-a-vm-01")
	for range 2 {
		done := l.reload(t, func(c *Config) { c.LogLevel = "debug" })
		if len(done.Steps) != 1 || done.Steps[0].Action != admin.ReloadLater || done.Steps[0].Name != "log.level" {
			t.Errorf("steps %+v", done.Steps)
		}
	}
}
