package vsphere

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
	"github.com/vmware/govmomi/vim25/types"
)

func byToken(c *Config) { c.Auth, c.Tags = AuthToken, []string{"bmc/acme"} }

// Each session is opened with a token of its own, and the password goes nowhere else.
func TestTokenLogin(t *testing.T) {
	l := newLab(t, 1)
	must(t, l.Tag("bmc/acme", "lab-01"))
	l.ready(byToken)
	l.sees("lab-01", PoweredOn)
	check := func() {
		t.Helper()
		l.eventually("three logins by token", func() error {
			by := l.Calls()
			if by["IssueToken"] != 3 || by["LoginByToken"] != 2 || by["POST session"] != 1 || by["Login"] != 0 {
				return fmt.Errorf("%v", by)
			}
			return nil
		})
	}
	check()
	l.ResetCalls()
	l.KillSessions()
	must(t, l.v.NMI(t.Context(), l.key("lab-01")))
	check()
}

// The token service counts wrong passwords as vCenter does.
func TestTokenRefused(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1)
	var password atomic.Value
	password.Store("wrong")
	l.run(func(c *Config) {
		c.Auth, c.Password = AuthToken, func() (string, error) { return password.Load().(string), nil }
	})
	l.eventually("the gate shuts", func() error {
		if s := l.v.Status(); !strings.Contains(s.LastError, "FailedAuthentication: Invalid credentials (next login in 9m5") {
			return errors.New(s.LastError)
		}
		return nil
	})
	if n := l.Calls()["IssueToken"]; n != maxRefusals {
		t.Errorf("%d tokens asked for with a wrong password, want %d", n, maxRefusals)
	}
	password.Store("secret")
	l.sees("lab-01", PoweredOn)
}

// A token service that does not work is an outage and no wrong password.
func TestTokenServiceGone(t *testing.T) {
	l := newLab(t, 1)
	remove := l.Inject(vspheretest.Fault{Method: "IssueToken", Status: 503})
	l.run(byToken, func(c *Config) { c.Tags = nil })
	l.eventually("the reason", func() error {
		if s := l.v.Status(); !strings.Contains(s.LastError, "503") {
			return errors.New(s.LastError)
		}
		return nil
	})
	remove()
	l.sees("lab-01", PoweredOn)
}

func TestTokenErrorNamesTheClocks(t *testing.T) {
	err := error(&tokenError{code: "InvalidTimeRange", text: "rejected"})
	if !strings.Contains(err.Error(), "clocks") || isRefusal(err) || !answered(err) {
		t.Errorf("%v: refusal %v, answered %v", err, isRefusal(err), answered(err))
	}
}

// The password is changed in vCenter and in the file while all runs: the sessions
// that are open go on, and the next logins use the new one.
func TestRotatedPassword(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1)
	file := filepath.Join(t.TempDir(), "password")
	must(t, os.WriteFile(file, []byte("secret"), 0o600))
	l.ready(func(c *Config) {
		c.Password = func() (string, error) {
			text, err := os.ReadFile(file)
			return string(text), err
		}
	})
	key := l.key("lab-01")
	l.SetLogin(l.config().Username, "changed")
	must(t, l.v.NMI(t.Context(), key))
	if s := l.v.Status(); !s.Connected || s.Logins != 2 {
		t.Errorf("status %+v, want the two sessions to go on", s)
	}

	// Both are lost before the file has the new password: two refusals, no more.
	l.ResetCalls()
	l.KillSessions()
	l.eventually("the gate shuts", func() error {
		if s := l.v.Status(); !strings.Contains(s.LastError, "next login in 9m5") {
			return errors.New(s.LastError)
		}
		return nil
	})
	if soap, _ := l.logins(); soap != maxRefusals {
		t.Errorf("%d logins with the old password, want %d", soap, maxRefusals)
	}
	must(t, os.WriteFile(file, []byte("changed"), 0o600))
	l.eventually("verbs again", func() error { return l.v.NMI(t.Context(), key) })
	must(t, l.SetPower("lab-01", types.VirtualMachinePowerStatePoweredOff))
	l.sees("lab-01", PoweredOff)
	if soap, _ := l.logins(); soap != maxRefusals+2 {
		t.Errorf("%d logins in all, want %d", soap, maxRefusals+2)
	}
}

// A solution user has no password: the key of its certificate signs.
func TestCertificateLogin(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	secret := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	secret = append(secret, pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})...)

	for _, trusted := range []bool{true, false} {
		t.Run(fmt.Sprintf("trusted %v", trusted), func(t *testing.T) {
			c := vspheretest.Config{Name: "lab", VMs: 1, Prefix: "lab"}
			if trusted {
				c.Certificate = der
			}
			sim, err := vspheretest.Start(c)
			must(t, err)
			t.Cleanup(sim.Close)
			must(t, sim.Tag("bmc/acme", "lab-01"))
			l := (&lab{VCenter: sim, t: t}).run(func(c *Config) {
				c.Auth, c.Username, c.Tags = AuthCertificate, "", []string{"bmc/acme"}
				c.Password = func() (string, error) { return string(secret), nil }
			})
			if trusted {
				l.selected(inventory.Selector{Tags: []string{"bmc/acme"}}, "lab-01")
				return
			}
			l.eventually("the reason", func() error {
				if s := l.v.Status(); !strings.Contains(s.LastError, "FailedAuthentication") || strings.Contains(s.LastError, "BEGIN") {
					return errors.New(s.LastError)
				}
				return nil
			})
		})
	}
}
