package bmc

import (
	"context"
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

// result receives the next answer of the session.
func result(t *testing.T, c *remote.Console, s *remote.Session) ipmi.Response {
	t.Helper()
	datagram, err := c.Receive(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b, ok := s.Open(datagram, ipmi.PayloadIPMI)
	if !ok {
		t.Fatalf("%x is not of the session", datagram)
	}
	r, err := ipmi.ParseResponse(b)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func send(t *testing.T, c *remote.Console, datagram []byte) {
	t.Helper()
	if err := c.Send(datagram); err != nil {
		t.Fatal(err)
	}
}

func control(action ipmi.ChassisControl) []byte { return []byte{byte(action)} }

// TestSlowMachineDelaysNobody holds a reset for 1.5 s: reads of the same session
// and of another one are answered at once.
func TestSlowMachineDelaysNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		r.machine.acts(1500*time.Millisecond, nil)
		c := r.console(t)
		s := login(t, c, admin)
		other := login(t, r.console(t), user)
		begin := time.Now()
		send(t, c, s.Request(ipmi.NetFnChassis, cmdChassisControl, control(ipmi.ChassisHardReset)))
		held := s.RqSeq
		synctest.Wait()
		command(t, other, ipmi.NetFnChassis, cmdChassisStatus, nil, ipmi.Completed)
		command(t, s, ipmi.NetFnApp, cmdDeviceID, nil, ipmi.Completed)
		if took := time.Since(begin); took != 0 {
			t.Errorf("reads took %v", took)
		}
		c.Timeout = 5 * time.Second
		got := result(t, c, s)
		if took := time.Since(begin); got.Code != ipmi.Completed || got.Sequence != held || took != 1500*time.Millisecond {
			t.Errorf("reset: %v to rqSeq %d after %v, want 00h to %d after 1.5 s", got.Code, got.Sequence, took, held)
		}
		if drops := r.drops(); len(drops) != 0 {
			t.Errorf("told of %v, which was answered", drops)
		}
	})
}

// TestHeldTooLong: after two seconds the client is told to come back, and then
// its command is a new one.
func TestHeldTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		r.machine.acts(time.Hour, nil)
		c := r.console(t)
		c.Timeout = 5 * time.Second
		s := login(t, c, admin)
		for range 2 {
			begin := time.Now()
			command(t, s, ipmi.NetFnChassis, cmdChassisControl, control(ipmi.ChassisPowerDown), ipmi.NodeBusy)
			if took := time.Since(begin); took != holdTime {
				t.Errorf("answered after %v, want %v", took, holdTime)
			}
		}
		if diff := cmp.Diff([]string{"off", "off"}, r.machine.carriedOut()); diff != "" {
			t.Errorf("carried out (-want +got):\n%s", diff)
		}
		r.journal.read(func(j *journal) {
			if len(j.audits) != 2 || j.audits[0].Code != ipmi.NodeBusy || j.audits[0].Took != holdTime {
				t.Errorf("audited %+v, want two with C0h after %v", j.audits, holdTime)
			}
		})
	})
}

// TestMachineThatOverstays does not keep its contract; the client is answered all the same.
func TestMachineThatOverstays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		r.machine.set(func(m *fakeMachine) {
			m.act = func(context.Context) error { time.Sleep(10 * time.Second); return nil }
		})
		c := r.console(t)
		c.Timeout = 5 * time.Second
		s := login(t, c, admin)
		off := control(ipmi.ChassisPowerDown)
		begin := time.Now()
		command(t, s, ipmi.NetFnChassis, cmdChassisControl, off, ipmi.NodeBusy)
		command(t, s, ipmi.NetFnChassis, cmdChassisControl, off, ipmi.NodeBusy)
		if took := time.Since(begin); took != holdTime+overstay {
			t.Errorf("both answered after %v, want %v", took, holdTime+overstay)
		}
		time.Sleep(8 * time.Second)
		synctest.Wait()
		command(t, s, ipmi.NetFnChassis, cmdChassisControl, off, ipmi.Completed)
		if diff := cmp.Diff([]string{"off"}, r.machine.carriedOut()); diff != "" {
			t.Errorf("carried out (-want +got):\n%s", diff)
		}
		r.journal.read(func(j *journal) {
			if busy, done := j.requests["Chassis Control: "+ipmi.NodeBusy.String()], j.requests["Chassis Control: "+ipmi.Completed.String()]; busy != 2 || done != 1 {
				t.Errorf("%d answers are node busy and %d completed, want 2 and 1: one for each request", busy, done)
			}
		})
	})
}

// TestNextWaitsNoLonger: a command behind one that overstays is not carried out when
// that ends at last, because its client was told to come back.
func TestNextWaitsNoLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		r.machine.set(func(m *fakeMachine) {
			m.act = func(context.Context) error { time.Sleep(10 * time.Second); return nil }
		})
		c := r.console(t)
		c.Timeout = 5 * time.Second
		s := login(t, c, admin)
		send(t, c, s.Request(ipmi.NetFnChassis, cmdChassisControl, control(ipmi.ChassisPowerDown)))
		synctest.Wait()
		send(t, c, s.Request(ipmi.NetFnChassis, cmdChassisControl, control(ipmi.ChassisPowerUp)))
		for range 2 {
			if got := result(t, c, s); got.Code != ipmi.NodeBusy {
				t.Errorf("rqSeq %d: %v, want C0h", got.Sequence, got.Code)
			}
		}
		time.Sleep(20 * time.Second)
		if diff := cmp.Diff([]string{"off"}, r.machine.carriedOut()); diff != "" {
			t.Errorf("carried out (-want +got):\n%s", diff)
		}
		for _, one := range r.bmc.RecentCommands() {
			if want := map[string]ipmi.CompletionCode{"off": ipmi.Completed, "on": ipmi.NodeBusy}[one.Detail]; one.Cmd == cmdChassisControl && one.Code != want {
				t.Errorf("remembered as %+v, want %v", one, want)
			}
		}
	})
}

