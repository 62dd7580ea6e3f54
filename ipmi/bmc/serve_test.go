package bmc

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/ipmitest"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
)

// A moodyConn returns these errors from reads before it behaves.
type moodyConn struct {
	PacketConn
	errs     []error
	writeErr error
}

func (c *moodyConn) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	if len(c.errs) > 0 {
		err := c.errs[0]
		c.errs = c.errs[1:]
		return 0, netip.AddrPort{}, err
	}
	return c.PacketConn.ReadFromUDPAddrPort(b)
}

func (c *moodyConn) WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error) {
	if c.writeErr != nil {
		return 0, c.writeErr
	}
	return c.PacketConn.WriteToUDPAddrPort(b, to)
}

func listen(t *testing.T, r *rig) *ipmitest.Conn {
	t.Helper()
	conn, err := r.network.Listen(bmcAddr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func repeat(err error, n int) []error {
	errs := make([]error, n)
	for i := range errs {
		errs[i] = err
	}
	return errs
}

func TestServeEnds(t *testing.T) {
	refused := &net.OpError{Op: "read", Err: syscall.ECONNREFUSED}
	tests := []struct {
		name string
		errs []error
		want error // nil: it serves until its context ends
	}{
		{"with its context", nil, nil},
		{"not with an error that passes", repeat(refused, maxReadErrors-1), nil},
		{"with one that does not", repeat(refused, maxReadErrors), syscall.ECONNREFUSED},
		{"with its socket", []error{net.ErrClosed}, net.ErrClosed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newBMC(t, nil)
				conn := &moodyConn{PacketConn: listen(t, r), errs: tt.errs}
				ctx, stop := context.WithTimeout(t.Context(), time.Second)
				defer stop()
				done := make(chan error, 1)
				go func() { done <- r.bmc.Serve(ctx, conn) }()
				synctest.Wait()
				if tt.want == nil {
					if err := r.console(t).Ping(t.Context()); err != nil {
						t.Errorf("ping: %v", err)
					}
				}
				if err := <-done; !errors.Is(err, tt.want) {
					t.Errorf("Serve: %v, want %v", err, tt.want)
				}
			})
		})
	}
}

// TestStopIsGraceful: a command that is held gets its answer before Serve
// returns; afterwards there are no sessions and no keys.
func TestStopIsGraceful(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newBMC(t, nil)
		conn := listen(t, r)
		r.machine.acts(time.Second, nil)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- r.bmc.Serve(ctx, conn) }()
		c := r.console(t)
		c.Timeout = 5 * time.Second
		s := login(t, c, admin)
		send(t, c, s.Request(ipmi.NetFnChassis, cmdChassisControl, control(off)))
		synctest.Wait()
		begin := time.Now()
		stop()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
		if took := time.Since(begin); took != time.Second {
			t.Errorf("stopped after %v, want 1 s", took)
		}
		if got := result(t, c, s); got.Code != ipmi.Completed {
			t.Errorf("off: %v", got.Code)
		}
		if left := r.bmc.Sessions(); len(left) != 0 {
			t.Errorf("sessions after the end: %+v", left)
		}
	})
}

// TestServeAgain on the same socket, but not twice at a time.
func TestServeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newBMC(t, nil)
		conn := listen(t, r)
		c := r.console(t)
		for range 2 {
			ctx, stop := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- r.bmc.Serve(ctx, conn) }()
			synctest.Wait()
			if err := r.bmc.Serve(ctx, conn); err == nil {
				t.Error("a second Serve at the same time: no error")
			}
			login(t, c, admin)
			stop()
			if err := <-done; err != nil {
				t.Errorf("Serve: %v", err)
			}
		}
	})
}

func TestWriteFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newBMC(t, nil)
		conn := &moodyConn{PacketConn: listen(t, r), writeErr: syscall.EPERM}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- r.bmc.Serve(ctx, conn) }()
		c := r.console(t)
		c.Tries = 1
		if err := c.Ping(t.Context()); !errors.Is(err, remote.ErrNoAnswer) {
			t.Errorf("ping: %v", err)
		}
		stop()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
		if len(r.journal.drops) != 1 || r.journal.drops[0] != DropWriteFailed {
			t.Errorf("drops: %v, want %v", r.journal.drops, DropWriteFailed)
		}
	})
}

// brokenRand has no random numbers left.
type brokenRand struct{ left int }

func (r *brokenRand) Read(p []byte) (int, error) {
	if r.left -= len(p); r.left < 0 {
		return 0, errors.New("no entropy")
	}
	return len(p), nil
}

// TestNoRandomNumbers: the packet is lost, the daemon is not.
func TestNoRandomNumbers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newBMC(t, func(c *Config) { c.Rand = &brokenRand{left: 32} })
		conn := listen(t, r)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- r.bmc.Serve(ctx, conn) }()
		c := r.console(t)
		c.Tries = 1
		if _, err := c.Login(t.Context(), loginAs(t, admin)); !errors.Is(err, remote.ErrNoAnswer) {
			t.Errorf("login: %v, want silence", err)
		}
		if err := c.Ping(t.Context()); err != nil {
			t.Errorf("ping afterwards: %v", err)
		}
		stop()
		<-done
		if r.journal.panics != 1 || len(r.journal.drops) != 1 || r.journal.drops[0] != DropPanic {
			t.Errorf("%d panics, drops %v, want one of each", r.journal.panics, r.journal.drops)
		}
	})
}

// flakyRand has random numbers until it is told otherwise.
type flakyRand struct{ broken atomic.Bool }

func (r *flakyRand) Read(p []byte) (int, error) {
	if r.broken.Load() {
		return 0, errors.New("no entropy")
	}
	return rand.Read(p)
}

// TestNoRandomNumbersForAHeldCommand: its answer is lost, the daemon is not.
func TestNoRandomNumbersForAHeldCommand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		random := &flakyRand{}
		r := newBMC(t, func(c *Config) { c.Rand = random })
		conn := listen(t, r)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- r.bmc.Serve(ctx, conn) }()
		r.machine.acts(time.Second, nil)
		c := r.console(t)
		s := login(t, c, admin)
		send(t, c, s.Request(ipmi.NetFnChassis, cmdChassisControl, control(reset)))
		synctest.Wait()
		random.broken.Store(true)
		time.Sleep(2 * time.Second)
		if err := c.Ping(t.Context()); err != nil {
			t.Errorf("ping afterwards: %v", err)
		}
		stop()
		<-done
		r.journal.read(func(j *journal) {
			if j.panics != 1 || len(j.drops) != 1 || j.drops[0] != DropPanic || len(j.audits) != 1 {
				t.Errorf("%d panics, drops %v, %d audits, want one of each", j.panics, j.drops, len(j.audits))
			}
		})
	})
}
