package bmc

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
)

func TestLogin(t *testing.T) {
	for _, id := range []ipmi.CipherSuiteID{3, 17} {
		synctest.Test(t, func(t *testing.T) {
			r := serve(t, nil)
			l := loginAs(t, operator)
			l.Suite, l.Privilege, l.StayAtUser = suite(t, id), ipmi.Administrator, true
			s, err := r.console(t).Login(t.Context(), l)
			if err != nil {
				t.Fatalf("suite %d: %v", id, err)
			}
			command(t, s, ipmi.NetFnChassis, cmdChassisStatus, nil, ipmi.Completed)
			want := []SessionInfo{{
				ID: s.BMCID, Account: operator.Name, Privilege: ipmi.User, Limit: ipmi.Operator,
				From: netip.MustParseAddrPort("192.0.2.11:20001"), Auth: ipmi.AuthRMCPPlus, Suite: id, Opened: time.Now(), LastSeen: time.Now(),
			}}
			if diff := cmp.Diff(want, r.bmc.Sessions(), cmpopts.EquateComparable(netip.AddrPort{})); diff != "" {
				t.Errorf("suite %d: sessions (-want +got):\n%s", id, diff)
			}
			if err := s.SetPrivilege(t.Context(), ipmi.Administrator); !errors.Is(err, ipmi.PrivilegeExceedsLimit) {
				t.Errorf("suite %d: beyond the limit: %v, want 81h", id, err)
			}
			if err := s.Close(t.Context()); err != nil {
				t.Errorf("suite %d: close: %v", id, err)
			}
			if left := r.bmc.Sessions(); len(left) != 0 {
				t.Errorf("suite %d: sessions after close: %+v", id, left)
			}
		})
	}
}

// TestWrongCredentials: an unknown user and a wrong password must look the same,
// and neither may cost the client a time-out.
func TestWrongCredentials(t *testing.T) {
	for _, who := range []Account{
		{Name: admin.Name, Password: "wrong", Privilege: ipmi.Administrator},
		{Name: "nobody", Password: admin.Password, Privilege: ipmi.Administrator},
	} {
		for _, id := range []ipmi.CipherSuiteID{3, 17} {
			synctest.Test(t, func(t *testing.T) {
				r := serve(t, nil)
				l := loginAs(t, who)
				l.Suite = suite(t, id)
				begin := time.Now()
				if _, err := r.console(t).Login(t.Context(), l); !errors.Is(err, remote.ErrPassword) {
					t.Errorf("%s, suite %d: %v, want %v", who.Name, id, err, remote.ErrPassword)
				}
				l.Insist = true
				_, err := r.console(t).Login(t.Context(), l)
				var status *remote.StatusError
				if !errors.As(err, &status) || status.Message != "RAKP message 4" || status.Status != ipmi.StatusInvalidICV {
					t.Errorf("%s, suite %d, insisting: %v, want RAKP message 4 with 0Fh", who.Name, id, err)
				}
				if took := time.Since(begin); took != 0 {
					t.Errorf("%s, suite %d: refused after %v", who.Name, id, took)
				}
			})
		}
	}
}

// TestCloseIsRepeated when its answer was lost: for some seconds that is all the
// session still answers, and nothing else is closed by it.
func TestCloseIsRepeated(t *testing.T) {
	byHandle := []byte{0, 0, 0, 0, 1}
	tests := []struct {
		name string
		data func(*remote.Session) []byte
	}{
		{"by ID", func(s *remote.Session) []byte { return binary.LittleEndian.AppendUint32(nil, s.BMCID) }},
		{"by handle", func(*remote.Session) []byte { return byHandle }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := serve(t, nil)
				c := r.console(t)
				c.Tries = 1
				s := login(t, c, admin)
				command(t, s, ipmi.NetFnApp, cmdCloseSession, tt.data(s), ipmi.Completed)
				next := login(t, r.console(t), admin)
				time.Sleep(rememberFor - time.Millisecond)
				command(t, s, ipmi.NetFnApp, cmdCloseSession, tt.data(s), ipmi.Completed)
				command(t, next, ipmi.NetFnApp, cmdDeviceID, nil, ipmi.Completed)
				if left := r.bmc.Sessions(); len(left) != 1 || left[0].ID != next.BMCID {
					t.Errorf("sessions: %+v, want the other one", left)
				}
				_, err := s.Command(t.Context(), ipmi.NetFnChassis, cmdChassisControl, control(off))
				if !errors.Is(err, remote.ErrNoAnswer) {
					t.Errorf("off after close: %v, want silence", err)
				}
				_, err = s.Command(t.Context(), ipmi.NetFnApp, cmdCloseSession, tt.data(s))
				if !errors.Is(err, remote.ErrNoAnswer) {
					t.Errorf("close after %v: %v, want silence", rememberFor, err)
				}
				if done := r.machine.carriedOut(); len(done) != 0 {
					t.Errorf("carried out %q", done)
				}
			})
		})
	}
}

