package vsphere

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vmware/govmomi/vim25/types"
)

// A door counts the logins that reach vCenter and answers them all alike.
type door struct {
	at  []time.Duration
	err error
}

// knock tries each period until d has passed and returns when vCenter was asked.
func (o *door) knock(t *testing.T, g *gate, password func() string, d time.Duration) []time.Duration {
	t.Helper()
	start := time.Now()
	for time.Since(start) < d {
		err := g.attempt(t.Context(), func() (string, error) { return password(), nil }, func(context.Context, string) error {
			o.at = append(o.at, time.Since(start))
			return o.err
		})
		if err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return o.at
}

func constant(s string) func() string { return func() string { return s } }

func TestGateSpacesFailures(t *testing.T) {
	tests := []struct {
		name    string
		err     error
		longest time.Duration
	}{
		{"vCenter answers", soapError(&types.SystemError{}), answeredCap},
		{"vCenter does not answer", errors.New("connection refused"), unansweredCap},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				at := (&door{err: tt.err}).knock(t, newGate(), constant("secret"), 10*time.Minute)
				if at[1] > 400*time.Millisecond {
					t.Errorf("first retry after %v, want quickly", at[1])
				}
				for i := 2; i < len(at); i++ {
					gap, want := at[i]-at[i-1], min(time.Second<<min(i-2, 20), tt.longest)
					if gap < want*8/10 || gap > want*12/10 {
						t.Errorf("gap %d is %v, want about %v", i, gap, want)
					}
				}
				if len(at) < 8 {
					t.Errorf("only %d tries in ten minutes", len(at))
				}
			})
		})
	}
}

func TestGateStopsAtRefusals(t *testing.T) {
	refused := soapError(&types.InvalidLogin{})
	synctest.Test(t, func(t *testing.T) {
		at := (&door{err: refused}).knock(t, newGate(), constant("old"), 35*time.Minute)
		if len(at) != 5 { // two at once, then one each ten minutes
			t.Errorf("asked at %v, want two tries and then one in ten minutes", at)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		rotating := func() string {
			if time.Since(start) < 5*time.Minute {
				return "old"
			}
			return "new"
		}
		at := (&door{err: refused}).knock(t, newGate(), rotating, 9*time.Minute)
		if len(at) != 4 || at[2] < 5*time.Minute || at[2] > 5*time.Minute+time.Second {
			t.Errorf("asked at %v, want the new password to be tried at once, twice", at)
		}
	})
}

func TestGateForgetsAfterSuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, o := newGate(), &door{err: soapError(&types.InvalidLogin{})}
		pw := constant("secret")
		_ = g.attempt(t.Context(), func() (string, error) { return pw(), nil }, func(context.Context, string) error { return o.err })
		time.Sleep(time.Second)
		o.err = nil
		o.knock(t, g, pw, time.Minute)
		if g.count() != 1 || g.wait() > 0 {
			t.Errorf("%d logins, shut for %v, want one and open", g.count(), g.wait())
		}
		o.err, o.at = soapError(&types.InvalidLogin{}), nil
		if at := o.knock(t, g, pw, 5*time.Second); len(at) != 2 {
			t.Errorf("asked at %v, want two tries again", at)
		}
	})
}

func TestGateLetsOneIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		var mu sync.Mutex
		inside, most := 0, 0
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				_ = g.attempt(t.Context(), func() (string, error) { return "", nil }, func(context.Context, string) error {
					mu.Lock()
					inside++
					most = max(most, inside)
					mu.Unlock()
					time.Sleep(time.Second)
					mu.Lock()
					inside--
					mu.Unlock()
					return nil
				})
			})
		}
		wg.Wait()
		if most != 1 {
			t.Errorf("%d logins at once, want 1", most)
		}
	})
}

func TestBackoff(t *testing.T) {
	for n := 1; n < 100; n++ {
		if d := backoff(n, time.Minute); d < 200*time.Millisecond || d > 70*time.Second {
			t.Errorf("backoff(%d) = %v", n, d)
		}
	}
}

// A password that was refused once says nothing of an outage that follows.
func TestGateSpacesFailuresAfterARotation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, o := newGate(), &door{err: soapError(&types.InvalidLogin{})}
		o.knock(t, g, constant("old"), 20*time.Millisecond)
		o.err, o.at = errors.New("connection refused"), nil
		if at := o.knock(t, g, constant("new"), time.Minute); len(at) > 9 {
			t.Errorf("%d tries in a minute of an outage: %v", len(at), at)
		}
	})
}

// Each login succeeds and each session is lost at once.
func TestGateLimitsLogins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, n := newGate(), 0
		var last error
		for start := time.Now(); time.Since(start) < 10*time.Minute; time.Sleep(50 * time.Millisecond) {
			last = g.attempt(t.Context(), func() (string, error) { return "secret", nil }, func(context.Context, string) error { n++; return nil })
		}
		if most := loginBurst + int(10*time.Minute/loginEvery) + 1; n > most || n < loginBurst {
			t.Errorf("%d logins in ten minutes, want at most %d", n, most)
		}
		if !errors.Is(last, errSessionsEnd) {
			t.Errorf("err = %v, want the reason", last)
		}
		time.Sleep(time.Hour)
		for i := range loginBurst {
			if err := g.attempt(t.Context(), func() (string, error) { return "secret", nil }, func(context.Context, string) error { return nil }); err != nil {
				t.Fatalf("login %d after a quiet hour: %v", i, err)
			}
		}
	})
}
