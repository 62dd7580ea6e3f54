package browser

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
)

// What the issue promises of a daemon with 20 tenants and 10,000 BMCs.
const (
	mostSeries = 10_000          // of /metrics
	mostBytes  = 5_000_000       // of /metrics/bmcs
	mostTime   = 1 * time.Second // of the same, on a machine that does nothing else
	patience   = 10              // how much longer it may take on one that does
)

// metrics: after each BMC was asked something, and one of each tenant each command
// there is, what Prometheus scrapes is still small, and comes soon.
func (s *site) metrics(t *testing.T) {
	all := s.bmcs(t)
	began := time.Now()
	everyBMCIsAsked(t, all)
	seen := make(map[string]bool)
	for _, b := range all {
		if !seen[b.Tenant] {
			seen[b.Tenant] = true
			everyCommandIsSent(t, b)
		}
	}
	t.Logf("%d BMCs asked, %d commands at %d of them, in %s", len(all), len(bmc.Commands()), len(seen), time.Since(began).Round(time.Millisecond))

	series, text, took := s.scrape(t, "/metrics")
	t.Logf("/metrics: %d series, %d bytes in %s", series, len(text), took.Round(time.Millisecond))
	if series > mostSeries || !strings.Contains(text, `tenant="tenant-19"`) {
		t.Errorf("%d series, want at most %d, those of all tenants among them", series, mostSeries)
	}

	soonest := time.Hour
	for range 5 {
		series, text, took = s.scrape(t, "/metrics/bmcs")
		soonest = min(soonest, took)
	}
	t.Logf("/metrics/bmcs: %d series, %d bytes in %s", series, len(text), soonest.Round(time.Millisecond))
	if series != 6*allBMCs || len(text) > mostBytes {
		t.Errorf("%d series in %d bytes, want %d in at most %d", series, len(text), 6*allBMCs, mostBytes)
	}
	if soonest > patience*mostTime {
		t.Errorf("took %s at best, want %s", soonest, mostTime)
	}
}

// everyCommandIsSent, with no data, which most of them refuse.
func everyCommandIsSent(t *testing.T, b admin.BMC) {
	t.Helper()
	s := login(t, b)
	for _, c := range bmc.Commands() {
		send(t, s, c.NetFn, c.Cmd)
	}
}

// scrape reads metrics as the administrator and counts the series.
func (s *site) scrape(t *testing.T, path string) (series int, text string, took time.Duration) {
	t.Helper()
	began := time.Now()
	code, text := s.get(t, "boss", path)
	took = time.Since(began)
	if code != http.StatusOK {
		t.Fatalf("%s: %d\n%s", path, code, text)
	}
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "#") {
			series++
		}
	}
	return series, text, took
}

// get asks the daemon as a user; "" is nobody.
func (s *site) get(t *testing.T, user, path string) (code int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.http+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if user != "" {
		req.SetBasicAuth(user, webPassword)
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(fmt.Errorf("%s: %w", path, err))
	}
	return resp.StatusCode, string(text)
}
