package admin

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func (f fixed) Reload(dryRun bool, _ Caller) (Reload, error) {
	if f.reload == nil {
		return Reload{}, errors.New("nothing to read")
	}
	r := *f.reload
	r.DryRun, r.Applied = dryRun, !dryRun
	return r, nil
}

func TestReloadOverTheSocket(t *testing.T) {
	told := Reload{At: when, Warnings: []string{"config.yaml:9: careful"}, Steps: []ReloadStep{{Kind: "tenant", Name: "lab-a", Action: ReloadChange, What: []string{"accounts"}}}}
	path, _ := start(t, fixed{reload: &told})
	for _, dryRun := range []bool{false, true} {
		got, err := NewClient(path).Reload(t.Context(), dryRun)
		want := told
		want.DryRun, want.Applied = dryRun, !dryRun
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("dry run %t: error %v (-want +got):\n%s", dryRun, err, diff)
		}
	}
	path, _ = start(t, fixed{})
	if _, err := NewClient(path).Reload(t.Context(), false); err == nil || !strings.Contains(err.Error(), "nothing to read") {
		t.Errorf("a daemon without a configuration: %v", err)
	}
}
