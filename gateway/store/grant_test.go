package store

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestGrantsSurvive with their passwords, which print themselves nowhere, and are in
// no file that others may read.
func TestGrantsSurvive(t *testing.T) {
	path := statePath(t)
	s := open(t, path)
	one := Grant{ID: "one", Tenant: "a", Key: key("a"), User: "tmp", Password: "a-secret", Privilege: "operator", Granted: noon, Until: noon.Add(time.Hour)}
	must(t, s.PutGrant(one))
	must(t, s.PutGrant(Grant{ID: "two", Password: "b"}))
	must(t, s.DeleteGrants("two"))
	must(t, s.DeleteGrants("never there"))
	must(t, s.Copy())
	must(t, s.Close())
	s = open(t, path)
	got, err := s.Grants()
	if diff := cmp.Diff([]Grant{one}, got); diff != "" || err != nil {
		t.Errorf("error %v, grants (-want +got):\n%s", err, diff)
	}
	if said := fmt.Sprintf("%v %+v %#v", one, one, one); strings.Contains(said, "a-secret") {
		t.Errorf("the password prints itself: %s", said)
	}
	for _, file := range []string{path, CopyPath(path)} {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", file, info, err)
		}
	}
}

// TestCopyIsSoonWithoutWhatIsOver: the copy that takes the place of a damaged file
// must not give back access that was revoked.
func TestCopyIsSoonWithoutWhatIsOver(t *testing.T) {
	s := open(t, statePath(t))
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"grant", func() error { return s.PutGrant(Grant{ID: "one"}) }},
		{"revoke", func() error { return s.DeleteGrants("one") }},
		{"maintenance on", func() error { return s.PutMaintenance(Maintenance{Tenant: "a"}) }},
		{"maintenance off", func() error { return s.DeleteMaintenance(Maintenance{Tenant: "a"}) }},
	} {
		must(t, s.Copy())
		if s.Uncopied() {
			t.Fatalf("before %s: a copy is wanted", step.name)
		}
		must(t, step.do())
		if !s.Uncopied() {
			t.Errorf("after %s: no copy is wanted", step.name)
		}
	}
}
