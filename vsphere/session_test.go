package vsphere

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
	"github.com/vmware/govmomi/vim25/types"
)

// logins returns how often anyone logged in since the counts were reset.
func (l *lab) logins() (soap, rest int) {
	by := l.Calls()
	return by["Login"], by["POST session"]
}

func TestOneLoginASession(t *testing.T) {
	l := newLab(t, 1)
	must(t, l.Tag("bmc/acme", "lab-01"))
	l.ready(func(c *Config) { c.Tags = []string{"bmc/acme"} })
	l.eventually("all sessions", func() error {
		if soap, rest := l.logins(); soap != 2 || rest != 1 {
			return fmt.Errorf("%d SOAP and %d REST logins", soap, rest)
		}
		return nil
	})
	l.ResetCalls()
	l.KillSessions()
	key := l.key("lab-01")
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if err := l.v.NMI(t.Context(), key); err != nil {
				t.Errorf("NMI: %v", err)
			}
		})
		wg.Go(func() {
			if _, err := l.v.Boot(t.Context(), key); err != nil {
				t.Errorf("Boot: %v", err)
			}
		})
	}
	wg.Wait()
	must(t, l.SetPower("lab-01", types.VirtualMachinePowerStatePoweredOff))
	l.sees("lab-01", PoweredOff)
	l.eventually("REST login", func() error {
		if _, rest := l.logins(); rest == 0 {
			return errors.New("none")
		}
		return nil
	})
	if soap, rest := l.logins(); soap != 2 || rest != 1 {
		t.Errorf("%d SOAP and %d REST logins after the kill, want 2 and 1", soap, rest)
	}
	if n := l.NMIs("lab-01"); n != 20 {
		t.Errorf("%d NMIs, want 20: a repeated call must not act twice", n)
	}
	if s := l.v.Status(); !s.Connected || s.Logins != 6 {
		t.Errorf("status %+v, want connected and 6 logins in all", s)
	}
}

// A session that expires is no outage: verbs are answered and the state stays.
func TestKilledSessionIsNoOutage(t *testing.T) {
	l := newLab(t, 1).ready(func(c *Config) { c.Rate, c.Burst = 1000, 1000 })
	key := l.key("lab-01")
	for range 5 {
		l.KillSessions()
		for range 20 {
			if _, err := l.v.State(key); err != nil {
				t.Fatalf("State: %v", err)
			}
			if err := l.v.NMI(t.Context(), key); err != nil {
				t.Fatalf("NMI: %v", err)
			}
		}
	}
}

func TestSessionsAreClosed(t *testing.T) {
	l := newLab(t, 1)
	must(t, l.Tag("bmc/acme", "lab-01"))
	cfg := l.config()
	cfg.Tags = []string{"bmc/acme"}
	v, err := New(cfg)
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- v.Run(ctx) }()
	l.v = v
	l.eventually("logged in", func() error {
		if v.Status().Logins < 3 {
			return errors.New("not yet")
		}
		return nil
	})
	cancel()
	must(t, <-done)
	if n := l.Sessions(); n != 0 {
		t.Errorf("%d sessions left", n)
	}
	if n := l.Calls()["DELETE session"]; n != 1 {
		t.Errorf("%d REST logouts, want 1", n)
	}
	if err := v.PowerOff(t.Context(), l.key("lab-01")); !errors.Is(err, ErrUnavailable) {
		t.Errorf("verb after Run: %v, want ErrUnavailable", err)
	}
	if err := v.Run(t.Context()); err == nil {
		t.Error("Run can be called twice")
	}
}

// Two refused passwords and then silence, until the password is another one.
func TestWrongPasswordIsNotHammered(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1)
	var password atomic.Value
	password.Store("wrong")
	l.run(func(c *Config) {
		c.Password = func() (string, error) { return password.Load().(string), nil }
	})
	refused := func() error {
		if s := l.v.Status(); !strings.Contains(s.LastError, "next login in 10m0s") && !strings.Contains(s.LastError, "next login in 9m5") {
			return errors.New(s.LastError)
		}
		return nil
	}
	l.eventually("the gate shuts", refused)
	if soap, _ := l.logins(); soap != maxRefusals {
		t.Errorf("%d logins with a wrong password, want %d", soap, maxRefusals)
	}
	if err := l.v.PowerOn(t.Context(), l.key("lab-01")); !errors.Is(err, ErrUnavailable) || strings.Contains(err.Error(), "wrong") {
		t.Errorf("err = %v, want ErrUnavailable without the password", err)
	}
	password.Store("secret")
	l.sees("lab-01", PoweredOn)
	if soap, _ := l.logins(); soap > maxRefusals+2 {
		t.Errorf("%d logins in all, want %d", soap, maxRefusals+2)
	}
}

