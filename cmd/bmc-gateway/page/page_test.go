package page

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A fleet is a daemon that never changes.
type fleet struct {
	bmcs   []admin.BMC
	status admin.Status
	detail admin.Detail
}

func (f *fleet) BMCs() []admin.BMC    { return f.bmcs }
func (f *fleet) Status() admin.Status { return f.status }
func (f *fleet) Detail(b admin.BMC) (admin.Detail, error) {
	d := f.detail
	d.BMC = b
	return d, nil
}

var at = time.Date(2026, 11, 18, 7, 2, 11, 0, time.UTC)

// lab is two tenants; the BMCs of the second are in trouble.
func lab() *fleet {
	one := func(tenant, name string, n byte) admin.BMC {
		return admin.BMC{
			Tenant: tenant, Name: name, State: admin.Ready, Power: admin.PowerOn, PowerSince: at, Since: at, Address: netip.AddrFrom4([4]byte{10, 120, 8, n}), Port: 623,
			MAC: fmt.Sprintf("02:5a:1c:9e:40:%02x", n), Pool: "pool-" + tenant, Interface: "ens192", VCenter: "vc-" + tenant, Requests: 1234, LastRequest: at,
			VM:       admin.VM{InstanceUUID: fmt.Sprintf("5026aaaa-0000-4000-8000-0000000000%02x", n), BIOSUUID: fmt.Sprintf("4226bbbb-0000-4000-8000-0000000000%02x", n), Ref: fmt.Sprintf("vm-%d", n), Name: name},
			Accounts: []admin.Account{{Name: "operator", Privilege: "operator"}}, CipherSuites: []int{17, 3},
		}
	}
	broken, waits, off := one("lab-b", "db1", 0x21), one("lab-b", "db2", 0x22), one("lab-a", "web2", 0x12)
	broken.State, broken.Reason = admin.Error, "address already in use"
	waits.State, waits.Reason, waits.Address, waits.MAC = admin.Pending, "address pool exhausted", netip.Addr{}, ""
	off.Power = admin.PowerOff
	return &fleet{
		bmcs: []admin.BMC{one("lab-a", "web1", 0x11), off, broken, waits, one("lab-b", "db3", 0x23)},
		status: admin.Status{
			Version: "0.9.0", Started: at,
			VCenters: []admin.VCenter{{Name: "vc-lab-a", Host: "vc-a.example.net", State: admin.Up, Since: at, LastAnswer: at, VMs: 2}, {Name: "vc-lab-b", Host: "vc-b.example.net", State: admin.Up, Since: at, LastAnswer: at, VMs: 3}},
			Pools:    []admin.Pool{{Name: "pool-lab-a", Interface: "ens192", Addresses: 190, InUse: 2}, {Name: "pool-lab-b", Interface: "ens193", Addresses: 2, InUse: 2, Waiting: 1}},
			Tenants:  []admin.Tenant{{Name: "lab-a", VCenter: "vc-lab-a", Pools: []string{"pool-lab-a"}, BMCs: 2, Ready: 2}, {Name: "lab-b", VCenter: "vc-lab-b", Pools: []string{"pool-lab-b"}, BMCs: 3, Ready: 1, Waiting: 1, Error: 1}},
		},
	}
}

func everybody(*http.Request) (Viewer, bool) { return Viewer{All: true}, true }

// serve returns the page of a fleet.
func serve(t *testing.T, f Source, viewer func(*http.Request) (Viewer, bool)) http.Handler {
	t.Helper()
	mux := http.NewServeMux()
	New(Config{Source: f, Viewer: viewer, Ending: t.Context().Done()}).Handle(mux)
	return mux
}

// ask returns an answer and its text.
func ask(ctx context.Context, h http.Handler, method, path string) (*http.Response, string) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, method, path, nil))
	return w.Result(), w.Body.String()
}

