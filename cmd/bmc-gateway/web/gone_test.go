package web

import (
	"bufio"
	"net/http"
	"os"
	"testing"
)

// A web configuration file that cannot be read while the daemon runs lets nobody in,
// and ends what is open.
func TestFileThatIsGone(t *testing.T) {
	for name, access := range map[string]func(*fleet){"users are named": func(*fleet) {}, "nobody is named": func(f *fleet) { f.access.Admins, f.access.Users = nil, nil }} {
		t.Run(name, func(t *testing.T) {
			f := shared()
			access(&f)
			file := users(t, "ops", "ann")
			at := serve(t, file, f)
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
			if resp.StatusCode != http.StatusOK {
				t.Fatal(resp.Status)
			}
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
			for _, path := range []string{"/", "/bmcs", "/live/bmcs", "/metrics", "/metrics/bmcs", "/sd/prometheus", "/readyz", "/healthz"} {
				if code, body := get(t, plain(), "http://"+at+path, "ops", "opsops"); code < 400 {
					t.Errorf("%s: %d\n%s", path, code, body)
				}
			}
			for lines := bufio.NewReader(resp.Body); err == nil; { // until the server ends it
				_, err = lines.ReadString('\n')
			}
		})
	}
}

// Without http.admins whoever is in the file sees everything, for as long as they are.
func TestUserThatIsGone(t *testing.T) {
	f := lab()
	file := users(t, "ops", "ann")
	g := newGate(file, f.WebAccess)
	ask := func(name string) bool {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://gw/", nil)
		if err != nil {
			t.Fatal(err)
		}
		if name != "" {
			r.SetBasicAuth(name, name+name)
		}
		v, ok := g.viewer(r)
		return ok && v.All
	}
	if !ask("ann") || !ask("ops") || ask("eve") {
		t.Error("those who are in the file are not those who are let in")
	}
	without, err := os.ReadFile(users(t, "ops"))
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		text           string
		ops, ann, none bool
	}{{string(without), true, false, false}, {"tls_server_config: {}\n", true, true, true}, {"basic_auth_users: [\n", false, false, false}} {
		if err := os.WriteFile(file, []byte(step.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if ops, ann, none := ask("ops"), ask("ann"), ask(""); ops != step.ops || ann != step.ann || none != step.none {
			t.Errorf("%q: ops %t, ann %t, nobody %t", step.text, ops, ann, none)
		}
	}
}