func TestResultReachesTheClient(t *testing.T) {
	tests := []struct {
		name string
		err  error
		want ipmi.CompletionCode
	}{
		{"accepted", nil, ipmi.Completed},
		{"refused with a code", ipmi.NotInPresentState, ipmi.NotInPresentState},
		{"refused with a wrapped code", errors.Join(errors.New("vm"), ipmi.InsufficientPrivilege), ipmi.InsufficientPrivilege},
		{"stale", ErrStale, ipmi.NodeBusy},
		{"any other error", errors.New("out of order"), ipmi.Unspecified},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			r := serve(t, nil)
			r.machine.set(func(m *fakeMachine) {
				m.act = func(ctx context.Context) error {
					time.Sleep(time.Second / 2)
					TraceIn(ctx).Note("op-1", "task-7")
					return tt.err
				}
			})
			c := r.console(t)
			s := login(t, c, operator)
			command(t, s, ipmi.NetFnChassis, cmdChassisControl, control(ipmi.ChassisPowerCycle), tt.want)
			want := []Audit{{
				Account: operator.Name, Session: s.BMCID, From: netip.MustParseAddrPort("192.0.2.11:20001"),
				Command: "Chassis Control cycle", Code: tt.want, Err: tt.err, Took: time.Second / 2,
				Operation: "op-1", Task: "task-7",
			}}
			r.journal.read(func(j *journal) {
				if diff := cmp.Diff(want, j.audits, cmpopts.EquateComparable(netip.AddrPort{}), cmpopts.EquateErrors()); diff != "" {
					t.Errorf("%s: audit (-want +got):\n%s", tt.name, diff)
				}
			})
		})
	}
}

// TestSessionEndsMeanwhile: nobody is told, but the command is carried out and audited.
func TestSessionEndsMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		r.machine.acts(time.Second, nil)
		c := r.console(t)
		c.Timeout = 3 * time.Second
		s := login(t, c, admin)
		send(t, c, s.Request(ipmi.NetFnChassis, cmdChassisControl, control(ipmi.ChassisPowerUp)))
		if err := s.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, err := c.Receive(t.Context()); !errors.Is(err, remote.ErrNoAnswer) {
			t.Errorf("got %x, %v, want silence", got, err)
		}
		r.journal.read(func(j *journal) {
			if diff := cmp.Diff([]DropReason{DropSessionClosed}, j.drops); diff != "" {
				t.Errorf("drops (-want +got):\n%s", diff)
			}
			if len(j.audits) != 1 || j.audits[0].Code != ipmi.Completed {
				t.Errorf("audited %+v, want one with 00h", j.audits)
			}
			if n := j.requests["Chassis Control: 00h (completed)"]; n != 0 {
				t.Errorf("told of %d requests answered, want none", n)
			}
		})
	})
}

// TestHeldCommandsAreBounded fills a session, then the BMC.
func TestHeldCommandsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		r.machine.acts(time.Hour, nil)
		bootFrom := func(instance int) []byte { return []byte{5, 0x80, 4, 0, 0, byte(instance)} }
		for n := range maxHeld / maxActions {
			c := r.console(t)
			s := login(t, c, admin)
			for i := range maxActions {
				send(t, c, s.Request(ipmi.NetFnChassis, cmdSetBootOptions, bootFrom(i)))
			}
			synctest.Wait()
			begin := time.Now()
			command(t, s, ipmi.NetFnChassis, cmdSetBootOptions, bootFrom(maxActions), ipmi.NodeBusy)
			if took := time.Since(begin); took != 0 {
				t.Errorf("session %d: refused after %v", n+1, took)
			}
		}
		late := login(t, r.console(t), admin)
		begin := time.Now()
		command(t, late, ipmi.NetFnChassis, cmdSetBootOptions, bootFrom(0), ipmi.NodeBusy)
		if took := time.Since(begin); took != 0 {
			t.Errorf("BMC is full: refused after %v", took)
		}
		time.Sleep(2 * holdTime)
		r.bmc.mu.Lock()
		if n := r.bmc.held; n != 0 {
			t.Errorf("%d commands are held after all of them ended", n)
		}
		r.bmc.mu.Unlock()
		r.machine.acts(0, nil)
		command(t, late, ipmi.NetFnChassis, cmdSetBootOptions, bootFrom(0), ipmi.Completed) // refused once is no copy
	})
}

func TestPanicIsAnAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		s := login(t, r.console(t), admin)
		r.machine.set(func(m *fakeMachine) {
			m.power = panics
			m.act = func(context.Context) error { panic("control") }
		})
		command(t, s, ipmi.NetFnChassis, cmdChassisStatus, nil, ipmi.Unspecified)
		command(t, s, ipmi.NetFnChassis, cmdChassisControl, control(ipmi.ChassisPowerUp), ipmi.Unspecified)
		command(t, s, ipmi.NetFnApp, cmdDeviceID, nil, ipmi.Completed)
		r.journal.read(func(j *journal) {
			if j.panics != 2 {
				t.Errorf("told of %d panics, want 2", j.panics)
			}
		})
	})
}
