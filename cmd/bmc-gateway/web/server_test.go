package web

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
	"golang.org/x/crypto/bcrypt"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/page"
	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/metrics"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A fleet is a daemon that never changes.
type fleet struct {
	bmcs   []admin.BMC
	status admin.Status
	access admin.WebAccess
}

func (f fleet) BMCs() []admin.BMC          { return f.bmcs }
func (f fleet) Status() admin.Status       { return f.status }
func (f fleet) WebAccess() admin.WebAccess { return f.access }
func (f fleet) Detail(b admin.BMC) (admin.Detail, error) {
	return admin.Detail{BMC: b}, nil
}

func lab() fleet {
	at := time.Date(2026, 11, 18, 7, 2, 11, 0, time.UTC)
	return fleet{
		bmcs: []admin.BMC{
			{Tenant: "lab-a", Name: "esxi01", State: admin.Ready, Power: admin.PowerOn, Address: netip.MustParseAddr("10.120.8.17"),
				Port: 623, MAC: "02:5a:1c:9e:40:11", VCenter: "vc-lab", Cluster: "gold", VM: admin.VM{InstanceUUID: "5026aaaa-01", Name: "esxi01"},
				SelectedBy: []string{"tag bmc/enabled", "folder /DC0/vm"}, Sessions: make([]admin.Session, 2), Requests: 12, LastRequest: at},
			{Tenant: "lab-a", Name: "web", State: admin.Ready, Power: admin.PowerOff, Address: netip.MustParseAddr("2001:db8::1"), Port: 6230,
				VM: admin.VM{InstanceUUID: "5026aaaa-02"}},
			{Tenant: "lab-a", Name: "web", State: admin.Ready, Power: admin.PowerUnknown, Address: netip.MustParseAddr("10.120.8.19"), Port: 623,
				VM: admin.VM{InstanceUUID: "5026aaaa-03"}},
			{Tenant: "lab-b", Name: "db", State: admin.Pending, Power: admin.PowerUnknown, VM: admin.VM{InstanceUUID: "5026aaaa-04"}},
		},
		status: admin.Status{
			VCenters: []admin.VCenter{{Name: "vc-lab", State: admin.Up, LastAnswer: at}},
			Tenants:  []admin.Tenant{{Name: "lab-a", BMCs: 3, Ready: 3}},
		},
	}
}

// serve runs a server until the test ends and returns its address.
func serve(t *testing.T, file string, src Source) string {
	t.Helper()
	reg := prometheus.NewRegistry()
	metrics.New(reg).Build("0.9.0", "3fa1c2e", "go1.26.8")
	s, err := Listen(Config{Listen: "127.0.0.1:0", File: file}, reg, src, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	untilTheEnd(t, s)
	return s.Addr().String()
}

// untilTheEnd runs the server until the test ends.
func untilTheEnd(t *testing.T, s *Server) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("end: %v", err)
		}
	})
}

func get(t *testing.T, c *http.Client, url string, auth ...string) (int, string) {
	t.Helper()
	return send(t, c, url, func(req *http.Request) {
		if len(auth) == 2 {
			req.SetBasicAuth(auth[0], auth[1])
		}
	})
}

// send gets what is at the URL, asked for as wanted.
func send(t *testing.T, c *http.Client, url string, want func(*http.Request)) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	want(req)
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func plain() *http.Client { return &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} }

func TestPaths(t *testing.T) {
	at := serve(t, "", lab())
	for _, tt := range []struct {
		path string
		code int
		says []string
	}{
		{"/metrics", 200, []string{`bmcgw_build_info{goversion="go1.26.8",revision="3fa1c2e",version="0.9.0"} 1`}},
		{"/metrics/bmcs", 200, []string{
			`bmcgw_bmc_info{address="10.120.8.17",bmc="esxi01",mac="02:5a:1c:9e:40:11",tenant="lab-a",vcenter="vc-lab",vm_uuid="5026aaaa-01"} 1`,
			`bmcgw_bmc_power_on{bmc="esxi01",tenant="lab-a"} 1`, `bmcgw_bmc_power_on{bmc="web",tenant="lab-a"} 0`,
			`bmcgw_bmc_up{bmc="web (5026aaaa-03)",tenant="lab-a"} 1`, `bmcgw_bmc_up{bmc="db",tenant="lab-b"} 0`,
			`bmcgw_bmc_requests_total{bmc="esxi01",tenant="lab-a"} 12`, `bmcgw_bmc_sessions{bmc="esxi01",tenant="lab-a"} 2`,
		}},
		{"/healthz", 200, []string{"ok"}},
		{"/readyz", 200, []string{`"ready":true,"degraded":false`}},
		{"/sd/prometheus?exporter=snmp", 400, []string{`exporter "snmp" is not known`}},
		{"/debug/pprof/", 404, nil},
	} {
		code, body := get(t, plain(), "http://"+at+tt.path)
		if code != tt.code {
			t.Errorf("%s: %d\n%s", tt.path, code, body)
		}
		for _, want := range tt.says {
			if !strings.Contains(body, want) {
				t.Errorf("%s: no %s in\n%s", tt.path, want, body)
			}
		}
	}
	if _, body := get(t, plain(), "http://"+at+"/metrics/bmcs?tenant=lab-b"); strings.Contains(body, "lab-a") || !strings.Contains(body, `tenant="lab-b"`) {
		t.Errorf("of one tenant:\n%s", body)
	}
}

