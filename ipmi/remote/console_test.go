package remote_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/ipmitest"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
)

// piped starts r on a network in memory and returns a console for it.
func piped(t *testing.T, r *responder, f ipmitest.Faults) *remote.Console {
	t.Helper()
	bmc, end := ipmitest.Pipe(3, f)
	r.conn = bmc
	r.start(t)
	c := remote.New(end, bmc.AddrPort())
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func admin(t *testing.T, id ipmi.CipherSuiteID) remote.Login {
	t.Helper()
	suite, err := ipmi.CipherSuiteByID(id)
	if err != nil {
		t.Fatal(err)
	}
	return remote.Login{Suite: suite, User: "admin", Password: "secret", Privilege: ipmi.Administrator}
}

func login(t *testing.T, c *remote.Console, l remote.Login) *remote.Session {
	t.Helper()
	s, err := c.Login(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestConsoleOnUDP(t *testing.T) {
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	(&responder{conn: conn}).start(t)
	c, err := remote.Dial(conn.LocalAddr().(*net.UDPAddr).AddrPort())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := c.Ping(t.Context()); err != nil {
		t.Errorf("ping: %v", err)
	}
	s := login(t, c, admin(t, 17))
	r, err := s.Command(t.Context(), ipmi.NetFnApp, 1, []byte{1, 2, 3})
	if err != nil || !bytes.Equal(r.Data, []byte{1, 2, 3}) {
		t.Errorf("got %+v, error %v", r, err)
	}
	if answer, err := c.Exchange(t.Context(), s.Last()); err != nil {
		t.Errorf("replay: %v", err)
	} else if _, ok := s.Open(answer, ipmi.PayloadIPMI); !ok {
		t.Errorf("replay: % x is no answer of this session", answer)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Errorf("close: %v", err)
	}
}

func TestLogin(t *testing.T) {
	tests := []struct {
		name   string
		suite  ipmi.CipherSuiteID
		change func(*remote.Login)
		bmc    responder
		want   error
		status ipmi.Status
	}{
		{name: "suite 3", suite: 3},
		{name: "suite 17", suite: 17},
		{name: "own session ID", suite: 17, change: func(l *remote.Login) { l.ConsoleID = 0xA0A2A3A4 }},
		{name: "suite 0", suite: 17, change: func(l *remote.Login) { l.Suite = ipmi.CipherSuite{} }, status: ipmi.StatusNoSuite},
		{name: "unknown user", suite: 17, change: func(l *remote.Login) { l.User = "nobody" }, status: ipmi.StatusUnauthorizedName},
		{name: "wrong password", suite: 3, change: func(l *remote.Login) { l.Password = "Secret" }, want: remote.ErrPassword},
		{name: "wrong password, insisting", suite: 3, change: func(l *remote.Login) { l.Password, l.Insist = "Secret", true }, status: ipmi.StatusInvalidICV},
		{name: "Kg the BMC does not know", suite: 17, change: func(l *remote.Login) { l.Kg = []byte("key") }, want: remote.ErrICV},
		{name: "forged RAKP message 4", suite: 17, bmc: responder{forged: true}, want: remote.ErrICV},
		{
			name: "privilege refused", suite: 17,
			bmc:  responder{code: func(ipmi.Message) ipmi.CompletionCode { return ipmi.PrivilegeExceedsLimit }},
			want: ipmi.PrivilegeExceedsLimit,
		},
	}
	for i := range tests {
		tt := &tests[i]
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := piped(t, &tt.bmc, ipmitest.Faults{})
				l := admin(t, tt.suite)
				if tt.change != nil {
					tt.change(&l)
				}
				_, err := c.Login(t.Context(), l)
				var status *remote.StatusError
				switch {
				case tt.status != ipmi.StatusOK:
					if !errors.As(err, &status) || status.Status != tt.status {
						t.Errorf("got error %v, want status %02Xh", err, uint8(tt.status))
					}
				case !errors.Is(err, tt.want):
					t.Errorf("got error %v, want %v", err, tt.want)
				}
			})
		})
	}
}

func TestStayAtUserSendsNoPrivilegeCommand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bmc := &responder{}
		c := piped(t, bmc, ipmitest.Faults{})
		l := admin(t, 17)
		l.StayAtUser = true
		login(t, c, l)
		if got := bmc.seen(); len(got) != 0 {
			t.Errorf("got %v, want no command", got)
		}
	})
}

