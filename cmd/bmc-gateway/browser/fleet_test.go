package browser

import (
	"testing"
	"time"
)

// A daemon with 10,000 BMCs of 20 tenants: what it tells Prometheus, and people.
func TestTenThousandBMCs(t *testing.T) {
	if testing.Short() {
		t.Skip("10,000 VMs take half a minute")
	}
	began := time.Now()
	s := newSite(t, allBMCs)
	t.Logf("%d VMs made in %s", allBMCs, time.Since(began).Round(10*time.Millisecond))
	s.daemon.start(t, allBMCs)
	t.Run("metrics", s.metrics)
}
