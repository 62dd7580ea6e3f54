package admin

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func (f fixed) Removals() []Removals { return f.held }

func (f fixed) ConfirmRemovals(tenant, id string, _ Caller) (int, error) {
	for _, set := range f.held {
		if set.Tenant != tenant {
			continue
		}
		if set.ID != id {
			return 0, fmt.Errorf("set %q: %w", id, ErrChanged)
		}
		return len(set.BMCs), nil
	}
	return 0, fmt.Errorf("tenant %q: %w", tenant, ErrNoRemovals)
}

var holding = fixed{held: []Removals{{
	Tenant: "lab-a", ID: "3f9a1c2b", Of: 8, BMCs: []Removal{
		{Name: "web1", InstanceUUID: "5026aaaa", Address: netip.MustParseAddr("10.120.8.17"), Reason: "why", Since: when, Until: when.AddDate(0, 0, 1)},
		{Name: "web2", InstanceUUID: "5026bbbb", Reason: "why", Since: when},
	},
}}}

func TestRemovals(t *testing.T) {
	for _, tt := range []struct {
		name, method, path string
		src                fixed
		code               int
		kind, says         string
	}{
		{"what is held", "GET", "/v1/removals", holding, 200, "RemovalsList", `"until":"2026-11-19T07:02:11Z"`},
		{"nothing held is no null", "GET", "/v1/removals", lab, 200, "RemovalsList", `"items":[]`},
		{"confirmed", "POST", "/v1/removals/lab-a/3f9a1c2b/confirm", holding, 200, "Confirmation", `"confirmed":2`},
		{"another set", "POST", "/v1/removals/lab-a/00000000/confirm", holding, 409, "Error", "has changed"},
		{"another tenant", "POST", "/v1/removals/lab-b/3f9a1c2b/confirm", holding, 404, "Error", "no removal is held"},
		{"reading confirms nothing", "GET", "/v1/removals/lab-a/3f9a1c2b/confirm", holding, 404, "Error", "no such path"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			handler(tt.src, nil).ServeHTTP(w, httptest.NewRequest(tt.method, tt.path, nil))
			var envelope struct{ APIVersion, Kind string }
			if err := json.Unmarshal(w.Body.Bytes(), &envelope); err != nil {
				t.Fatalf("%v in %s", err, w.Body)
			}
			if w.Code != tt.code || envelope.Kind != tt.kind || envelope.APIVersion != APIVersion || !strings.Contains(w.Body.String(), tt.says) {
				t.Errorf("got %d %s, want %d %s with %s", w.Code, w.Body, tt.code, tt.kind, tt.says)
			}
		})
	}
}

func TestClientConfirmsRemovals(t *testing.T) {
	path, _ := start(t, holding)
	c := NewClient(path)
	held, err := c.Removals(t.Context())
	if diff := cmp.Diff(holding.held, held, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" || err != nil {
		t.Errorf("error %v, held (-want +got):\n%s", err, diff)
	}
	done, err := c.ConfirmRemovals(t.Context(), "lab-a", "3f9a1c2b")
	if want := (Confirmation{Tenant: "lab-a", ID: "3f9a1c2b", Confirmed: 2}); done != want || err != nil {
		t.Errorf("got %+v, error %v, want %+v", done, err, want)
	}
	if _, err := c.ConfirmRemovals(t.Context(), "lab-a", "00000000"); err == nil || !strings.Contains(err.Error(), ErrChanged.Error()) {
		t.Errorf("another set: %v", err)
	}
}
