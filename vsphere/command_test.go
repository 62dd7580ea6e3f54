package vsphere

import (
	"errors"
	"regexp"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
	"github.com/vmware/govmomi/vim25/types"
)

// All calls of one command have its id in vCenter's log, and no other has it.
func TestOperationIDs(t *testing.T) {
	l := newLab(t, 1).ready()
	key := l.key("lab-01")
	l.ResetCalls()
	seen := make(map[string]bool)
	for range 3 {
		c := NewCommand("acme")
		if !regexp.MustCompile(`^bmc-gateway-acme-[0-9a-f]{10}$`).MatchString(c.ID()) || seen[c.ID()] {
			t.Errorf("id %q", c.ID())
		}
		seen[c.ID()] = true
		must(t, l.v.SetBootDevice(c.In(t.Context()), key, BootNetwork))
		must(t, l.v.NMI(c.In(t.Context()), key))
		for _, method := range []string{"ReconfigVM_Task", "SendNMI"} {
			if ids := l.OperationIDs(method); ids[len(ids)-1] != c.ID()+"-"+method {
				t.Errorf("%s had the id %q, want %q", method, ids[len(ids)-1], c.ID()+"-"+method)
			}
		}
	}
	for _, id := range l.OperationIDs("WaitForUpdatesEx") {
		if id != "bmc-gateway-watch-WaitForUpdatesEx" {
			t.Errorf("the watch has the id %q", id)
		}
	}
}

// A command that finds no session in time is never sent, not even when the login
// comes about a little later.
func TestCommandWaitsForNoLogin(t *testing.T) {
	l := newLab(t, 1).ready(func(c *Config) { c.Limits.Wait = 300 * time.Millisecond })
	key := l.key("lab-01")
	const login = 4 * time.Second
	l.Inject(vspheretest.Fault{Method: "Login", Delay: login, Times: 1})
	l.v.operations.mu.Lock()
	c := l.v.operations.conn
	l.v.operations.mu.Unlock()
	l.v.operations.expire(c)
	began := time.Now()
	if err := l.v.NMI(t.Context(), key); !errors.Is(err, ErrBusy) {
		t.Errorf("got %v, want ErrBusy", err)
	}
	if took := time.Since(began); took >= login {
		t.Errorf("refused after %v, want 300 ms", took)
	}
	l.eventually("logged in again", func() error {
		l.v.operations.mu.Lock()
		defer l.v.operations.mu.Unlock()
		if l.v.operations.conn == nil {
			return errors.New("not yet")
		}
		return nil
	})
	l.eventually("a command in time", func() error { return l.v.NMI(t.Context(), key) })
	if n := l.NMIs("lab-01"); n != 1 {
		t.Errorf("%d NMIs, want 1: the first was given up", n)
	}
}

// A command that vCenter has begun to carry out is not given up half way.
func TestSecondCallHasItsOwnWait(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1).ready(func(c *Config) { c.Limits.Wait = 2 * time.Second })
	key := l.key("lab-01")
	c := NewCommand("acme")
	l.Inject(vspheretest.Fault{Method: "ReconfigVM_Task", InTask: true, Delay: 3 * time.Second, Times: 1})
	must(t, l.v.SetBootDevice(c.In(t.Context()), key, BootNetwork))
	must(t, l.v.NMI(c.In(t.Context()), key))
	old := NewCommand("acme")
	pause(t.Context(), 2100*time.Millisecond)
	if err := l.v.NMI(old.In(t.Context()), key); !errors.Is(err, ErrBusy) {
		t.Errorf("a command nobody had begun: %v, want ErrBusy", err)
	}
	if n := l.NMIs("lab-01"); n != 1 {
		t.Errorf("%d NMIs, want 1", n)
	}
}

// The observer hears of every command.
func TestCommandsAreCounted(t *testing.T) {
	t.Parallel()
	fates := make(chan Fate, 10)
	l := newLab(t, 1).ready(func(c *Config) {
		c.Limits.Wait = 2 * time.Second
		c.OnCommand = func(tenant string, _ time.Duration, f Fate) {
			if tenant != "acme" {
				t.Errorf("tenant %q", tenant)
			}
			fates <- f
		}
	})
	key := l.key("lab-01")
	must(t, l.v.NMI(NewCommand("acme").In(t.Context()), key))
	l.Inject(vspheretest.Fault{Method: "SendNMI", Fault: &types.InvalidState{}, Times: 1})
	if err := l.v.NMI(NewCommand("acme").In(t.Context()), key); !errors.Is(err, ErrState) {
		t.Error(err)
	}
	old := NewCommand("acme")
	pause(t.Context(), 2100*time.Millisecond)
	if err := l.v.NMI(old.In(t.Context()), key); !errors.Is(err, ErrBusy) {
		t.Error(err)
	}
	for i, want := range []Fate{Sent, Sent, Late} {
		if got := <-fates; got != want {
			t.Errorf("command %d was %s, want %s", i, got, want)
		}
	}
}
