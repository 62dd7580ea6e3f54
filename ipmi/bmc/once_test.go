package bmc

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/ipmitest"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
)

// A sent is a Chassis Control under a session sequence number, counted from the
// first packet of the row, sent after a pause.
type sent struct {
	sequence uint32
	action   ipmi.ChassisControl
	pause    time.Duration
}

const (
	on    = ipmi.ChassisPowerUp
	off   = ipmi.ChassisPowerDown
	reset = ipmi.ChassisHardReset
)

// A conversation is what a console sends in one session, and what comes of it.
type conversation struct {
	name  string
	base  uint32        // session sequence number before the first
	takes time.Duration // of the Machine
	sent  []sent
	want  []string // carried out
	codes []ipmi.CompletionCode
}

// TestOnce is the table over type action, packet by packet.
func TestOnce(t *testing.T) {
	tests := []conversation{
		{"repeated after the answer", 100, 0, []sent{{1, on, 0}, {2, on, 0}}, []string{"on"}, codes(0, 0)},
		{"repeated while it runs", 100, time.Second, []sent{{1, reset, 0}, {2, reset, time.Second / 2}, {3, reset, time.Second / 4}}, []string{"reset"}, codes(0, 0, 0)},
		{"repeated for as long as it is remembered", 100, 0, []sent{{1, reset, 0}, {2, reset, rememberFor - time.Millisecond}}, []string{"reset"}, codes(0, 0)},
		{"again when it is forgotten", 100, 0, []sent{{1, reset, 0}, {2, reset, rememberFor}}, []string{"reset", "reset"}, codes(0, 0)},
		{"on, off, on", 100, 0, []sent{{1, on, 0}, {2, off, 0}, {3, on, 0}}, []string{"on", "off", "on"}, codes(0, 0, 0)},
		{"each of them repeated", 100, 0, []sent{{1, on, 0}, {2, on, 0}, {3, off, 0}, {4, off, 0}, {5, on, 0}, {6, on, 0}}, []string{"on", "off", "on"}, codes(0, 0, 0, 0, 0, 0)},
		{"a repeat arrives after the next command", 100, 0, []sent{{1, on, 0}, {3, off, 0}, {2, on, 0}}, []string{"on", "off"}, codes(0, 0, 0)},
		{"a repeat arrives before the original", 100, 0, []sent{{2, on, 0}, {1, on, 0}}, []string{"on"}, codes(0, 0)},
		{"overtaken by the next command", 100, 0, []sent{{2, off, 0}, {1, on, 0}}, []string{"off"}, codes(0, ipmi.NodeBusy)},
		{"the original arrives after the command was sent again", 100, 0, []sent{{2, off, 0}, {3, on, 0}, {1, on, 0}}, []string{"off", "on"}, codes(0, 0, ipmi.NodeBusy)},
		{"ipmitool's last repeat, all others lost", 100, 0, []sent{{1, reset, 0}, {2, reset, 6 * time.Second}}, []string{"reset"}, codes(0, 0)},
		{"overtaken and very late", 100, 0, []sent{{2, off, 0}, {1, on, time.Minute / 2}}, []string{"off"}, codes(0, ipmi.NodeBusy)},
		{"the next command waits for its turn", 100, time.Second, []sent{{1, on, 0}, {2, off, 0}}, []string{"on", "off"}, codes(0, 0)},
		{"numbers wrap around", 0xFFFFFFFE, 0, []sent{{1, on, 0}, {3, on, 0}, {4, off, 0}, {5, on, 0}}, []string{"on", "off", "on"}, codes(0, 0, 0, 0)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			forEachVersion(t, func(t *testing.T, v version) {
				synctest.Test(t, func(t *testing.T) { tt.test(t, v) })
			})
		})
	}
}

func (tt conversation) test(t *testing.T, v version) {
	r := serve(t, bothVersions)
	r.machine.acts(tt.takes, nil)
	c := r.console(t)
	c.Timeout = 3 * time.Second
	s, err := v.enter(t, c, root, true)
	if err != nil {
		t.Fatal(err)
	}
	r.expect(s, tt.base)
	s.Sequence = tt.base - 1 // the packet that raises the privilege is number base
	if err := s.SetPrivilege(t.Context(), ipmi.Operator); err != nil {
		t.Fatal(err)
	}
	got := map[uint8]ipmi.CompletionCode{}
	var order []uint8
	for _, p := range tt.sent {
		time.Sleep(p.pause)
		s.Sequence = tt.base + p.sequence - 1
		send(t, c, s.Request(ipmi.NetFnChassis, cmdChassisControl, control(p.action)))
		order = append(order, s.RqSeq)
		synctest.Wait()
	}
	for range tt.sent {
		a := result(t, c, s)
		if _, twice := got[a.Sequence]; twice {
			t.Errorf("rqSeq %d was answered twice", a.Sequence)
		}
		got[a.Sequence] = a.Code
	}
	for i, q := range order {
		if code, ok := got[q]; !ok || code != tt.codes[i] {
			t.Errorf("packet %d: got %v (answered: %v), want %v", i+1, code, ok, tt.codes[i])
		}
	}
	if diff := cmp.Diff(tt.want, r.machine.carriedOut()); diff != "" {
		t.Errorf("carried out (-want +got):\n%s", diff)
	}
	r.journal.read(func(j *journal) {
		if len(j.audits) != len(tt.want) {
			t.Errorf("%d audits, want %d", len(j.audits), len(tt.want))
		}
	})
}