func TestAddresses(t *testing.T) {
	h := serve(t, lab(), everybody)
	for _, tt := range []struct {
		name, method, path string
		code               int
		says               []string
		not                []string
	}{
		{"overview", "GET", "/", 200, []string{"<title>Overview · bmc-gateway</title>", "Pool pool-lab-b has no address left", "lab-b: 1 BMC in error", `href="/bmcs?state=error&amp;tenant=lab-b"`}, nil},
		{"list, the worst first", "GET", "/bmcs", 200, []string{"1–5 of 5", "address already in use", "no address yet"}, nil},
		{"search by name", "GET", "/bmcs?q=WEB2", 200, []string{"1–1 of 1", "10.120.8.18"}, []string{">web1<"}},
		{"search by address", "GET", "/bmcs?q=10.120.8.17", 200, []string{"1–1 of 1", ">web1<"}, nil},
		{"search by MAC in another manner", "GET", "/bmcs?q=025A.1C9E.4012", 200, []string{"1–1 of 1", ">web2<"}, nil},
		{"search by BIOS UUID", "GET", "/bmcs?q=4226bbbb-0000-4000-8000-000000000021", 200, []string{"1–1 of 1", ">db1<"}, nil},
		{"all words have to be there", "GET", "/bmcs?q=lab-a+web1", 200, []string{"1–1 of 1"}, nil},
		{"filter", "GET", "/bmcs?power=off&pool=pool-lab-a&tenant=lab-a&vcenter=vc-lab-a", 200, []string{"1–1 of 1", ">web2<"}, nil},
		{"those in trouble", "GET", "/bmcs?state=problem", 200, []string{"1–2 of 2", ">db1<", ">db2<"}, []string{">db3<"}},
		{"a word nobody knows narrows nothing", "GET", "/bmcs?state=sad&sort=luck&page=-3", 200, []string{"1–5 of 5"}, nil},
		{"a page behind the last is the last", "GET", "/bmcs?page=99", 200, []string{"1–5 of 5"}, nil},
		{"nothing is found", "GET", "/bmcs?q=nobody", 200, []string{"No BMC is like that"}, nil},
		{"one by UUID", "GET", "/bmcs/lab-a/5026aaaa-0000-4000-8000-000000000011", 200, []string{"<title>web1 (lab-a) · bmc-gateway</title>", "02:5a:1c:9e:40:11", "ipmitool -I lanplus -H 10.120.8.17 -U operator -L OPERATOR -a power status"}, nil},
		{"one by name", "GET", "/bmcs/lab-b/db1", 200, []string{"address already in use"}, nil},
		{"none of the tenant", "GET", "/bmcs/lab-a/db1", 404, []string{"Nothing here"}, nil},
		{"no such page", "GET", "/leases", 404, []string{"Nothing here"}, nil},
		{"nothing can be changed", "POST", "/bmcs", 405, nil, nil},
		{"only heads", "HEAD", "/bmcs", 200, nil, nil},
		{"style", "GET", "/assets/page.css", 200, []string{"prefers-color-scheme: dark"}, nil},
		{"script", "GET", "/assets/page.js", 200, []string{"EventSource"}, nil},
		{"no other file", "GET", "/assets/layout.html", 404, nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			resp, body := ask(t.Context(), h, tt.method, tt.path)
			if resp.StatusCode != tt.code {
				t.Errorf("%s: %d, want %d\n%s", tt.path, resp.StatusCode, tt.code, body)
			}
			for _, want := range tt.says {
				if !strings.Contains(body, want) {
					t.Errorf("%s: no %q in\n%s", tt.path, want, body)
				}
			}
			for _, not := range tt.not {
				if strings.Contains(body, not) {
					t.Errorf("%s: %q in\n%s", tt.path, not, body)
				}
			}
			for name, want := range map[string]string{"Content-Security-Policy": "frame-ancestors 'none'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cache-Control": "no-"} {
				if got := resp.Header.Get(name); !strings.Contains(got, want) {
					t.Errorf("%s: %s is %q, want %q", tt.path, name, got, want)
				}
			}
		})
	}
}

// Before the first VM is selected the overview says how it comes.
func TestNothingSelected(t *testing.T) {
	f := lab()
	h := serve(t, f, everybody)
	if _, body := ask(t.Context(), h, http.MethodGet, "/"); strings.Contains(body, "No virtual machine is selected") {
		t.Errorf("there are BMCs:\n%s", body)
	}
	f = lab()
	f.bmcs = nil
	h = serve(t, f, everybody)
	if _, body := ask(t.Context(), h, http.MethodGet, "/"); !strings.Contains(body, "No virtual machine is selected") {
		t.Errorf("nothing is said:\n%s", body)
	}
}

// What vCenter and the network say is shown and not obeyed.
func TestHostileNames(t *testing.T) {
	f := lab()
	for i, name := range []string{"<script>alert(1)</script>", `" onmouseover="alert(1)`, "evil\u202egnp.exe", "two\r\nevent: gone\r\n\r\n", "a\x1b[31mred\x00"} {
		f.bmcs[i].Name, f.bmcs[i].VM.Name, f.bmcs[i].Reason = name, name, name
	}
	f.status.VCenters[0].State, f.status.VCenters[0].LastError = admin.Down, "<img src=x onerror=alert(1)>\u2066"
	h := serve(t, f, everybody)
	paths := []string{"/", "/bmcs", "/bmcs?q=%3Cscript%3Ealert(1)%3C/script%3E", "/bmcs?q=%E2%80%AE"}
	for _, b := range f.bmcs {
		paths = append(paths, pathOf(&b))
	}
	for _, path := range paths {
		_, body := ask(t.Context(), h, http.MethodGet, path)
		for _, bad := range []string{"<script>alert", "<img src=x", ` onmouseover="`, "\u202e", "\u2066", "\r", "\x1b", "\x00"} {
			if strings.Contains(body, bad) {
				t.Errorf("%s has %q", path, bad)
			}
		}
	}
	if _, body := ask(t.Context(), h, http.MethodGet, "/bmcs"); !strings.Contains(body, "evil[U+202E]gnp.exe") || !strings.Contains(body, "&lt;script&gt;alert(1)") {
		t.Errorf("names are not shown:\n%s", body)
	}
}

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"plain\n\ttext": "plain\n\ttext", "Zürich 東京 ünïcödé": "Zürich 東京 ünïcödé", "no\u00a0break": "no break", "\u200bzero": "[U+200B]zero",
		"bad\xffbyte": "bad[U+FFFD]byte", "bell\a": "bell[U+0007]", "\ufeffmark": "[U+FEFF]mark", "emoji 🚀": "emoji 🚀",
	} {
		if got := string(visible([]byte(in))); got != want {
			t.Errorf("visible(%q) = %q, want %q", in, got, want)
		}
	}
}
