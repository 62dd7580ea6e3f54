package admin

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type fixed struct {
	bmcs   []BMC
	status Status
	held   []Removals
	leases []Lease
	reload *Reload
}

func (f fixed) BMCs() []BMC    { return f.bmcs }
func (f fixed) Status() Status { return f.status }

var when = time.Date(2026, 11, 18, 7, 2, 11, 0, time.UTC)

var lab = fixed{
	bmcs: []BMC{
		{
			Tenant: "lab-a", Name: "web 1/a", State: Ready, Power: PowerOn, PowerAge: 41,
			Address: netip.MustParseAddr("10.120.8.17"), Port: 623, MAC: "02:5a:1c:9e:40:11",
			Pool: "lab-v4", Interface: "ens192", VCenter: "vc-lab",
			VM:         VM{InstanceUUID: "5026aaaa", BIOSUUID: "4221bbbb", Ref: "vm-42", Name: "web 1/a"},
			SelectedBy: []string{"tag bmc/enabled"}, Accounts: []Account{{Name: "operator", Privilege: "operator"}},
			CipherSuites: []int{17, 3}, Boot: "network, next boot",
			Sessions: []Session{{ID: "0x8f21c0", Account: "operator", Privilege: "operator",
				From: netip.MustParseAddrPort("10.120.4.9:51244"), Suite: 17, IdleSeconds: 1, OpenedAt: when}},
			Since: when, LastRequest: when.Add(time.Hour), Requests: 12,
		},
		{Tenant: "lab-b", Name: "db1", State: Pending, Reason: "address pool exhausted",
			Power: PowerUnknown, Since: when},
	},
	status: Status{
		Version: "0.9.0", Started: when,
		VCenters: []VCenter{{Name: "vc-lab", Host: "vc-lab.example.net", State: Down, Since: when,
			LastError: "connection refused", VMs: 2, InsecureTLS: true}},
		Pools:   []Pool{{Name: "lab-v4", Interface: "ens192", Addresses: 190, InUse: 1, Held: 3}},
		Tenants: []Tenant{{Name: "lab-a", BMCs: 1, Ready: 1}},
	},
}

// start serves src on a new socket until the test ends.
func start(t *testing.T, src Source) (path string, stop func() error) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "admin.sock")
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- l.Serve(ctx, src) }()
	stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { stop() })
	return path, stop
}

func TestClientReadsWhatTheServerTells(t *testing.T) {
	path, _ := start(t, lab)
	c := NewClient(path)

	bmcs, err := c.BMCs(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(lab.bmcs, bmcs, netipEqual()...); diff != "" {
		t.Errorf("all BMCs (-want +got):\n%s", diff)
	}
	bmcs, err = c.BMCs(t.Context(), "lab-b")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(lab.bmcs[1:], bmcs, netipEqual()...); diff != "" {
		t.Errorf("BMCs of lab-b (-want +got):\n%s", diff)
	}
	status, err := c.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(lab.status, status); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
}

func netipEqual() []cmp.Option {
	return []cmp.Option{
		cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
		cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b }),
	}
}

func TestPaths(t *testing.T) {
	twins := fixed{status: lab.status, bmcs: append([]BMC{{Tenant: "lab-c", Name: "twin"}, {Tenant: "lab-c", Name: "twin"}}, lab.bmcs...)}
	for _, tt := range []struct {
		name, method, path string
		code               int
		kind, says         string
	}{
		{"list", "GET", "/v1/bmcs", 200, "BMCList", `"name":"db1"`},
		{"list of one tenant", "GET", "/v1/bmcs?tenant=lab-a", 200, "BMCList", `"powerAgeSeconds":41`},
		{"empty list is no null", "GET", "/v1/bmcs?tenant=none", 200, "BMCList", `"items":[]`},
		{"one, escaped", "GET", "/v1/bmcs/lab-a/web%201%2Fa", 200, "BMC", `"from":"10.120.4.9:51244"`},
		{"one without address", "GET", "/v1/bmcs/lab-b/db1", 200, "BMC", `"address":""`},
		{"unknown BMC", "GET", "/v1/bmcs/lab-a/db1", 404, "Error", "no such BMC"},
		{"two of a name", "GET", "/v1/bmcs/lab-c/twin", 409, "Error", "several BMCs"},
		{"status", "GET", "/v1/status", 200, "Status", `"insecureTLS":true`},
		{"unknown path", "GET", "/v2/bmcs", 404, "Error", "no such path"},
		{"nothing can be changed", "POST", "/v1/bmcs", 404, "Error", "POST /v1/bmcs"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			handler(twins, nil).ServeHTTP(w, httptest.NewRequest(tt.method, tt.path, nil))
			var envelope struct{ APIVersion, Kind string }
			if err := json.Unmarshal(w.Body.Bytes(), &envelope); err != nil {
				t.Fatalf("%v in %s", err, w.Body)
			}
			if w.Code != tt.code || envelope.Kind != tt.kind || envelope.APIVersion != "bmc-gateway/v1" {
				t.Errorf("got %d %+v, want %d %s", w.Code, envelope, tt.code, tt.kind)
			}
			if !strings.Contains(w.Body.String(), tt.says) {
				t.Errorf("%q is not in %s", tt.says, w.Body)
			}
		})
	}
}