// expect makes a number the first one of a session of IPMI 1.5, where the BMC
// chooses it. In IPMI 2.0 any will do.
func (r *rig) expect(s *remote.Session, first uint32) {
	r.bmc.mu.Lock()
	defer r.bmc.mu.Unlock()
	active := r.bmc.sessions[s.BMCID]
	if _, ok := active.wire.(*wire15); ok {
		active.inbound = newWindow15(first)
	}
}

func codes(c ...ipmi.CompletionCode) []ipmi.CompletionCode { return c }

// TestRetransmission is how clients number their retries.
func TestRetransmission(t *testing.T) {
	number := map[string]func(*remote.Session){
		"same rqSeq, as ipmitool": func(s *remote.Session) { s.RqSeq = 20 },
		"new rqSeq, as FreeIPMI":  func(*remote.Session) {},
		"rqSeq 1, as gebn/bmc":    func(s *remote.Session) { s.RqSeq = 0 },
	}
	for name, next := range number {
		t.Run(name, func(t *testing.T) {
			forEachVersion(t, func(t *testing.T, v version) {
				synctest.Test(t, func(t *testing.T) {
					r := serve(t, bothVersions)
					r.machine.acts(time.Second, nil)
					c := r.console(t)
					c.Timeout = 5 * time.Second
					s := v.login(t, c, root)
					const copies = 3
					var want []uint8
					for range copies {
						next(s)
						send(t, c, s.Request(ipmi.NetFnChassis, cmdChassisControl, control(reset)))
						want = append(want, s.RqSeq)
						time.Sleep(300 * time.Millisecond)
					}
					var got []uint8
					for range copies {
						a := result(t, c, s)
						if a.Code != ipmi.Completed {
							t.Errorf("rqSeq %d: %v", a.Sequence, a.Code)
						}
						got = append(got, a.Sequence)
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("answered rqSeq (-want +got):\n%s", diff)
					}
					if diff := cmp.Diff([]string{"reset"}, r.machine.carriedOut()); diff != "" {
						t.Errorf("carried out (-want +got):\n%s", diff)
					}
				})
			})
		})
	}
}

// TestBusyIsNotUndone: an off that was answered with node busy goes on, so the on
// after it is not the one before it.
func TestBusyIsNotUndone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		c := r.console(t)
		c.Timeout = 5 * time.Second
		s := login(t, c, admin)
		command(t, s, ipmi.NetFnChassis, cmdChassisControl, control(on), ipmi.Completed)
		r.machine.acts(time.Hour, nil)
		command(t, s, ipmi.NetFnChassis, cmdChassisControl, control(off), ipmi.NodeBusy)
		r.machine.acts(0, nil)
		command(t, s, ipmi.NetFnChassis, cmdChassisControl, control(on), ipmi.Completed)
		if diff := cmp.Diff([]string{"on", "off", "on"}, r.machine.carriedOut()); diff != "" {
			t.Errorf("carried out (-want +got):\n%s", diff)
		}
	})
}

// TestLateCopy arrives when the command is forgotten, or was never carried out,
// and the console has sent something else since.
func TestLateCopy(t *testing.T) {
	tests := []struct {
		name  string
		takes time.Duration
		first ipmi.CompletionCode
		late  time.Duration
	}{
		{"of a command that was carried out", 0, ipmi.Completed, rememberFor},
		{"of a command that was answered with node busy", time.Hour, ipmi.NodeBusy, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := serve(t, nil)
				r.machine.acts(tt.takes, nil)
				c := r.console(t)
				c.Timeout = 5 * time.Second
				s := login(t, c, admin)
				command(t, s, ipmi.NetFnChassis, cmdChassisControl, control(reset), tt.first)
				late := s.Request(ipmi.NetFnChassis, cmdChassisControl, control(reset))
				command(t, s, ipmi.NetFnChassis, cmdChassisStatus, nil, ipmi.Completed)
				time.Sleep(tt.late)
				send(t, c, late)
				if got := result(t, c, s); got.Code != ipmi.NodeBusy {
					t.Errorf("%v, want C0h", got.Code)
				}
				if diff := cmp.Diff([]string{"reset"}, r.machine.carriedOut()); diff != "" {
					t.Errorf("carried out (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestCopiesAreBounded: beyond the bound a copy is told to come back at once.
func TestCopiesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		r.machine.acts(time.Second, nil)
		c := r.console(t)
		s := login(t, c, admin)
		for range maxCopies {
			send(t, c, s.Request(ipmi.NetFnChassis, cmdChassisControl, control(reset)))
		}
		begin := time.Now()
		command(t, s, ipmi.NetFnChassis, cmdChassisControl, control(reset), ipmi.NodeBusy)
		if took := time.Since(begin); took != 0 {
			t.Errorf("refused after %v", took)
		}
		time.Sleep(2 * time.Second)
		for _, one := range r.bmc.RecentCommands() {
			if one.Cmd == cmdChassisControl && (one.Times != 1 || one.Code != ipmi.Completed) {
				t.Errorf("remembered as %+v", one)
			}
		}
	})
}

// TestRefusedOnce: a copy of a command that was refused is answered as that was, and
// not carried out.
func TestRefusedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		r.machine.acts(0, ipmi.NotInPresentState)
		s := login(t, r.console(t), admin)
		for range 3 {
			command(t, s, ipmi.NetFnChassis, cmdChassisControl, control(reset), ipmi.NotInPresentState)
		}
		if diff := cmp.Diff([]string{"reset"}, r.machine.carriedOut()); diff != "" {
			t.Errorf("carried out (-want +got):\n%s", diff)
		}
		for _, one := range r.bmc.RecentCommands() {
			if one.Cmd == cmdChassisControl && one.Times != 1 {
				t.Errorf("remembered as %d commands", one.Times)
			}
		}
	})
}

