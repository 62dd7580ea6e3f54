package browser

import (
	"context"
	"os"
	"syscall"
	"testing"
	"time"
)

// enoughFiles: each BMC is a socket, and the daemon may open no more than the shell of
// the tests allows.
func enoughFiles(t *testing.T, want uint64) {
	t.Helper()
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		t.Fatal(err)
	}
	if l.Max < want && os.Getenv("CI") == "true" {
		t.Fatalf("a process may open %d files, want %d (ulimit -Hn)", l.Max, want)
	} else if l.Max < want {
		t.Skipf("a process may open %d files, want %d (ulimit -Hn)", l.Max, want)
	}
}

// A daemon with 10,000 BMCs of 20 tenants: what it tells Prometheus, and people.
func TestTenThousandBMCs(t *testing.T) {
	if testing.Short() {
		t.Skip("10,000 VMs take half a minute")
	}
	enoughFiles(t, allBMCs+500)
	began := time.Now()
	s := newSite(t, allBMCs)
	t.Logf("%d VMs made in %s", allBMCs, time.Since(began).Round(10*time.Millisecond))
	s.daemon.start(t, allBMCs)
	t.Run("metrics", s.metrics)
	t.Run("own only", s.ownOnly)
	t.Run("page", func(t *testing.T) {
		chromium := newChromium(t)
		for _, tt := range []struct {
			name string
			look func(*testing.T, context.Context)
		}{
			{"search", s.searchAmongAll},
			{"power", s.powerArrives},
			{"one BMC", s.oneBMC},
			{"no scripts", s.withoutScripts},
			{"looks", s.readable},
			{"keyboard", s.keyboard},
			{"tenant", s.aTenant},
			{"restart", s.afterRestart},
		} {
			t.Run(tt.name, func(t *testing.T) { tt.look(t, chromium) })
		}
	})
}
