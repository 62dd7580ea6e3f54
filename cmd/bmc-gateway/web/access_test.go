package web

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/crypto/bcrypt"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// users writes a web configuration file; the password of each is the name, twice.
func users(t *testing.T, names ...string) string {
	t.Helper()
	text := "basic_auth_users:\n"
	for _, name := range names {
		hash, err := bcrypt.GenerateFromPassword([]byte(name+name), bcrypt.MinCost)
		if err != nil {
			t.Fatal(err)
		}
		text += fmt.Sprintf("  %s: %q\n", name, hash)
	}
	file := filepath.Join(t.TempDir(), "web.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// shared is two tenants that have nothing in common but a pool.
func shared() fleet {
	f := lab()
	for i := range f.bmcs {
		b := &f.bmcs[i]
		b.VCenter, b.Pool = "vc-"+b.Tenant, "pool-shared"
		b.VM.Name = b.Name
	}
	f.status = admin.Status{
		VCenters: []admin.VCenter{{Name: "vc-lab-a", Host: "secret-a", State: admin.Up, LastAnswer: time.Now(), VMs: 3}, {Name: "vc-lab-b", Host: "secret-b", State: admin.Down, LastAnswer: time.Now(), LastError: "dial secret-b", VMs: 7777}},
		Tenants:  []admin.Tenant{{Name: "lab-a", VCenter: "vc-lab-a", Pools: []string{"pool-shared"}, BMCs: 3, Ready: 3}, {Name: "lab-b", VCenter: "vc-lab-b", Pools: []string{"pool-shared"}, BMCs: 1, Waiting: 1}},
		Pools:    []admin.Pool{{Name: "pool-shared", Interface: "ens192", Addresses: 4242, InUse: 3, Waiting: 1, Notices: []string{"secret notice"}}, {Name: "pool-lab-c", Addresses: 9}},
		State:    admin.StateFile{Failure: "secret disk"}, Config: admin.Reload{Problems: []string{"secret line"}},
	}
	f.access = admin.WebAccess{Admins: []string{"ops"}, Users: map[string][]string{"ann": {"lab-a"}, "bob": {"lab-b"}, "cat": {"lab-a", "lab-b"}}}
	return f
}

// Every address, for every kind of user.
func TestWhoSeesWhat(t *testing.T) {
	f := shared()
	at := serve(t, users(t, "ops", "ann", "bob", "cat", "eve"), f)
	const everything, own, foreign, no = 200, 200, 404, 403
	a, b := "/bmcs/lab-a/5026aaaa-01", "/bmcs/lab-b/5026aaaa-04"
	for _, tt := range []struct {
		path                    string
		ops, ann, bob, cat, eve int
	}{
		{"/", everything, own, own, own, no},
		{"/bmcs", everything, own, own, own, no},
		{a, everything, own, foreign, own, no},
		{b, everything, foreign, own, own, no},
		{"/bmcs/lab-a/esxi01", everything, own, foreign, own, no},
		{"/bmcs/lab-a/10.120.8.17", everything, own, foreign, own, no},
		{"/bmcs/lab-c/none", foreign, foreign, foreign, foreign, no},
		{"/no/such/page", foreign, foreign, foreign, foreign, no},
		{"/assets/page.css", 200, 200, 200, 200, no},
		{"/assets/page.js", 200, 200, 200, 200, no},
		{"/live/", everything, own, own, own, no},
		{"/live/bmcs", everything, own, own, own, no},
		{"/live" + a, everything, own, foreign, own, no},
		{"/live" + b, everything, foreign, own, own, no},
		{"/live/bmcs/lab-c/none", foreign, foreign, foreign, foreign, no},
		{"/metrics", everything, no, no, no, no},
		{"/metrics/bmcs", everything, own, own, own, no},
		{"/sd/prometheus", everything, own, own, own, no},
		{"/readyz", everything, own, own, own, no},
		{"/healthz", 200, 200, 200, 200, 200},
	} {
		for user, want := range map[string]int{"ops": tt.ops, "ann": tt.ann, "bob": tt.bob, "cat": tt.cat, "eve": tt.eve} {
			code, body := beginning(t, "http://"+at+tt.path, user)
			if code != want {
				t.Errorf("%s for %s: %d, want %d", tt.path, user, code, want)
			}
			for tenant, names := range map[string][]string{"lab-a": {"lab-a", "esxi01", "10.120.8.17", "5026aaaa-01"}, "lab-b": {"lab-b", "5026aaaa-04", ">db<"}} {
				sees := user == "ops" || user == "cat" || user == "ann" && tenant == "lab-a" || user == "bob" && tenant == "lab-b"
				for _, name := range names {
					if strings.Contains(body, name) && !sees {
						t.Errorf("%s tells %s of %s: %q", tt.path, user, tenant, name)
					}
				}
			}
			for _, secret := range []string{"secret", "4242", "4,242", "7777", "7,777", "pool-lab-c"} {
				if user != "ops" && strings.Contains(body, secret) {
					t.Errorf("%s tells %s %q", tt.path, user, secret)
				}
			}
		}
		if code, _ := get(t, plain(), "http://"+at+tt.path); code != 401 {
			t.Errorf("%s without a password: %d", tt.path, code)
		}
		if code, _ := get(t, plain(), "http://"+at+tt.path, "ops", "wrong"); code != 401 {
			t.Errorf("%s with a wrong password: %d", tt.path, code)
		}
	}
	// What is another's and what does not exist look the same.
	if _, not := get(t, plain(), "http://"+at+"/bmcs/lab-c/none", "ann", "annann"); true {
		if _, foreign := get(t, plain(), "http://"+at+b, "ann", "annann"); foreign != not {
			t.Errorf("of another's BMC:\n%s\nof none:\n%s", foreign, not)
		}
	}
}

// beginning returns an answer; of a stream, what comes first.
func beginning(t *testing.T, url, user string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(user, user+user)
	resp, err := plain().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	stream := strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream")
	var text strings.Builder
	for lines := bufio.NewReader(resp.Body); ; {
		line, err := lines.ReadString('\n')
		text.WriteString(line)
		if err != nil || stream && line == "\n" {
			return resp.StatusCode, text.String()
		}
	}
}

// The web configuration file bounds how many requests are answered, and so how many
// passwords are tried.
func TestRateLimit(t *testing.T) {
	file := users(t, "ops")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append(text, "rate_limit: {interval: 1h, burst: 2}\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	at := serve(t, file, lab())
	for i, want := range []int{401, 401, 429, 429} {
		if code, _ := get(t, plain(), "http://"+at+"/healthz", "ops", fmt.Sprintf("guess %d", i)); code != want {
			t.Errorf("guess %d: %d, want %d", i, code, want)
		}
	}
}

// An open page does not keep the server from ending: its stream ends well.
func TestEndsWithPagesOpen(t *testing.T) {
	s, err := Listen(Config{Listen: "127.0.0.1:0"}, prometheus.NewRegistry(), lab(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	page := openPage(t, s)
	cancel()
	if _, err := io.Copy(io.Discard, page); err != nil {
		t.Errorf("the stream was cut off: %v", err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// Asking for another tenant narrows what one sees to nothing.
func TestAskingForAnotherTenant(t *testing.T) {
	at := serve(t, users(t, "ops", "ann"), shared())
	for path, want := range map[string]string{
		"/bmcs?tenant=lab-b": "No BMC is like that", "/bmcs?q=lab-b/db": "No BMC is like that", "/bmcs?vcenter=vc-lab-b": "No BMC is like that",
		"/sd/prometheus?tenant=lab-b": "[]\n",
	} {
		if code, body := get(t, plain(), "http://"+at+path, "ann", "annann"); code != 200 || !strings.Contains(body, want) || strings.Contains(body, "5026aaaa-04") {
			t.Errorf("%s: %d\n%s", path, code, body)
		}
	}
	if _, body := get(t, plain(), "http://"+at+"/metrics/bmcs?tenant=lab-b", "ann", "annann"); strings.Contains(body, "{") {
		t.Errorf("metrics of another tenant:\n%s", body)
	}
}

// A name is not believed because the server let it pass: it lets everybody pass while
// the file has no users.
func TestNobodyIsBelieved(t *testing.T) {
	file := users(t, "ops", "ann")
	f := shared()
	g := newGate(file, f.WebAccess)
	ask := func(name, password string) bool {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://gw/", nil)
		if err != nil {
			t.Fatal(err)
		}
		if name != "" {
			r.SetBasicAuth(name, password)
		}
		_, ok := g.viewer(r)
		return ok
	}
	for _, tt := range []struct {
		name, user, password string
		want                 bool
	}{
		{"right", "ops", "opsops", true},
		{"right again, from memory", "ops", "opsops", true},
		{"wrong", "ops", "annann", false},
		{"of nobody", "eve", "eveeve", false},
		{"named, and no user of the file", "bob", "bobbob", false},
		{"none", "", "", false},
	} {
		if got := ask(tt.user, tt.password); got != tt.want {
			t.Errorf("%s: %t", tt.name, got)
		}
	}
	for what, text := range map[string]string{"empty": "", "without users": "tls_server_config: {}\n", "broken": "basic_auth_users: [\n", "with another password": "basic_auth_users: {ops: x}\n"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if ask("ops", "opsops") {
			t.Errorf("a file that is %s lets in", what)
		}
	}
	if g = newGate("", f.WebAccess); ask("ops", "opsops") {
		t.Error("a server without a file lets in")
	}
}

// A moving fleet is one whose configuration is reloaded.
type moving struct {
	fleet
	now *atomic.Pointer[admin.WebAccess]
}

func (m moving) WebAccess() admin.WebAccess { return *m.now.Load() }

// A reload holds at once, for pages that are open, too.
func TestReloadHoldsForOpenPages(t *testing.T) {
	m := moving{shared(), new(atomic.Pointer[admin.WebAccess])}
	m.now.Store(&admin.WebAccess{Admins: []string{"ops"}, Users: map[string][]string{"ann": {"lab-a", "lab-b"}}})
	at := serve(t, users(t, "ops", "ann"), m)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+at+"/live/bmcs", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth("ann", "annann")
	resp, err := plain().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() && !strings.Contains(lines.Text(), ">db<") {
	}
	m.now.Store(&admin.WebAccess{Admins: []string{"ops"}, Users: map[string][]string{"ann": {"lab-a"}}})
	if code, body := get(t, plain(), "http://"+at+"/bmcs", "ann", "annann"); code != 200 || strings.Contains(body, ">db<") {
		t.Errorf("a page after the reload: %d\n%s", code, body)
	}
	for lines.Scan() { // until the server ends the stream
		if strings.Contains(lines.Text(), ">db<") && strings.Contains(lines.Text(), "event") {
			t.Error("the stream goes on")
		}
	}
	m.now.Store(&admin.WebAccess{Admins: []string{"ops"}})
	if code, _ := get(t, plain(), "http://"+at+"/live/bmcs", "ann", "annann"); code != 403 {
		t.Errorf("a stream for somebody who sees nothing any more: %d", code)
	}
}
