package vsphere

import (
	"context"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// check runs Check and returns the findings that are not fine, a line each.
func (l *lab) check(change ...func(*Config)) (bad []string, all []Finding) {
	l.t.Helper()
	cfg := l.config()
	for _, c := range change {
		c(&cfg)
	}
	ctx, cancel := context.WithTimeout(l.t.Context(), time.Minute)
	defer cancel()
	all = Check(ctx, cfg)
	for _, f := range all {
		if (f.Level == Fine) != (f.Remedy == "") {
			l.t.Errorf("%+v: a remedy belongs to what is not fine, and to nothing else", f)
		}
		if f.Level != Fine {
			bad = append(bad, f.Topic+": "+f.Text+" -> "+f.Remedy)
		}
	}
	return bad, all
}

func TestCheckFindsAllFine(t *testing.T) {
	l := newLab(t, 2)
	must(t, l.Tag("bmc/acme", "lab-01"))
	bad, all := l.check(selects("/DC0/vm"), func(c *Config) {
		c.Tags = []string{"bmc/acme"}
		c.Selectors = append(c.Selectors, inventory.Selector{Tags: c.Tags})
	})
	if len(bad) > 0 {
		t.Errorf("found %q", bad)
	}
	var topics []string
	for _, f := range all {
		topics = append(topics, f.Topic)
	}
	if want := []string{"login", "clock", "folder /DC0/vm", "tag bmc/acme", "privileges"}; !slices.Equal(topics, want) {
		t.Errorf("topics %q, want %q", topics, want)
	}
	if n := l.Sessions(); n != 0 {
		t.Errorf("%d sessions left", n)
	}
	// It reads, and makes nothing but what belongs to its own session.
	reads := []string{"RetrieveServiceContent", "Login", "Logout", "CurrentTime", "CreatePropertyCollector", "CreateContainerView",
		"CreateFilter", "WaitForUpdatesEx", "FindByInventoryPath", "FetchUserPrivilegeOnEntities", "RetrievePropertiesEx",
		"CancelRetrievePropertiesEx", "DestroyPropertyFilter", "DestroyView", "DestroyPropertyCollector",
		"CreateCollectorForEvents", "ReadNextEvents", "POST tag id list-tags-for-category", "POST session", "DELETE session", "POST tag-association list-attached-objects-on-tags"}
	for method := range l.Calls() {
		if !slices.Contains(reads, method) && !strings.HasPrefix(method, "GET ") {
			t.Errorf("%s was called", method)
		}
	}
}

func TestCheckFindsWhatIsWrong(t *testing.T) {
	other, err := vspheretest.Start(vspheretest.Config{Name: "other"})
	must(t, err)
	t.Cleanup(other.Close)
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	must(t, nobody.Close())
	password := func(p string) func(*Config) {
		return func(c *Config) { c.Password = func() (string, error) { return p, nil } }
	}
	tests := []struct {
		name   string
		deny   []string
		change []func(*Config)
		want   []string // part of each line
	}{
		{name: "wrong password", change: []func(*Config){password("wrong")}, want: []string{"SSO locks an account"}},
		{name: "wrong password for a token", change: []func(*Config){password("wrong"), byToken}, want: []string{"SSO locks an account"}},
		{name: "unknown CA", change: []func(*Config){func(c *Config) { c.RootCAs = other.CAPool() }}, want: []string{`thumbprint: "`}},
		{name: "wrong thumbprint", change: []func(*Config){func(c *Config) { c.RootCAs, c.Thumbprint = nil, other.Thumbprint() }}, want: []string{"it was renewed"}},
		{name: "nobody there", change: []func(*Config){func(c *Config) { u := *c.URL; u.Host = nobody.Addr().String(); c.URL = &u }}, want: []string{"the way to TCP port"}},
		{name: "no check of the certificate", change: []func(*Config){func(c *Config) { c.RootCAs, c.Insecure = nil, true }}, want: []string{"certificate: is not checked"}},
		{name: "no such folder", change: []func(*Config){selects("/DC0/vm/none")}, want: []string{"folder /DC0/vm/none: not found -> correct select.folders"}},
		{name: "no such tag", change: []func(*Config){byToken}, want: []string{`tag "bmc/acme": `}},
		{name: "empty folder", change: []func(*Config){selects("/DC0/vm/empty")}, want: []string{"selects no VM: /DC0/vm/empty"}},
		{name: "missing privileges", deny: []string{powerOn, nmi}, change: []func(*Config){selects("/DC0/vm")},
			want: []string{"the role lacks " + powerOn + " on lab-01: power on", "the role lacks " + nmi}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := newLab(t, 1)
			_, err := l.CreateFolder("empty")
			must(t, err)
			for _, p := range tt.deny {
				l.Deny(p, "")
			}
			bad, _ := l.check(tt.change...)
			if len(bad) != len(tt.want) {
				t.Fatalf("found %q, want %d findings", bad, len(tt.want))
			}
			for i, want := range tt.want {
				if !strings.Contains(bad[i], want) {
					t.Errorf("found %q, want %q in it", bad[i], want)
				}
			}
			if n := l.Calls()["Login"] + l.Calls()["IssueToken"]; strings.HasPrefix(tt.name, "wrong password") && n != 1 {
				t.Errorf("%d logins with a wrong password, want one", n)
			}
		})
	}
}

func TestCheckOfAHost(t *testing.T) {
	l := newHost(t, 1)
	bad, _ := l.check(selects("/ha-datacenter/vm"), func(c *Config) { c.Tags = []string{"bmc/acme"} })
	if len(bad) != 1 || !strings.Contains(bad[0], "a standalone ESXi host has no tags") {
		t.Errorf("found %q", bad)
	}
	if bad, _ = l.check(func(c *Config) { c.Auth = AuthToken }); len(bad) != 1 || !strings.Contains(bad[0], "has no token service") {
		t.Errorf("found %q", bad)
	}
	if n := l.Sessions(); n != 0 {
		t.Errorf("%d sessions left", n)
	}
}

func TestCheckOfTheClock(t *testing.T) {
	for skew, want := range map[time.Duration]Level{0: Fine, -59 * time.Second: Fine, 2 * time.Minute: Doubtful, -time.Hour: Doubtful} {
		s := new(survey)
		if s.clock(skew); s.findings[0].Level != want {
			t.Errorf("%v: %+v", skew, s.findings)
		}
	}
}

func TestOlderThan(t *testing.T) {
	for version, want := range map[string]bool{"6.0": true, "5.5": true, "6.5": false, "6.7.3": false, "8.0.3.0": false, "10.0": false, "": false, "x": false, "7": false} {
		if got := olderThan(version, oldVersion); got != want {
			t.Errorf("olderThan(%q) = %v", version, got)
		}
	}
}
