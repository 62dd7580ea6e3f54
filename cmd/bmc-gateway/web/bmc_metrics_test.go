package web

import (
	"compress/gzip"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// crowd is 10,000 BMCs of 20 tenants.
func crowd() fleet {
	var f fleet
	at := time.Now()
	for i := range 10000 {
		f.bmcs = append(f.bmcs, admin.BMC{
			Tenant: fmt.Sprintf("tenant-%02d", i%20), Name: fmt.Sprintf("vm-%05d", i), State: admin.Ready, Power: admin.PowerOn,
			Address: netip.AddrFrom4([4]byte{10, 98, byte(i >> 8), byte(i)}), Port: 623, MAC: "02:5a:1c:9e:40:11", VCenter: "vc-lab",
			VM: admin.VM{InstanceUUID: fmt.Sprintf("50260000-0000-4000-8000-%012d", i)}, Requests: uint64(i), LastRequest: at,
		})
	}
	return f
}

func TestTenThousandBMCs(t *testing.T) {
	at := serve(t, "", crowd())
	began := time.Now()
	_, body := get(t, plain(), "http://"+at+"/metrics/bmcs")
	t.Logf("%d bytes in %s", len(body), time.Since(began))
	if len(body) > 5_000_000 || strings.Count(body, "\nbmcgw_bmc_up{") != 10000 {
		t.Errorf("%d bytes, %d BMCs; want at most 5 MB and 10,000", len(body), strings.Count(body, "\nbmcgw_bmc_up{"))
	}
}

// A scraper gets the format and the encoding it asks for.
func TestBMCMetricsAreNegotiated(t *testing.T) {
	at := serve(t, "", lab())
	for _, tt := range []struct{ name, accept, encoding, kind, says string }{
		{"plain", "", "identity", "text/plain; version=0.0.4", "# TYPE bmcgw_bmc_requests_total counter\n"},
		{"compressed", "text/plain;version=0.0.4", "gzip", "text/plain; version=0.0.4", "\nbmcgw_bmc_up{bmc=\"esxi01\",tenant=\"lab-a\"} 1\n"},
		{"OpenMetrics", "application/openmetrics-text;version=1.0.0", "gzip", "application/openmetrics-text; version=1.0.0", "# TYPE bmcgw_bmc_requests counter\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+at+"/metrics/bmcs", nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Accept", tt.accept)
			req.Header.Set("Accept-Encoding", tt.encoding)
			resp, err := plain().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body := io.Reader(resp.Body)
			if tt.encoding == "gzip" {
				if body, err = gzip.NewReader(body); err != nil {
					t.Fatalf("not compressed: %v", err)
				}
			}
			text, err := io.ReadAll(body)
			if err != nil {
				t.Fatal(err)
			}
			if kind := resp.Header.Get("Content-Type"); !strings.HasPrefix(kind, tt.kind) || !strings.Contains(string(text), tt.says) {
				t.Errorf("%s, want %s with %q:\n%s", kind, tt.kind, tt.says, text)
			}
			if open := strings.HasSuffix(string(text), "# EOF\n"); open != (tt.name == "OpenMetrics") {
				t.Errorf("ends with # EOF: %t", open)
			}
		})
	}
}

// No name of a VM becomes a line or a label of its own.
func TestBMCMetricsOfHostileNames(t *testing.T) {
	f := lab()
	f.bmcs = f.bmcs[:1]
	f.bmcs[0].Name = "a\"} 1\nbmcgw_bmc_up{bmc=\"b\\"
	at := serve(t, "", f)
	const name = `bmc="a\"} 1\nbmcgw_bmc_up{bmc=\"b\\"`
	for _, accept := range []string{"text/plain", "application/openmetrics-text;version=1.0.0"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+at+"/metrics/bmcs", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept", accept)
		resp, err := plain().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(text), name); n != 6 || strings.Count(string(text), "\nbmcgw_bmc_up{") != 1 {
			t.Errorf("%s: %d lines have the name, want 6:\n%s", accept, n, text)
		}
	}
}

// BenchmarkTenThousandBMCs is a scrape of /metrics/bmcs.
func BenchmarkTenThousandBMCs(b *testing.B) {
	h, _ := handler(prometheus.NewRegistry(), crowd(), newGate("", crowd().WebAccess), nil, slog.New(slog.DiscardHandler))
	for b.Loop() {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics/bmcs", nil))
		b.SetBytes(int64(w.Body.Len()))
	}
}

// What is told is as Prometheus' own linter wants it.
func TestPromtool(t *testing.T) {
	if _, err := exec.LookPath("promtool"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("promtool is missing")
		}
		t.Skip("promtool is missing")
	}
	at := serve(t, "", lab())
	for _, path := range []string{"/metrics", "/metrics/bmcs"} {
		_, body := get(t, plain(), "http://"+at+path)
		cmd := exec.CommandContext(t.Context(), "promtool", "check", "metrics")
		cmd.Stdin = strings.NewReader(body)
		if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s", path, err, out)
		}
	}
}
