package vsphere

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// nobody is a dispatcher's batch in tests where none may come.
func nobody([]*ticket) bool { panic("a batch") }

// pass has a tenant's command wait and, when its turn comes, make a call that
// takes a while. The channel tells how it ended, and when its turn came.
type passed struct {
	err error
	at  time.Time
}

func pass(t *testing.T, d *dispatcher, c *Command, call time.Duration) <-chan passed {
	t.Helper()
	done := make(chan passed, 1)
	go func() {
		err := d.enter(t.Context(), &ticket{command: c, by: c.sendBy(d.limits.Wait), must: c.must.Load()})
		at := time.Now()
		if err == nil {
			time.Sleep(call) // of the bubble
			d.leave()
		}
		done <- passed{err, at}
	}()
	synctest.Wait()
	return done
}

func TestDispatcherRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDispatcher(Limits{Rate: 5, Burst: 4, AtOnce: 100, Wait: time.Minute}.withDefaults(), []TenantShare{{Tenant: "a", Rate: 100, Burst: 100}}, nobody)
		began := time.Now()
		var all []<-chan passed
		for range 10 {
			all = append(all, pass(t, d, NewCommand("a"), 0))
		}
		for i, c := range all {
			p := <-c
			want := max(0, time.Duration(i-3)*200*time.Millisecond)
			if got := p.at.Sub(began); p.err != nil || (got-want).Abs() > 10*time.Millisecond {
				t.Errorf("command %d went after %v with %v, want after %v", i, got, p.err, want)
			}
		}
	})
}

func TestDispatcherAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDispatcher(Limits{Rate: 1000, Burst: 1000, AtOnce: 2, Wait: time.Minute}.withDefaults(), nil, nobody)
		began := time.Now()
		var all []<-chan passed
		for range 6 {
			all = append(all, pass(t, d, NewCommand("a"), time.Second))
		}
		for i, c := range all {
			want := time.Duration(i/2) * time.Second
			if got := (<-c).at.Sub(began); got != want {
				t.Errorf("command %d went after %v, want %v", i, got, want)
			}
		}
	})
}

// A tenant's own rate holds it back, and nobody else with it.
func TestDispatcherTenantRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDispatcher(Limits{Rate: 1000, Burst: 1000, Wait: time.Minute}.withDefaults(),
			[]TenantShare{{Tenant: "a", Rate: 1, Burst: 1}, {Tenant: "b"}}, nobody)
		began := time.Now()
		first, second := pass(t, d, NewCommand("a"), 0), pass(t, d, NewCommand("a"), 0)
		other := pass(t, d, NewCommand("b"), 0)
		for i, want := range []time.Duration{0, time.Second, 0} {
			got := <-[]<-chan passed{first, second, other}[i]
			if got.err != nil || (got.at.Sub(began)-want).Abs() > 10*time.Millisecond {
				t.Errorf("%d went after %v with %v, want after %v", i, got.at.Sub(began), got.err, want)
			}
		}
	})
}

// However many commands of one tenant wait, another's goes next.
func TestDispatcherIsFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDispatcher(Limits{Rate: 5, Burst: 1, Wait: time.Minute}.withDefaults(), []TenantShare{{Tenant: "a", Rate: 100, Burst: 100}, {Tenant: "b"}}, nobody)
		for range 150 {
			pass(t, d, NewCommand("a"), 0)
		}
		began := time.Now()
		if p := <-pass(t, d, NewCommand("b"), 0); p.err != nil || p.at.Sub(began) > 500*time.Millisecond {
			t.Errorf("the other tenant's went after %v with %v, want within two turns", p.at.Sub(began), p.err)
		}
		d.close()
	})
}

func TestDispatcherRefuses(t *testing.T) {
	limits := Limits{Rate: 0.001, Burst: 1, Queue: 2, Wait: 2 * time.Second}.withDefaults()
	tests := map[string]func(t *testing.T, d *dispatcher){
		"at once when too many of the tenant wait": func(t *testing.T, d *dispatcher) {
			pass(t, d, NewCommand("a"), 0)
			pass(t, d, NewCommand("a"), 0)
			began := time.Now()
			if p := <-pass(t, d, NewCommand("a"), 0); !errors.Is(p.err, ErrBusy) || fateOf(p.err) != Full || time.Since(began) != 0 {
				t.Errorf("after %v: %v", time.Since(began), p.err)
			}
			if p := pass(t, d, NewCommand("b"), 0); len(p) != 0 {
				t.Error("another tenant's was refused too")
			}
		},
		"when the wait is over": func(t *testing.T, d *dispatcher) {
			began := time.Now()
			if p := <-pass(t, d, NewCommand("a"), 0); !errors.Is(p.err, ErrBusy) || fateOf(p.err) != Late || time.Since(began) != 2*time.Second {
				t.Errorf("after %v: %v", time.Since(began), p.err)
			}
		},
		"counting from when it was asked for": func(t *testing.T, d *dispatcher) {
			c := NewCommand("a")
			time.Sleep(1500 * time.Millisecond)
			if p := <-pass(t, d, c, 0); fateOf(p.err) != Late || time.Since(c.asked) != 2*time.Second {
				t.Errorf("after %v: %v", time.Since(c.asked), p.err)
			}
		},
		"not what has to be carried out": func(t *testing.T, d *dispatcher) {
			pass(t, d, NewCommand("a"), 0)
			pass(t, d, NewCommand("a"), 0)
			c := NewCommand("a")
			Commit(c.In(t.Context()))
			if p := <-pass(t, d, c, 0); p.err != nil || time.Since(c.asked) < 10*time.Minute {
				t.Errorf("after %v: %v", time.Since(c.asked), p.err)
			}
		},
		"what waits when Run ends": func(t *testing.T, d *dispatcher) {
			waiting := pass(t, d, NewCommand("a"), 0)
			d.close()
			if p := <-waiting; !errors.Is(p.err, ErrBusy) {
				t.Errorf("waiting: %v", p.err)
			}
			if p := <-pass(t, d, NewCommand("a"), 0); !errors.Is(p.err, ErrUnavailable) {
				t.Errorf("afterwards: %v", p.err)
			}
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDispatcher(limits, []TenantShare{{Tenant: "a"}, {Tenant: "b"}}, nobody)
				if p := <-pass(t, d, NewCommand("a"), 0); p.err != nil { // the burst
					t.Fatal(p.err)
				}
				test(t, d)
				d.close()
			})
		})
	}
}

