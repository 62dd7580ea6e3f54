package vspheretest_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vmware/govmomi/vapi/rest"
	"github.com/vmware/govmomi/vapi/tags"

	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

func TestTags(t *testing.T) {
	v := start(t, vspheretest.Config{VMs: 3})
	must(t, v.Tag("env/prod", "vc-vm-01", "vc-vm-02"))
	must(t, v.Tag("env/test"))
	must(t, v.Tag("tier/prod", "vc-vm-03")) // same tag name, other category
	rc := rest.NewClient(login(t, v))
	must(t, rc.Login(t.Context(), account))
	m := tags.NewManager(rc)
	attached := func(name, category string) []string {
		t.Helper()
		tag, err := m.GetTagForCategory(t.Context(), name, category)
		must(t, err)
		got, err := m.ListAttachedObjectsOnTags(t.Context(), []string{tag.ID})
		must(t, err)
		refs := []string{}
		for _, o := range got[0].ObjectIDs {
			refs = append(refs, o.Reference().Value)
		}
		slices.Sort(refs)
		return refs
	}
	refs := func(vms ...string) []string {
		out := []string{}
		for _, vm := range vms {
			out = append(out, v.Ref(vm))
		}
		slices.Sort(out)
		return out
	}
	check := func(what string, got, want []string) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	check("env/prod", attached("prod", "env"), refs("vc-vm-01", "vc-vm-02"))
	check("env/test", attached("test", "env"), refs())
	check("tier/prod", attached("prod", "tier"), refs("vc-vm-03"))
	must(t, v.Untag("env/prod", "vc-vm-01"))
	check("env/prod after Untag", attached("prod", "env"), refs("vc-vm-02"))

	for _, bad := range []struct {
		name string
		err  error
	}{
		{"tag without category", v.Tag("prod", "vc-vm-01")},
		{"unknown VM", v.Tag("env/prod", "nobody")},
		{"untag of an unknown tag", v.Untag("env/none", "vc-vm-01")},
	} {
		if bad.err == nil {
			t.Errorf("%s: no error", bad.name)
		}
	}

	v.KillSessions()
	_, err := m.ListCategories(t.Context())
	if !rest.IsStatusError(err, http.StatusUnauthorized) {
		t.Errorf("after KillSessions: %v, want status 401", err)
	}
	must(t, v.Tag("env/prod", "vc-vm-01")) // our own access needs no session
}