// TestActionsAreBounded: of many commands in a row the oldest are forgotten.
func TestActionsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		s := login(t, r.console(t), admin)
		for n := range 3 * maxActions {
			command(t, s, ipmi.NetFnChassis, cmdSetBootOptions, []byte{5, 0x80, 4, 0, 0, byte(n % 16)}, ipmi.Completed)
		}
		r.bmc.mu.Lock()
		defer r.bmc.mu.Unlock()
		if n := len(r.bmc.sessions[s.BMCID].actions.recent); n != maxActions {
			t.Errorf("%d actions are remembered, want %d", n, maxActions)
		}
	})
}

// TestLateSetting: what changes the BMC's own memory is refused as well when the
// console has sent something else since.
func TestLateSetting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, nil).console(t)
		s := login(t, c, admin)
		late := s.Request(ipmi.NetFnApp, cmdSetWatchdog, ipmi.AppendSetWatchdogRequest(nil, tenSeconds(ipmi.WatchdogNoAction)))
		command(t, s, ipmi.NetFnChassis, cmdChassisStatus, nil, ipmi.Completed)
		send(t, c, late)
		if got := result(t, c, s); got.Code != ipmi.NodeBusy {
			t.Errorf("%v, want C0h", got.Code)
		}
		if w := timer(t, s); w.Initial != 0 {
			t.Errorf("the timer was set to %d", w.Initial)
		}
	})
}

// TestReadsAreFresh repeats a read under the same rqSeq: memory must not answer it.
func TestReadsAreFresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		s := login(t, r.console(t), admin)
		for _, p := range []struct {
			power PowerState
			on    byte
		}{{On, 1}, {Off, 0}, {Sleeping, 1}, {Off, 0}} {
			r.machine.set(func(m *fakeMachine) { m.power = p.power })
			s.RqSeq = 9
			if got := command(t, s, ipmi.NetFnChassis, cmdChassisStatus, nil, ipmi.Completed); got.Data[0]&1 != p.on {
				t.Errorf("%v: power bit %d, want %d", p.power, got.Data[0]&1, p.on)
			}
		}
	})
}

// TestLossyNetwork: with enough retries everything is done, and done once.
func TestLossyNetwork(t *testing.T) {
	for _, fresh := range []bool{false, true} {
		t.Run(fmt.Sprintf("fresh rqSeq %v", fresh), func(t *testing.T) {
			forEachVersion(t, func(t *testing.T, v version) {
				synctest.Test(t, func(t *testing.T) {
					r := serve(t, func(c *Config) { bothVersions(c); c.MaxSessions = 63 })
					r.machine.acts(400*time.Millisecond, nil)
					r.network.SetFaults(ipmitest.Faults{Loss: 0.1, Duplicate: 0.1, Reorder: 0.1})
					c := r.console(t)
					c.Timeout, c.Tries, c.FreshSequence = 500*time.Millisecond, 12, fresh
					var want []string
					for range 30 {
						s := v.login(t, c, root)
						for _, action := range []ipmi.ChassisControl{on, reset, off, on} {
							command(t, s, ipmi.NetFnChassis, cmdChassisControl, control(action), ipmi.Completed)
							command(t, s, ipmi.NetFnChassis, cmdChassisStatus, nil, ipmi.Completed)
							want = append(want, action.String())
						}
						if err := s.Close(t.Context()); err != nil {
							t.Fatal(err)
						}
					}
					if diff := cmp.Diff(want, r.machine.carriedOut()); diff != "" {
						t.Errorf("carried out (-want +got):\n%s", diff)
					}
				})
			})
		})
	}
}
