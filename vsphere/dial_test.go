package vsphere

import (
	"crypto/sha1"
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// certificate returns what the simulator shows.
func (l *lab) certificate() *x509.Certificate {
	l.t.Helper()
	cfg := l.config()
	cfg, err := cfg.withDefaults()
	must(l.t, err)
	transport, err := newTransport(cfg)
	must(l.t, err)
	defer transport.CloseIdleConnections()
	res, err := (&http.Client{Transport: transport}).Get(l.URL().String())
	must(l.t, err)
	must(l.t, res.Body.Close())
	return res.TLS.PeerCertificates[0]
}

func TestTrust(t *testing.T) {
	sim, err := vspheretest.Start(vspheretest.Config{Name: "lab", VMs: 1, Listen: "0.0.0.0:0"})
	must(t, err)
	t.Cleanup(sim.Close)
	l := &lab{VCenter: sim, t: t}
	other := newLab(t, 0)
	short := sha1.Sum(l.certificate().Raw)
	tests := []struct {
		name  string
		trust func(*Config)
		err   string // part of it; empty: connects
	}{
		// First those that send no password: the login of another might come late.
		{"wrong CA", func(c *Config) { c.RootCAs = other.CAPool() }, "unknown authority"},
		{"the system's roots", func(c *Config) { c.RootCAs = nil }, "unknown authority"},
		{"wrong SHA-1 thumbprint", func(c *Config) { c.RootCAs, c.Thumbprint = nil, other.Thumbprint()[:59] }, "thumbprint"},
		{"wrong thumbprint", func(c *Config) { c.RootCAs, c.Thumbprint = nil, other.Thumbprint() }, "thumbprint"},
		{"right CA, wrong name", func(c *Config) {
			u := *c.URL
			u.Host = strings.Replace(u.Host, "127.0.0.1", "127.0.0.2", 1)
			c.URL = &u
		}, "not 127.0.0.2"},
		{"right CA", func(c *Config) { c.RootCAs = l.CAPool() }, ""},
		{"right thumbprint", func(c *Config) { c.RootCAs, c.Thumbprint = nil, l.Thumbprint() }, ""},
		{"right thumbprint without colons, small letters", func(c *Config) {
			c.RootCAs, c.Thumbprint = nil, strings.ToLower(strings.ReplaceAll(l.Thumbprint(), ":", ""))
		}, ""},
		{"right SHA-1 thumbprint", func(c *Config) { c.RootCAs, c.Thumbprint = nil, thumbprint(short[:]) }, ""},
		{"no check", func(c *Config) { c.RootCAs, c.Insecure = nil, true }, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := &lab{VCenter: l.VCenter, t: t}
			l.run(tt.trust)
			l.eventually("an outcome", func() error {
				if s := l.v.Status(); !s.Connected && s.LastError == "" {
					return errors.New("none")
				}
				return nil
			})
			s := l.v.Status()
			if s.Connected != (tt.err == "") || !strings.Contains(s.LastError, tt.err) {
				t.Errorf("connected %v, last error %q, want %q", s.Connected, s.LastError, tt.err)
			}
			if soap, _ := l.logins(); tt.err != "" && soap != 0 {
				t.Errorf("the password was sent to a server that is not trusted")
			}
		})
	}
}

func TestParseThumbprint(t *testing.T) {
	const full = "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff"
	for _, s := range []string{full, strings.ReplaceAll(full, ":", ""), full[:59], " " + full + "\n"} {
		if _, err := parseThumbprint(s); err != nil {
			t.Errorf("%q: %v", s, err)
		}
	}
	for _, s := range []string{"", "zz", full[:62], full + ":00"} {
		if _, err := parseThumbprint(s); err == nil {
			t.Errorf("%q was taken", s)
		}
	}
}

// A server may be the right one and yet send its client elsewhere. A POST that is
// found there goes as a GET, with the Authorization header of the REST login.
func TestRedirectIsNotFollowed(t *testing.T) {
	var followed atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed.Add(1) }))
	t.Cleanup(elsewhere.Close)
	front := httptest.NewTLSServer(http.RedirectHandler(elsewhere.URL, http.StatusFound))
	t.Cleanup(front.Close)
	pool := x509.NewCertPool()
	pool.AddCert(front.Certificate())
	u, err := url.Parse(front.URL)
	must(t, err)
	cfg, err := Config{
		Name: "front", URL: u, Username: "administrator", RootCAs: pool,
		Password: func() (string, error) { return "secret", nil },
	}.withDefaults()
	must(t, err)
	transport, err := newTransport(cfg)
	must(t, err)
	t.Cleanup(transport.CloseIdleConnections)
	if _, err := openConn(t.Context(), cfg, transport, "watch", "secret"); err == nil || !strings.Contains(err.Error(), "redirected") {
		t.Errorf("SOAP: %v, want it to say that it was redirected", err)
	}
	s := &restSession{cfg: cfg, transport: transport}
	if err := s.login(t.Context(), "secret"); err == nil || !strings.Contains(err.Error(), "redirected") {
		t.Errorf("REST: %v, want it to say that it was redirected", err)
	}
	if n := followed.Load(); n != 0 {
		t.Errorf("%d requests went elsewhere", n)
	}
}
