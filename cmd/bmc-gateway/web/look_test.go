package web

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// A watched fleet counts how often all its BMCs are read.
type watched struct {
	fleet
	reads *int
}

func (w watched) BMCs() []admin.BMC { *w.reads++; return w.fleet.BMCs() }

// Whoever asks all the time, with whatever address, does not have the daemon look at
// its thousands of BMCs each time; and what is told is not old.
func TestOneLookServesAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := watched{lab(), new(int)}
		h, _ := handler(prometheus.NewRegistry(), src, newGate("", src.WebAccess), nil, slog.New(slog.DiscardHandler))
		const seconds = 5
		for range seconds * 4 {
			for _, path := range []string{"/", "/bmcs", "/readyz", "/sd/prometheus", "/metrics/bmcs"} {
				w := httptest.NewRecorder()
				if h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)); w.Code != http.StatusOK {
					t.Errorf("%s: %d", path, w.Code)
				}
			}
			time.Sleep(time.Second / 4)
		}
		// The collector may take a moment away that nobody uses just then.
		if *src.reads < seconds || *src.reads > seconds*4*5/2 {
			t.Errorf("%d looks in %d s for %d requests", *src.reads, seconds, seconds*4*5)
		}
	})
}