// Whoever goes away while he waits is sent nothing, and his place is free.
func TestDispatcherGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDispatcher(Limits{Rate: 0.1, Burst: 1, Wait: time.Hour}.withDefaults(), nil, nobody)
		<-pass(t, d, NewCommand("a"), 0)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := d.enter(ctx, &ticket{command: NewCommand("a")})
		if !errors.Is(err, context.DeadlineExceeded) || fateOf(err) != Missed {
			t.Errorf("got %v", err)
		}
		if _, waiting := d.load(); waiting[""] != 0 {
			t.Errorf("%d still wait", waiting[""])
		}
		d.close()
	})
}

// TestDispatcherStorm throws commands of several tenants at a dispatcher from many
// goroutines: each has one end, no limit is broken, and none goes too late.
func TestDispatcherStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limits := Limits{Rate: 50, Burst: 10, AtOnce: 3, Queue: 20, Wait: time.Second}.withDefaults()
		d := newDispatcher(limits, []TenantShare{{Tenant: "0", Rate: 30, Burst: 5}, {Tenant: "1", Rate: 30, Burst: 5, Weight: 2}}, nobody)
		began := time.Now()
		var sent, refused, underWay, most atomic.Int64
		var wg sync.WaitGroup
		for n := range 400 {
			wg.Go(func() {
				time.Sleep(time.Duration(n) * 10 * time.Millisecond)
				c := NewCommand(fmt.Sprint(n % 2))
				err := d.enter(t.Context(), &ticket{command: c, by: c.sendBy(limits.Wait)})
				if err != nil {
					refused.Add(1)
					return
				}
				sent.Add(1)
				if late := time.Since(c.asked); late > limits.Wait {
					t.Errorf("sent after %v", late)
				}
				most.Store(max(most.Load(), underWay.Add(1)))
				time.Sleep(30 * time.Millisecond)
				underWay.Add(-1)
				d.leave()
			})
		}
		wg.Wait()
		if sent.Load()+refused.Load() != 400 || most.Load() > int64(limits.AtOnce) {
			t.Errorf("%d sent, %d refused, %d at once", sent.Load(), refused.Load(), most.Load())
		}
		if limit := int64(10 + 50*time.Since(began).Seconds()); sent.Load() > limit || sent.Load() < 150 {
			t.Errorf("%d sent in %v, the limit allows %d", sent.Load(), time.Since(began), limit)
		}
		if n, waiting := d.load(); n != 0 || waiting["0"]+waiting["1"] != 0 {
			t.Errorf("%d under way and %v waiting at the end", n, waiting)
		}
	})
}

// Many power-ons that wait go in batches, others stay what they are.
func TestDispatcherBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sizes []int
		var d *dispatcher
		d = newDispatcher(Limits{Rate: 1, Burst: 1, BatchFrom: 4, BatchMost: 8, Wait: time.Minute}.withDefaults(), nil, func(together []*ticket) bool {
			sizes = append(sizes, len(together))
			go func() {
				for _, t := range together {
					t.outcome <- outcome{}
				}
				d.leave()
			}()
			return true
		})
		<-pass(t, d, NewCommand(""), 0)
		var wg sync.WaitGroup
		enter := func(vm *startable) {
			wg.Go(func() {
				tk := &ticket{command: NewCommand(""), vm: vm}
				if err := d.enter(t.Context(), tk); err != nil {
					t.Error(err)
				}
				if tk.outcome != nil {
					<-tk.outcome
				} else {
					d.leave()
				}
			})
			synctest.Wait()
		}
		for n := range 22 {
			if n == 1 || n == 12 {
				enter(nil) // another kind of command
			} else {
				enter(&startable{key: inventory.Key{VM: fmt.Sprint(n)}})
			}
		}
		began := time.Now()
		wg.Wait()
		// 8 and another; 8 and another; 4.
		if fmt.Sprint(sizes) != "[8 8 4]" || time.Since(began).Round(time.Second) != 5*time.Second {
			t.Errorf("batches of %v in %v", sizes, time.Since(began))
		}
		d.close()
	})
}

// BenchmarkDispatcher is one command through an idle dispatcher.
func BenchmarkDispatcher(b *testing.B) {
	d := newDispatcher(Limits{Rate: 1e9, Burst: 1e9}.withDefaults(), []TenantShare{{Tenant: "a", Rate: 1e9, Burst: 1e9}}, nobody)
	c := NewCommand("a")
	b.ReportAllocs()
	for b.Loop() {
		if err := d.enter(b.Context(), &ticket{command: c, by: c.sendBy(time.Hour), must: true}); err != nil {
			b.Fatal(err)
		}
		d.leave()
	}
}
