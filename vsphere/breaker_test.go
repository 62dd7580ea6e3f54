package vsphere

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

var errNoAnswer = errors.New("connection reset by peer")

func TestBreaker(t *testing.T) {
	answer := soap.WrapVimFault(&types.InvalidState{})
	call := func(t *testing.T, l *link, err error) {
		t.Helper()
		l.begin(time.Now())(t.Context(), err)
	}
	tests := []struct {
		name string
		play func(t *testing.T, l *link)
		open bool
	}{
		{"four in a row are borne", func(t *testing.T, l *link) {
			for range breakAfter - 1 {
				call(t, l, errNoAnswer)
			}
		}, false},
		{"five in a row open it", func(t *testing.T, l *link) {
			for range breakAfter {
				call(t, l, errNoAnswer)
			}
		}, true},
		{"an answer between starts the count anew", func(t *testing.T, l *link) {
			for n := range 3 * breakAfter {
				call(t, l, errNoAnswer)
				if n%(breakAfter-1) == 0 {
					call(t, l, nil)
				}
			}
		}, false},
		{"a fault is an answer", func(t *testing.T, l *link) {
			for range 3 * breakAfter {
				call(t, l, answer)
			}
		}, false},
		{"a caller who did not wait says nothing", func(t *testing.T, l *link) {
			gone, cancel := context.WithCancel(t.Context())
			cancel()
			for range 3 * breakAfter {
				l.begin(time.Now())(gone, gone.Err())
			}
		}, false},
		{"ten seconds without an answer open it", func(t *testing.T, l *link) {
			l.begin(time.Now())
			time.Sleep(breakTime)
		}, true},
		{"not while others are answered", func(t *testing.T, l *link) {
			l.begin(time.Now())
			for range 4 {
				time.Sleep(breakTime / 2)
				call(t, l, nil)
			}
		}, false},
		{"not when nobody asks anything", func(t *testing.T, l *link) {
			call(t, l, errNoAnswer)
			time.Sleep(time.Hour)
		}, false},
		{"an answer closes it", func(t *testing.T, l *link) {
			for range breakAfter {
				call(t, l, errNoAnswer)
			}
			call(t, l, answer)
		}, false},
		{"the watch's return closes it", func(t *testing.T, l *link) {
			for range breakAfter {
				call(t, l, errNoAnswer)
			}
			l.bad(errNoAnswer, time.Now())
			l.good(time.Now())
		}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := new(link)
				l.good(time.Now())
				tt.play(t, l)
				if err := l.check(); (err != nil) != tt.open || err != nil && !errors.Is(err, ErrUnavailable) {
					t.Errorf("check: %v, want refused: %v", err, tt.open)
				}
				if _, broken, _, _ := l.status(); broken != tt.open {
					t.Errorf("status says %v, want %v", broken, tt.open)
				}
			})
		})
	}
}

// A vCenter whose watch goes on while nothing else is answered refuses verbs at
// once, and takes them again when the probe has found it well.
func TestBreakerInAction(t *testing.T) {
	t.Parallel()
	l := newLab(t, 2).ready(func(c *Config) { c.CallTimeout = time.Second })
	key := l.key("lab-01")
	must(t, l.SetPower("lab-02", types.VirtualMachinePowerStatePoweredOff))
	l.sees("lab-02", PoweredOff)
	var heal []func()
	for _, method := range []string{"SendNMI", "CurrentTime"} {
		heal = append(heal, l.Inject(vspheretest.Fault{Method: method, Delay: 3 * time.Second}))
	}
	var all sync.WaitGroup
	for range breakAfter {
		all.Go(func() {
			if err := l.v.NMI(t.Context(), key); !errors.Is(err, ErrUnavailable) {
				t.Errorf("got %v, want ErrUnavailable", err)
			}
		})
	}
	all.Wait()
	if s := l.v.Status(); !s.CircuitOpen || s.Connected {
		t.Fatalf("status %+v, want the circuit open", s)
	}
	calls := l.Calls()["SendNMI"]
	if err := l.v.NMI(t.Context(), key); !errors.Is(err, ErrUnavailable) || l.Calls()["SendNMI"] != calls {
		t.Errorf("got %v, want a refusal without a call", err)
	}
	if _, err := l.v.State(key); err != nil {
		t.Errorf("State: %v, though the watch goes on", err)
	}
	if s, err := l.v.State(l.key("lab-02")); !errors.Is(err, ErrStale) {
		t.Errorf("State of a VM that was off: %v, %v, though vCenter answers nobody", s.Power, err)
	}
	for _, h := range heal {
		h()
	}
	l.eventually("closed by the probe", func() error {
		if s := l.v.Status(); s.CircuitOpen {
			return errors.New(s.LastError)
		}
		return nil
	})
	must(t, l.v.NMI(t.Context(), key))
	l.sees("lab-02", PoweredOff)
}
