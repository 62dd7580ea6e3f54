package gateway

import (
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// The HTTP server is changed with the rest of the configuration, or not at all.
func TestReloadChangesTheFront(t *testing.T) {
	l := newReloadLab(t)
	l.ready(t, "vc-a-vm-01")
	var did []string
	note := func(what string) func() { return func() { did = append(did, what) } }
	var refused error
	var what []string
	l.gw.OpenWith(func(listen, webConfig string) (Reopening, error) {
		did = append(did, listen+" "+webConfig)
		return Reopening{What: what, Apply: note("applied"), Drop: note("dropped")}, refused
	})
	other := l.changed(func(c *Config) { c.HTTPListen, c.HTTPWebConfig = "127.0.0.1:1", "/web.yaml" })
	l.next.Store(&other)
	reload := func(dryRun bool) admin.Reload {
		t.Helper()
		did = nil
		done, err := l.gw.Reload(dryRun, admin.Caller{})
		if err != nil {
			t.Fatal(err)
		}
		return done
	}
	want := func(when string, now ...string) {
		t.Helper()
		if diff := cmp.Diff(append([]string{"127.0.0.1:1 /web.yaml"}, now...), did); diff != "" {
			t.Errorf("%s (-want +got):\n%s", when, diff)
		}
	}
	reload(true)
	want("a dry run", "dropped")
	refused = errors.New("http.listen: taken")
	if done := reload(false); done.Applied || !slices.Equal(done.Problems, []string{"http.listen: taken"}) {
		t.Errorf("refused: %+v", done)
	}
	want("refused")
	refused = nil
	if done := reload(false); !done.Applied || len(done.Steps) != 2 {
		t.Errorf("applied: %+v", done)
	}
	want("applied", "applied")
	what = []string{"tls_server_config"}
	step := []admin.ReloadStep{{Kind: "setting", Name: "http.web_config_file", Action: admin.ReloadChange, What: what}}
	if done := reload(false); !done.Applied || !reflect.DeepEqual(done.Steps, step) {
		t.Errorf("the file's contents: %+v", done)
	}
	want("the file's contents", "applied")
}

// Every setting of the daemon as a whole is told by its key, and the page about reloads
// says of each what a reload does.
func TestSettingsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../docs/howto/reload.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := func(key string, action admin.ReloadAction) bool {
		return slices.ContainsFunc(strings.Split(string(page), "\n"), func(row string) bool {
			return strings.Contains(row, "`"+key+"`") && strings.Contains(row, "| "+string(action)+" |")
		})
	}
	fields := reflect.TypeFor[Config]()
	seen := 0
	for i := range fields.NumField() {
		name := fields.Field(i).Name
		if slices.Contains([]string{"VCenters", "Pools", "Tenants"}, name) {
			continue
		}
		var now Config
		fill(reflect.ValueOf(&now).Elem().Field(i))
		steps := plan(Config{}, now)
		if len(steps) == 0 {
			t.Errorf("%s: a reload does not tell of it", name)
		}
		for _, s := range steps {
			seen++
			if !strings.Contains(s.Name, ".") || !documented(s.Name, s.Action) {
				t.Errorf("%s: %q, which a reload takes over by %q, is not in docs/howto/reload.md", name, s.Name, s.Action)
			}
		}
	}
	if seen < 10 {
		t.Errorf("%d settings", seen)
	}
}

// fill makes a value of something that is not the zero value.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("other")
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	}
}