func TestDiscovery(t *testing.T) {
	at := serve(t, "", lab())
	var groups []targetGroup
	_, body := get(t, plain(), "http://"+at+"/sd/prometheus?exporter=ipmi")
	if err := json.Unmarshal([]byte(body), &groups); err != nil {
		t.Fatal(err)
	}
	var targets []string
	for _, g := range groups {
		targets = append(targets, g.Targets...)
	}
	if got, want := strings.Join(targets, " "), "10.120.8.17 [2001:db8::1]:6230 10.120.8.19"; got != want {
		t.Errorf("targets %s, want %s", got, want)
	}
	if got := groups[0].Labels; got["__param_module"] != "lab-a" || got["__meta_bmcgw_tags"] != ",bmc/enabled," || got["__meta_bmcgw_power"] != "on" || got["__meta_bmcgw_cluster"] != "gold" {
		t.Errorf("labels %v", got)
	}
	if _, body := get(t, plain(), "http://"+at+"/sd/prometheus?tenant=none"); strings.TrimSpace(body) != "[]" {
		t.Errorf("no target is %s, want []", body)
	}
}

func TestReadiness(t *testing.T) {
	tests := []struct {
		name            string
		change          func(*admin.Status)
		lenient, strict int
		says            string
	}{
		{"all is well", func(*admin.Status) {}, 200, 200, `"ok":true`},
		{"not heard yet", func(s *admin.Status) {
			s.VCenters[0] = admin.VCenter{Name: "vc-lab", State: admin.Down, LastError: "connection refused"}
		}, 503, 503, "has not answered yet: connection refused"},
		{"gone", func(s *admin.Status) { s.VCenters[0].State = admin.Down }, 200, 503, `"detail":"is gone"`},
		{"a BMC waits", func(s *admin.Status) { s.Tenants[0].Waiting = 1 }, 200, 503, "1 of 3 BMCs do not answer"},
		{"disk full", func(s *admin.Status) { s.State.Failure = "no space left" }, 200, 503, "no space left"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := lab()
			tt.change(&f.status)
			for query, want := range map[string]int{"": tt.lenient, "?strict=1": tt.strict} {
				w := httptest.NewRecorder()
				readiness(f)(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz"+query, nil), page.Viewer{All: true})
				if w.Code != want || !strings.Contains(w.Body.String(), tt.says) {
					t.Errorf("%s: %d, want %d with %q\n%s", query, w.Code, want, tt.says, w.Body)
				}
			}
		})
	}
}

func TestTLSAndBasicAuth(t *testing.T) {
	dir := t.TempDir()
	hash, err := bcrypt.GenerateFromPassword([]byte("S3cretWord"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
		"-subj", "/CN=gw", "-days", "1", "-keyout", filepath.Join(dir, "key.pem"), "-out", filepath.Join(dir, "cert.pem")).CombinedOutput(); err != nil {
		t.Fatalf("openssl: %v\n%s", err, out)
	}
	file := filepath.Join(dir, "web.yaml")
	text := fmt.Sprintf("tls_server_config: {cert_file: cert.pem, key_file: key.pem}\nbasic_auth_users: {prometheus: %q}\n", hash)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	at := serve(t, file, lab())
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	for _, path := range []string{"/metrics", "/metrics/bmcs", "/sd/prometheus", "/readyz"} {
		if code, _ := get(t, client, "https://"+at+path); code != 401 {
			t.Errorf("%s without a password: %d", path, code)
		}
		if code, _ := get(t, client, "https://"+at+path, "prometheus", "S3cretWord"); code != 200 {
			t.Errorf("%s with it: %d", path, code)
		}
	}
	if code, _ := get(t, plain(), "http://"+at+"/metrics"); code != 400 {
		t.Errorf("without TLS: %d", code)
	}
}

func TestBadWebConfig(t *testing.T) {
	file := filepath.Join(t.TempDir(), "web.yaml")
	if err := os.WriteFile(file, []byte("tls_servers: {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Listen(Config{Listen: "127.0.0.1:0", File: file}, prometheus.NewRegistry(), lab(), slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "http.web_config_file "+file) || !strings.Contains(err.Error(), "tls_servers") {
		t.Errorf("got %v", err)
	}
}

// Whoever opens connections and says nothing keeps others waiting for some seconds,
// and takes no more of the process's files than there are connections at most.
func TestConnectionsAreLimited(t *testing.T) {
	at := serve(t, "", lab())
	began := time.Now()
	for range maxConns + 1 {
		c, err := net.Dial("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	if code, body := get(t, plain(), "http://"+at+"/healthz"); code != http.StatusOK {
		t.Errorf("got %d: %s", code, body)
	}
	// They have five seconds to ask for something.
	if took := time.Since(began); took < time.Second {
		t.Errorf("answered after %v, beside %d others", took, maxConns+1)
	}
}

func TestNotWanted(t *testing.T) {
	s, err := Listen(Config{}, prometheus.NewRegistry(), lab(), slog.New(slog.DiscardHandler))
	if err != nil || s.Addr() != nil {
		t.Fatalf("got %+v, %v", s, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Run(ctx); err != nil { // until then one may come to be wanted
		t.Error(err)
	}
}
