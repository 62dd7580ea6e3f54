package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

func (f fixed) Order(context.Context, BMC, Order, Caller) (Outcome, error) {
	return Outcome{}, ErrUnready
}

func (f fixed) ReleasePower(string, time.Duration, Caller) (bool, error) { return false, ErrNoTenant }

// obedient carries out everything but what it does not know.
type obedient struct{ fixed }

func (obedient) Order(_ context.Context, b BMC, o Order, by Caller) (Outcome, error) {
	if o.Action != "off" {
		return Outcome{}, fmt.Errorf("%w: %q", ErrAction, o.Action)
	}
	return Outcome{Tenant: b.Tenant, Name: b.Name, Result: "ok", Command: "for " + by.String()}, nil
}

func (obedient) ReleasePower(tenant string, d time.Duration, _ Caller) (bool, error) {
	if tenant != "lab-a" {
		return false, ErrNoTenant
	}
	return d == time.Minute, nil
}

func TestOrder(t *testing.T) {
	path, _ := start(t, obedient{lab})
	c := NewClient(path)
	for _, name := range []string{"web 1/a", "5026aaaa", "10.120.8.17"} {
		done, err := c.Order(t.Context(), "lab-a", name, Order{Action: "off"})
		if err != nil || done.Name != "web 1/a" || done.Command != fmt.Sprint("for ", os.Getuid()) {
			t.Errorf("%s: %v, %+v", name, err, done)
		}
	}
	if _, err := c.Order(t.Context(), "lab-b", "5026aaaa", Order{Action: "off"}); !errors.Is(err, ErrNotFound) {
		t.Errorf("another tenant's: %v", err)
	}
	r, err := c.ReleasePower(t.Context(), "lab-a", time.Minute)
	if err != nil || !r.WasHeld || r.ForSeconds != 60 || r.Tenant != "lab-a" {
		t.Errorf("release: %v, %+v", err, r)
	}
}

func TestOrderPaths(t *testing.T) {
	for _, tt := range []struct {
		name, path, body string
		code             int
		says             string
	}{
		{"done", "/v1/bmcs/lab-a/5026aaaa/orders", `{"action":"off"}`, 200, `"kind":"Outcome"`},
		{"no such action", "/v1/bmcs/lab-a/5026aaaa/orders", `{"action":"explode"}`, 400, "explode"},
		{"no such BMC", "/v1/bmcs/lab-a/nobody/orders", `{"action":"off"}`, 404, "no such BMC"},
		{"an unknown key", "/v1/bmcs/lab-a/5026aaaa/orders", `{"act":"off"}`, 400, "unknown field"},
		{"no JSON", "/v1/bmcs/lab-a/5026aaaa/orders", `off`, 400, "invalid character"},
		{"too much", "/v1/bmcs/lab-a/5026aaaa/orders", `{"action":"` + strings.Repeat("x", requestLimit) + `"}`, 400, "too large"},
		{"release", "/v1/tenants/lab-a/power/release", `{"forSeconds":60}`, 200, `"kind":"Release"`},
		{"release for ever", "/v1/tenants/lab-a/power/release", `{"forSeconds":86401}`, 400, "forSeconds"},
		{"release for no time", "/v1/tenants/lab-a/power/release", `{}`, 400, "forSeconds"},
		{"release of no tenant", "/v1/tenants/nobody/power/release", `{"forSeconds":60}`, 404, "no such tenant"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			handler(obedient{lab}, nil).ServeHTTP(w, httptest.NewRequest("POST", tt.path, strings.NewReader(tt.body)))
			if w.Code != tt.code || !strings.Contains(w.Body.String(), tt.says) {
				t.Errorf("got %d %s, want %d with %s", w.Code, w.Body, tt.code, tt.says)
			}
		})
	}
}
