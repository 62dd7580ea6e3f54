package metrics_test

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bmc-gateway/bmc-gateway/metrics"
)

// The packet path counts every datagram, so counting must not feed the garbage
// collector once a label value has been seen.
func TestTenantDoesNotAllocate(t *testing.T) {
	tenant := metrics.New(prometheus.NewRegistry()).Tenant("lab-a")
	for name, count := range map[string]func(){
		"received":  tenant.Received,
		"dropped":   func() { tenant.Dropped("malformed") },
		"request":   func() { tenant.Request("get_chassis_status", "ok", time.Millisecond) },
		"handshake": func() { tenant.Handshake("ok") },
		"power":     func() { tenant.Power("on", "ok") },
	} {
		t.Run(name, func(t *testing.T) {
			if got := testing.AllocsPerRun(100, count); got != 0 {
				t.Errorf("%v allocations each time, want 0", got)
			}
		})
	}
}

func TestNilCountsNothing(t *testing.T) {
	var none *metrics.Metrics
	none.Build("1", "2", "3")
	none.Observe(func() metrics.Snapshot { t.Error("asked for a snapshot"); return metrics.Snapshot{} })()

	tenant := none.Tenant("lab-a")
	tenant.Received()
	tenant.Dropped("malformed")
	tenant.Request("other", "ok", 0)
	tenant.Handshake("ok")
	tenant.Power("on", "ok")
	none.VCenter("vc-lab").Call("PowerOnVM_Task", 0, nil)
	none.VCenter("vc-lab").Command("lab-a", "sent", 0)
}

func BenchmarkRequest(b *testing.B) {
	tenant := metrics.New(prometheus.NewRegistry()).Tenant("lab-a")
	b.ReportAllocs()
	for b.Loop() {
		tenant.Request("get_chassis_status", "ok", time.Millisecond)
	}
}

func BenchmarkDropped(b *testing.B) {
	tenant := metrics.New(prometheus.NewRegistry()).Tenant("lab-a")
	b.ReportAllocs()
	for b.Loop() {
		tenant.Dropped("malformed")
	}
}