// TestPartingIsBounded: whoever logs in and out for ever leaves no more than this.
func TestPartingIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		c := r.console(t)
		for range 2 * maxParting {
			if err := login(t, c, user).Close(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		r.bmc.mu.Lock()
		defer r.bmc.mu.Unlock()
		if n := len(r.bmc.parting.queue); n != maxParting {
			t.Errorf("%d sessions are parting, want %d", n, maxParting)
		}
		if r.bmc.findParting(time.Now().Add(rememberFor), 0); len(r.bmc.parting.queue) != 0 {
			t.Errorf("%d sessions are parting still", len(r.bmc.parting.queue))
		}
	})
}

func TestIdleSessionEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		c := r.console(t)
		c.Tries = 1
		s := login(t, c, admin)
		time.Sleep(59 * time.Second)
		command(t, s, ipmi.NetFnApp, cmdDeviceID, nil, ipmi.Completed)
		time.Sleep(59 * time.Second)
		if n := len(r.bmc.Sessions()); n != 1 {
			t.Fatalf("59 s after the last packet: %d sessions, want 1", n)
		}
		time.Sleep(time.Second)
		if _, err := s.Command(t.Context(), ipmi.NetFnApp, cmdDeviceID, nil); !errors.Is(err, remote.ErrNoAnswer) {
			t.Errorf("60 s after the last packet: %v, want silence", err)
		}
		if left := r.bmc.Sessions(); len(left) != 0 {
			t.Errorf("sessions: %+v", left)
		}
	})
}

// TestGarbageDoesNotKeepAlive: only packets that verify count as activity.
func TestGarbageDoesNotKeepAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		c := r.console(t)
		s := login(t, c, admin)
		for range 60 {
			time.Sleep(time.Second)
			forged := s.Request(ipmi.NetFnApp, cmdDeviceID, nil)
			s.Sequence--
			forged[len(forged)-1] ^= 1
			if err := c.Send(forged); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if left := r.bmc.Sessions(); len(left) != 0 {
			t.Errorf("sessions: %+v", left)
		}
	})
}

func TestMaxSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, func(c *Config) { c.MaxSessions = 2 })
		first := login(t, r.console(t), admin)
		login(t, r.console(t), admin)
		_, err := r.console(t).Login(t.Context(), loginAs(t, admin))
		var status *remote.StatusError
		if !errors.As(err, &status) || status.Status != ipmi.StatusNoResources {
			t.Errorf("third session: %v, want status 01h", err)
		}
		time.Sleep(30 * time.Second)
		command(t, first, ipmi.NetFnApp, cmdDeviceID, nil, ipmi.Completed)
		time.Sleep(30 * time.Second)
		login(t, r.console(t), admin) // the second one is idle for 60 s now
		command(t, first, ipmi.NetFnApp, cmdDeviceID, nil, ipmi.Completed)
	})
}

// TestConsoleMoves: behind a NAT the port may change between two packets.
func TestConsoleMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		s := login(t, r.console(t), admin)
		elsewhere := r.console(t)
		reply, err := elsewhere.Exchange(t.Context(), s.Request(ipmi.NetFnApp, cmdDeviceID, nil))
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := s.Open(reply, ipmi.PayloadIPMI); !ok {
			t.Errorf("got %x, which is not of the session", reply)
		}
		if from := r.bmc.Sessions()[0].From; from.Port() != 20002 {
			t.Errorf("session is at %v, want port 20002", from)
		}
	})
}

func TestReplayEarnsSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		c := r.console(t)
		s := login(t, c, admin)
		packet := s.Request(ipmi.NetFnChassis, cmdChassisControl, []byte{byte(ipmi.ChassisHardReset)})
		if _, err := c.Exchange(t.Context(), packet); err != nil {
			t.Fatal(err)
		}
		if got, err := c.Exchange(t.Context(), packet); !errors.Is(err, remote.ErrNoAnswer) {
			t.Errorf("replayed: %x, %v, want silence", got, err)
		}
		if diff := cmp.Diff([]string{"reset"}, r.machine.carriedOut()); diff != "" {
			t.Errorf("carried out (-want +got):\n%s", diff)
		}
	})
}

// TestOutboundNumbers start at 1, because FreeIPMI drops a first one above 8, and leave out 0.
func TestOutboundNumbers(t *testing.T) {
	var s session
	if got := s.nextSequence(); got != 1 {
		t.Errorf("first number %d, want 1", got)
	}
	s.outbound = 0xFFFFFFFF
	if got := s.nextSequence(); got != 1 {
		t.Errorf("after FFFFFFFFh comes %d, want 1", got)
	}
}