func TestSocketMode(t *testing.T) {
	path, stop := start(t, lab)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o660 {
		t.Errorf("socket has mode %o, want 660", got)
	}
	if err := stop(); err != nil {
		t.Errorf("end: %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after the end: %v, want the socket gone", err)
	}
}

func TestLiveSocketIsRefused(t *testing.T) {
	path, stop := start(t, lab)
	if err := Serve(t.Context(), path, lab); !errors.Is(err, ErrRunning) {
		t.Errorf("second daemon: got %v, want ErrRunning", err)
	}
	if _, err := NewClient(path).Status(t.Context()); err != nil {
		t.Errorf("first daemon after that: %v", err)
	}
	stop()
	l, err := Listen(path)
	if err != nil {
		t.Fatalf("after the first has ended: %v", err)
	}
	l.Close()
}

func TestForeignListenerIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "admin.sock")
	foreign, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer foreign.Close()
	if _, err := Listen(path); !errors.Is(err, ErrRunning) {
		t.Errorf("got %v, want ErrRunning", err)
	}
}

func TestStaleSocketIsReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "admin.sock")
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	dead.SetUnlinkOnClose(false) // as a killed daemon leaves it
	dead.Close()

	l, err := Listen(path)
	if err != nil {
		t.Fatalf("stale socket: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

func TestFileIsLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "precious")
	if err := os.WriteFile(path, []byte("data"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(path); err == nil || !strings.Contains(err.Error(), "no socket") {
		t.Errorf("got %v, want a refusal", err)
	}
	if got, _ := os.ReadFile(path); string(got) != "data" {
		t.Errorf("the file now holds %q", got)
	}
}

// slow answers Status when it is let go.
type slow struct {
	fixed
	asked, answer chan struct{}
}

func (s slow) Status() Status { close(s.asked); <-s.answer; return s.status }

func TestEndLetsRunningRequestsFinish(t *testing.T) {
	src := slow{fixed: lab, asked: make(chan struct{}), answer: make(chan struct{})}
	path, stop := start(t, src)
	got := make(chan error, 1)
	go func() {
		_, err := NewClient(path).Status(context.Background())
		got <- err
	}()
	<-src.asked
	ended := make(chan error, 1)
	go func() { ended <- stop() }()
	close(src.answer)
	if err := <-got; err != nil {
		t.Errorf("running request: %v", err)
	}
	if err := <-ended; err != nil {
		t.Errorf("end: %v", err)
	}
}

func TestUnreachable(t *testing.T) {
	dir := t.TempDir()
	stale := filepath.Join(dir, "stale.sock")
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: stale, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	dead.SetUnlinkOnClose(false)
	dead.Close()
	for name, path := range map[string]string{"no socket": filepath.Join(dir, "none.sock"), "stale socket": stale} {
		t.Run(name, func(t *testing.T) {
			_, err := NewClient(path).BMCs(t.Context(), "")
			if !errors.Is(err, ErrUnreachable) {
				t.Fatalf("got %v, want ErrUnreachable", err)
			}
			want := "the daemon is not reachable at " + path + `: is "bmc-gateway serve" running?`
			if err.Error() != want {
				t.Errorf("got  %q\nwant %q", err, want)
			}
		})
	}
}

func TestClientTellsARefusal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "admin.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		io.WriteString(w, `{"kind":"Error","error":"no such path"}`)
	}))
	srv.Listener.Close()
	srv.Listener = l
	srv.Start()
	defer srv.Close()
	_, err = NewClient(path).Status(t.Context())
	if err == nil || errors.Is(err, ErrUnreachable) || !strings.Contains(err.Error(), "no such path") {
		t.Errorf("got %v, want the daemon's own words", err)
	}
}