func TestPasswordThatCannotBeRead(t *testing.T) {
	l := newLab(t, 1)
	var readable atomic.Bool
	l.run(func(c *Config) {
		c.Password = func() (string, error) {
			if !readable.Load() {
				return "", errors.New("password file is gone")
			}
			return "secret", nil
		}
	})
	l.eventually("the reason", func() error {
		if s := l.v.Status(); !strings.Contains(s.LastError, "password file is gone") {
			return errors.New(s.LastError)
		}
		return nil
	})
	if soap, _ := l.logins(); soap != 0 {
		t.Errorf("%d logins without a password", soap)
	}
	readable.Store(true)
	l.sees("lab-01", PoweredOn)
}

func TestObserverIsTold(t *testing.T) {
	var mu sync.Mutex
	failed, good := make(map[string]int), make(map[string]int)
	l := newLab(t, 1).ready(func(c *Config) {
		c.OnCall = func(method string, took time.Duration, err error) {
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				failed[method]++
			} else {
				good[method]++
			}
		}
	})
	l.Inject(vspheretest.Fault{Method: "SendNMI", Fault: &types.NoPermission{}, Times: 1})
	_ = l.v.NMI(t.Context(), l.key("lab-01"))
	must(t, l.v.NMI(t.Context(), l.key("lab-01")))
	mu.Lock()
	defer mu.Unlock()
	if failed["SendNMI"] != 1 || good["SendNMI"] != 1 || good["Login"] != 2 || good["WaitForUpdatesEx"] == 0 {
		t.Errorf("failed %v, good %v", failed, good)
	}
}

// As often as a login is made, and not as often as one is put off.
func TestInsecureIsWarnedOf(t *testing.T) {
	l := newLab(t, 1)
	must(t, l.Tag("bmc/acme", "lab-01"))
	var log bytes.Buffer // written by one login at a time
	l.ready(func(c *Config) {
		c.RootCAs, c.Insecure, c.Tags = nil, true, []string{"bmc/acme"}
		c.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	})
	l.eventually("all logins", func() error {
		if n := l.v.Status().Logins; n != 3 {
			return fmt.Errorf("%d", n)
		}
		return nil
	})
	l.v.gate.mu.Lock()
	l.v.gate.opens = time.Now().Add(time.Minute)
	l.v.gate.mu.Unlock()
	f := &flight{done: make(chan struct{})}
	if l.v.newSession("late").open(t.Context(), f); f.err == nil {
		t.Error("the gate is open")
	}
	l.v.gate.turn <- struct{}{} // nobody logs in, and so nobody writes
	defer func() { <-l.v.gate.turn }()
	for kind, want := range map[string]int{"watch": 1, "operations": 1, "tags": 1, "late": 0} {
		if n := strings.Count(log.String(), "session="+kind); n != want {
			t.Errorf("%d warnings of the %s session, want %d:\n%s", n, kind, want, &log)
		}
	}
}

// Whatever the call that keeps the operations session alive meets, the next is made.
func TestKeepaliveSurvivesErrors(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1).ready()
	kept := func(what string) {
		t.Helper()
		l.ResetCalls()
		l.eventually(what, func() error {
			l.v.link.up.raise() // as the clock would, each five minutes
			if l.Calls()["CurrentTime"] == 0 {
				return errors.New("no call")
			}
			return nil
		})
	}
	l.Inject(vspheretest.Fault{Method: "CurrentTime", Fault: &types.SystemError{}, Times: 1})
	kept("a fault")
	kept("the call after it")
	remove := l.Inject(vspheretest.Fault{Method: "Login", Fault: &types.SystemError{}})
	l.v.operations.mu.Lock()
	l.v.operations.conn = nil
	l.v.operations.mu.Unlock()
	l.ResetCalls()
	l.v.link.up.raise()
	l.eventually("a login that fails", func() error {
		if soap, _ := l.logins(); soap == 0 {
			return errors.New("none")
		}
		return nil
	})
	remove()
	kept("the call after it")
}

// However often sessions are lost, one of each kind is there and not more.
func TestSessionsAreFew(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1)
	must(t, l.Tag("bmc/acme", "lab-01"))
	l.ready(func(c *Config) { c.Tags, c.Rate, c.Burst = []string{"bmc/acme"}, 1000, 1000 })
	for range 5 {
		l.KillSessions()
		for range 5 {
			must(t, l.v.NMI(t.Context(), l.key("lab-01")))
		}
		must(t, l.v.operations.close(t.Context()))
		must(t, l.v.NMI(t.Context(), l.key("lab-01")))
		if n := l.Sessions(); n > 2 {
			t.Errorf("%d SOAP sessions, want the watch's and the operations' at most", n)
		}
	}
}
