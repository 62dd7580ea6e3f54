package gateway

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// Who sees what over HTTP is what the last reload said, and nothing else is touched.
func TestReloadWhoSeesWhat(t *testing.T) {
	l := newReloadLab(t)
	first := l.ready(t, "vc-a-vm-01")
	s := login(t, first)
	if !l.gw.WebAccess().Open() {
		t.Errorf("at the start %+v", l.gw.WebAccess())
	}
	done := l.reload(t, func(c *Config) {
		c.Tenants = slices.Clone(c.Tenants)
		c.HTTPAdmins, c.Tenants[0].WebUsers = []string{"ops"}, []string{"ann", "bob"}
	})
	if len(done.Steps) != 2 || done.Steps[0].Action != admin.ReloadChange || done.Steps[1].Action != admin.ReloadChange {
		t.Errorf("steps %+v", done.Steps)
	}
	want := admin.WebAccess{Admins: []string{"ops"}, Users: map[string][]string{"ann": {"vc-a"}, "bob": {"vc-a"}}}
	if diff := cmp.Diff(want, l.gw.WebAccess()); diff != "" {
		t.Error(diff)
	}
	l.stays(t, first, s)
}