func TestRetries(t *testing.T) {
	tests := []struct {
		name  string
		fresh bool
		want  []request
	}{
		{"same rqSeq, as ipmitool", false, []request{{1, 1, 9}, {2, 1, 9}, {3, 1, 9}}},
		{"rqSeq of its own, as FreeIPMI", true, []request{{1, 1, 9}, {2, 2, 9}, {3, 3, 9}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				bmc := &responder{ignore: func(_ ipmi.Message, seq uint32) bool { return seq < 3 }}
				c := piped(t, bmc, ipmitest.Faults{})
				c.FreshSequence = tt.fresh
				l := admin(t, 17)
				l.StayAtUser = true
				s := login(t, c, l)
				start := time.Now()
				if _, err := s.Command(t.Context(), ipmi.NetFnApp, 9, nil); err != nil {
					t.Fatal(err)
				}
				if got := time.Since(start); got != 2*time.Second {
					t.Errorf("got an answer after %s, want 2s", got)
				}
				if diff := cmp.Diff(tt.want, bmc.seen()); diff != "" {
					t.Errorf("requests (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestNoAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := piped(t, &responder{}, ipmitest.Faults{Loss: 1})
		c.Timeout, c.Tries = 2*time.Second, 3
		start := time.Now()
		if err := c.Ping(t.Context()); !errors.Is(err, remote.ErrNoAnswer) {
			t.Errorf("got error %v, want %v", err, remote.ErrNoAnswer)
		}
		if got := time.Since(start); got != 6*time.Second {
			t.Errorf("gave up after %s, want 6s", got)
		}
	})
}

func TestContextEndsWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := piped(t, &responder{}, ipmitest.Faults{Loss: 1})
		c.Timeout = time.Hour
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if _, err := c.Login(ctx, admin(t, 17)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got error %v, want %v", err, context.DeadlineExceeded)
		}
		if got := time.Since(start); got != time.Second {
			t.Errorf("waited %s, want 1s", got)
		}
	})
}

func TestSessionless(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := piped(t, &responder{}, ipmitest.Faults{})
		for name, command := range map[string]func(context.Context, ipmi.NetFn, uint8, []byte) (ipmi.Response, error){
			"IPMI 1.5": c.Sessionless15,
			"IPMI 2.0": c.Sessionless20,
		} {
			r, err := command(t.Context(), ipmi.NetFnApp, 0x38, []byte{0x8E, 4})
			if err != nil || r.Command != 0x38 || !bytes.Equal(r.Data, []byte{0x8E, 4}) {
				t.Errorf("%s: got %+v, error %v", name, r, err)
			}
		}
	})
}

func TestReplay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bmc := &responder{}
		c := piped(t, bmc, ipmitest.Faults{})
		s := login(t, c, admin(t, 17))
		if _, err := s.Command(t.Context(), ipmi.NetFnApp, 9, nil); err != nil {
			t.Fatal(err)
		}
		answer, err := c.Exchange(t.Context(), s.Last())
		if err != nil {
			t.Fatal(err)
		}
		if b, ok := s.Open(answer, ipmi.PayloadIPMI); !ok {
			t.Errorf("% x is no answer of this session", b)
		}
		answer[len(answer)-1] ^= 1
		if _, ok := s.Open(answer, ipmi.PayloadIPMI); ok {
			t.Error("a changed answer was accepted")
		}
		requests := bmc.seen()
		if n := len(requests); n != 3 || requests[1] != requests[2] {
			t.Errorf("got %v, want the last one twice", requests)
		}
	})
}

// TestBadNetwork runs many commands over a network that does everything wrong
// at once: each must be answered, and with its own answer.
func TestBadNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bmc := &responder{}
		c := piped(t, bmc, ipmitest.Faults{Loss: 0.1, Duplicate: 0.1, Reorder: 0.1})
		c.Tries = 20
		l := admin(t, 3)
		l.StayAtUser = true
		s := login(t, c, l)
		const commands = 200
		for i := range byte(commands) {
			r, err := s.Command(t.Context(), ipmi.NetFnApp, i, []byte{i})
			if err != nil || r.Command != i || !bytes.Equal(r.Data, []byte{i}) {
				t.Fatalf("command %d: got %+v, error %v", i, r, err)
			}
		}
		if got := len(bmc.seen()); got <= commands {
			t.Errorf("the BMC saw %d requests, want more than %d", got, commands)
		}
	})
}

func TestRequestAndSequenceNumbers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bmc := &responder{}
		c := piped(t, bmc, ipmitest.Faults{})
		l := admin(t, 17)
		l.StayAtUser = true
		s := login(t, c, l)
		s.Sequence, s.RqSeq = 41, 62
		for range 2 {
			if err := c.Send(s.Request(ipmi.NetFnApp, 7, nil)); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Receive(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		want := []request{{42, 63, 7}, {43, 0, 7}}
		if diff := cmp.Diff(want, bmc.seen()); diff != "" {
			t.Errorf("requests (-want +got):\n%s", diff)
		}
	})
}
