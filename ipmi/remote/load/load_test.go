package load

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc/bmctest"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
)

// listen opens a socket that is closed with the test.
func listen(t *testing.T) (*net.UDPConn, netip.AddrPort) {
	t.Helper()
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // or the server has done so
	return conn, conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

// serveEcho answers each packet with what change makes of it.
func serveEcho(t *testing.T, change func([]byte) []byte) netip.AddrPort {
	t.Helper()
	conn, addr := listen(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		b := make([]byte, 2*EchoSize)
		for {
			n, from, err := conn.ReadFromUDPAddrPort(b)
			if err != nil {
				return
			}
			if answer := change(b[:n]); answer != nil {
				_, _ = conn.WriteToUDPAddrPort(answer, from)
			}
		}
	}()
	t.Cleanup(func() { conn.Close(); <-done })
	return addr
}

// A lossy socket loses one answer, the tenth.
type lossy struct {
	*net.UDPConn
	sent atomic.Int32
}

func (l *lossy) WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error) {
	if l.sent.Add(1) == 10 {
		return len(b), nil
	}
	return l.UDPConn.WriteToUDPAddrPort(b, to)
}

// serveBMC serves a BMC for one account and returns how to log in.
func serveBMC(t *testing.T, id ipmi.CipherSuiteID) (*bmc.BMC, netip.AddrPort, remote.Login) {
	t.Helper()
	b, addr := bmctest.Serve(t, []bmc.Account{account}, id)
	return b, addr, login(t, id)
}

var account = bmc.Account{Name: "admin", Password: "secret", Privilege: ipmi.Administrator}

func login(t *testing.T, id ipmi.CipherSuiteID) remote.Login {
	t.Helper()
	suite, err := ipmi.CipherSuiteByID(id)
	if err != nil {
		t.Fatal(err)
	}
	return remote.Login{Suite: suite, User: account.Name, Password: string(account.Password), Privilege: account.Privilege}
}

func TestRun(t *testing.T) {
	for _, o := range []Operation{Command, Session} {
		for _, id := range []ipmi.CipherSuiteID{3, 17} {
			b, addr, login := serveBMC(t, id)
			r, err := Run(t.Context(), Config{
				Target: addr, Operation: o, Login: login, Concurrency: 2, Duration: 500 * time.Millisecond, PID: os.Getpid(),
			})
			if err != nil {
				t.Fatal(err)
			}
			if r.Errors != 0 || r.Operations == 0 || r.PerSecond <= 0 || r.P50 <= 0 || r.P99 < r.P50 {
				t.Errorf("%s, suite %d: %+v", o, id, r)
			}
			if got := b.Stats().Requests; got < r.Operations {
				t.Errorf("%s, suite %d: %d operations, but the BMC has answered %d commands", o, id, r.Operations, got)
			}
			if left := b.Sessions(); len(left) != 0 {
				t.Errorf("%s, suite %d: %d sessions left open", o, id, len(left))
			}
		}
	}
}

func TestRunEcho(t *testing.T) {
	addr := serveEcho(t, func(b []byte) []byte { return b })
	r, err := Run(t.Context(), Config{Target: addr, Operation: Echo, Concurrency: 4, Warm: time.Millisecond, Duration: 500 * time.Millisecond})
	if err != nil || r.Errors != 0 || r.Operations == 0 || r.ServerCPU != 0 {
		t.Errorf("got %+v, error %v", r, err)
	}
}

func TestRunCountsErrors(t *testing.T) {
	addr := serveEcho(t, func(b []byte) []byte { return append(b, 0) })
	r, err := Run(t.Context(), Config{Target: addr, Operation: Echo, Concurrency: 1, Duration: 500 * time.Millisecond})
	if err != nil || r.Errors == 0 || r.FirstError == nil || r.Operations != 0 {
		t.Errorf("got %+v, error %v", r, err)
	}
}

// What is not asked again is lost.
func TestRunCountsLosses(t *testing.T) {
	for _, tt := range []struct {
		name  string
		tries int
		lost  uint64
	}{
		{"asked once", 1, 1},
		{"asked again", 0, 0},
	} {
		conn, addr := listen(t)
		bmctest.ServeOn(t, &lossy{UDPConn: conn}, []bmc.Account{account}, 17)
		r, err := Run(t.Context(), Config{Target: addr, Operation: Command, Login: login(t, 17), Concurrency: 1, Tries: tt.tries, Duration: 1500 * time.Millisecond})
		if err != nil || r.Errors != tt.lost || r.Operations == 0 {
			t.Errorf("%s: %d lost, want %d; %d answered, error %v", tt.name, r.Errors, tt.lost, r.Operations, err)
		}
	}
}

func TestRunCannotBegin(t *testing.T) {
	_, addr, login := serveBMC(t, 17)
	wrong := login
	wrong.Password = "Secret"
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tt := range []struct {
		name   string
		ctx    context.Context
		config Config
		want   error // nil: any
	}{
		{"nothing to do", t.Context(), Config{Target: addr, Operation: Command, Login: login}, nil},
		{"unknown operation", t.Context(), Config{Target: addr, Operation: "sing", Concurrency: 1, Duration: 1}, nil},
		{"wrong password", t.Context(), Config{Target: addr, Operation: Command, Login: wrong, Concurrency: 1, Duration: 1}, remote.ErrPassword},
		{"context is over", over, Config{Target: addr, Operation: Echo, Concurrency: 1, Duration: time.Hour}, context.Canceled},
		{"no such process", t.Context(), Config{Target: addr, Operation: Command, Login: login, Concurrency: 1, Duration: 1, PID: 1 << 30}, os.ErrNotExist},
	} {
		if _, err := Run(tt.ctx, tt.config); err == nil || tt.want != nil && !errors.Is(err, tt.want) {
			t.Errorf("%s: got error %v, want %v", tt.name, err, tt.want)
		}
	}
}
