package metrics_test

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bmc-gateway/bmc-gateway/metrics"
)

// What a reload takes out of the configuration has no series any more, and what
// stays keeps its counts.
func TestForget(t *testing.T) {
	reg := prometheus.NewRegistry()
	m := metrics.New(reg)
	for _, name := range []string{"gone", "stays"} {
		m.Tenant(name).Received()
		m.Tenant(name).Dropped("malformed")
		m.Tenant(name).Request("other", "ok", 0)
		m.Tenant(name).Handshake("ok")
		m.Tenant(name).Power("on", "ok")
		m.VCenter(name).Call("Login", 0, nil)
		m.VCenter(name).Command(name, "sent", 0)
	}
	before := len(values(t, reg))
	m.ForgetTenant("gone")
	m.ForgetVCenter("gone")
	after := values(t, reg)
	for name := range after {
		if strings.Contains(name, "gone") {
			t.Errorf("%s is there", name)
		}
	}
	// The durations of requests are of all tenants together.
	if want := (before-1)/2 + 1; len(after) != want {
		t.Errorf("%d series are left of %d, want %d: %v", len(after), before, want, after)
	}
	var none *metrics.Metrics
	none.ForgetTenant("gone")
	none.ForgetVCenter("gone")
}
