package bmc

import (
	"encoding/hex"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
)

// TestCommandTable compares with appendix G of the specification, from which
// these rows were written. Do not change them to make the test pass.
func TestCommandTable(t *testing.T) {
	for _, want := range [][]Command{appRows, chassisRows, sensorRows, storageRows, transportRows, groupRows} {
		got := slices.DeleteFunc(Commands(), func(c Command) bool { return c.NetFn != want[0].NetFn })
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Command{}, "Section", "answer")); diff != "" {
			t.Errorf("network function %02Xh (-want +got):\n%s", uint8(want[0].NetFn), diff)
		}
	}
	for _, c := range Commands() {
		if c.Section == "" || c.answer == nil {
			t.Errorf("%s: no section or no handler", c.Name)
		}
	}
}

// TestPrivilege gives every command at every level, and without a session in
// both wrappers. What a command says of its empty parameters is no matter here.
func TestPrivilege(t *testing.T) {
	for _, row := range Commands() {
		t.Run(row.Name, func(t *testing.T) {
			for _, a := range []Account{callback, user, operator, admin} {
				synctest.Test(t, func(t *testing.T) {
					s := login(t, serve(t, nil).console(t), a)
					r, err := s.Command(t.Context(), row.NetFn, row.Cmd, row.shortest())
					if err != nil {
						t.Fatalf("at level %v: %v", a.Privilege, err)
					}
					if refused := r.Code == ipmi.InsufficientPrivilege; refused != (a.Privilege < row.Privilege) {
						t.Errorf("at level %v: %v, though it needs %v", a.Privilege, r.Code, row.Privilege)
					}
				})
			}
			synctest.Test(t, func(t *testing.T) {
				c := serve(t, nil).console(t)
				c.Tries = 1
				_, err15 := c.Sessionless15(t.Context(), row.NetFn, row.Cmd, row.shortest())
				_, err20 := c.Sessionless20(t.Context(), row.NetFn, row.Cmd, row.shortest())
				for _, err := range []error{err15, err20} {
					if silent := errors.Is(err, remote.ErrNoAnswer); silent == row.Sessionless {
						t.Errorf("outside of a session: %v", err)
					}
				}
			})
		})
	}
}

// TestPrivilegeComesFirst: it depends on the operating level, not the session's
// limit, and is checked before the parameters are looked at.
func TestPrivilegeComesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		l := loginAs(t, admin)
		l.StayAtUser = true
		s, err := r.console(t).Login(t.Context(), l)
		if err != nil {
			t.Fatal(err)
		}
		garbage := []byte{0xFF, 0xFF}
		command(t, s, ipmi.NetFnChassis, cmdChassisControl, garbage, ipmi.InsufficientPrivilege)
		if err := s.SetPrivilege(t.Context(), ipmi.Operator); err != nil {
			t.Fatal(err)
		}
		command(t, s, ipmi.NetFnChassis, cmdChassisControl, garbage, ipmi.InvalidLength)
		if err := s.SetPrivilege(t.Context(), ipmi.User); err != nil {
			t.Fatal(err)
		}
		command(t, s, ipmi.NetFnChassis, cmdChassisControl, control(off), ipmi.InsufficientPrivilege)
		if done := r.machine.carriedOut(); len(done) != 0 {
			t.Errorf("carried out %q", done)
		}
	})
}

// TestUnknownCommands: every one is answered at once, at any level, because a
// client that gets no answer waits ten seconds for it.
func TestUnknownCommands(t *testing.T) {
	tests := []struct {
		name  string
		netFn ipmi.NetFn
		cmd   uint8
		data  []byte
		want  []byte
	}{
		{"app", ipmi.NetFnApp, 0xFE, nil, []byte{}},
		{"auth code, an oracle for passwords", ipmi.NetFnApp, 0x3F, nil, []byte{}},
		{"HPM.2 capabilities", ipmi.NetFnGroup, 0x3E, []byte{0, 2}, []byte{0}},
		{"PICMG properties", ipmi.NetFnGroup, 0x00, []byte{0}, []byte{0}},
		{"VITA capabilities", ipmi.NetFnGroup, 0x00, []byte{3}, []byte{3}},
		{"group without a body code", ipmi.NetFnGroup, 0x00, nil, []byte{}},
		{"OEM", ipmi.NetFnOEM, 0x01, []byte{0x57, 0x01, 0x00, 9}, []byte{0x57, 0x01, 0x00}},
		{"OEM with a number alone", ipmi.NetFnOEM, 0x01, []byte{0x57, 0x01, 0x00}, []byte{0x57, 0x01, 0x00}},
		{"OEM without a number", ipmi.NetFnOEM, 0x01, []byte{0x57}, []byte{}},
		{"vendor", 0x3A, 0xC1, nil, []byte{}},
	}
	for _, a := range []Account{callback, user, admin} {
		synctest.Test(t, func(t *testing.T) {
			s := login(t, serve(t, nil).console(t), a)
			for _, tt := range tests {
				r := command(t, s, tt.netFn, tt.cmd, tt.data, ipmi.InvalidCommand)
				if diff := cmp.Diff(tt.want, r.Data); diff != "" {
					t.Errorf("%s at level %v: data (-want +got):\n%s", tt.name, a.Privilege, diff)
				}
			}
		})
	}
}

// exchangeMessage sends a message that Command would not make, and returns the
// response, or nothing.
func exchangeMessage(t *testing.T, c *remote.Console, s *remote.Session, m ipmi.Message) (ipmi.Response, bool) {
	t.Helper()
	datagram, err := c.Exchange(t.Context(), s.Seal(ipmi.PayloadIPMI, ipmi.AppendRequest(nil, m)))
	if errors.Is(err, remote.ErrNoAnswer) {
		return ipmi.Response{}, false
	}
	if err != nil {
		t.Fatal(err)
	}
	b, _ := s.Open(datagram, ipmi.PayloadIPMI)
	r, err := ipmi.ParseResponse(b)
	if err != nil {
		t.Fatal(err)
	}
	return r, true
}

func TestAddressing(t *testing.T) {
	tests := []struct {
		name     string
		change   func(*ipmi.Message)
		answered bool
		want     ipmi.CompletionCode
	}{
		{"the BMC", func(*ipmi.Message) {}, true, ipmi.Completed},
		{"another LUN", func(m *ipmi.Message) { m.ResponderLUN = 1 }, true, ipmi.InvalidForLUN},
		{"another LUN of an unknown command", func(m *ipmi.Message) { m.ResponderLUN, m.Command = 3, 0xFE }, true, ipmi.InvalidForLUN},
		{"a LUN of the requester", func(m *ipmi.Message) { m.RequesterLUN = 2 }, true, ipmi.Completed},
		{"another controller", func(m *ipmi.Message) { m.Responder = 0x22 }, false, 0},
		{"a response", func(m *ipmi.Message) { m.NetFn++ }, false, 0},
	}
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, nil).console(t)
		s := login(t, c, user)
		for _, tt := range tests {
			m := ipmi.Message{Responder: ipmi.AddressBMC, NetFn: ipmi.NetFnApp, Requester: ipmi.AddressConsole, Command: cmdDeviceID}
			tt.change(&m)
			r, answered := exchangeMessage(t, c, s, m)
			if answered != tt.answered || answered && r.Code != tt.want {
				t.Errorf("%s: answered %v with %v, want %v with %v", tt.name, answered, r.Code, tt.answered, tt.want)
			}
		}
	})
}

func TestPowerStateIsNeverGuessed(t *testing.T) {
	tests := []struct {
		name  string
		power PowerState
		err   error
		code  ipmi.CompletionCode
		data  string
	}{
		{"on", On, nil, ipmi.Completed, "610040"},
		{"off", Off, nil, ipmi.Completed, "600040"},
		{"sleeping can come back, so it is on", Sleeping, nil, ipmi.Completed, "610040"},
		{"stale off", Off, ErrStale, ipmi.NodeBusy, ""},
		{"nothing known", 0, nil, ipmi.NodeBusy, ""},
		{"the VM is gone", Off, ipmi.DestinationGone, ipmi.DestinationGone, ""},
	}
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		s := login(t, r.console(t), user)
		for _, tt := range tests {
			r.machine.set(func(m *fakeMachine) { m.power, m.powerErr = tt.power, tt.err })
			got := command(t, s, ipmi.NetFnChassis, cmdChassisStatus, nil, tt.code)
			if data := hex.EncodeToString(got.Data); data != tt.data {
				t.Errorf("%s: data %s, want %s", tt.name, data, tt.data)
			}
		}
	})
}

// TestEventsOfARequest: one call for each answer, with the command's name.
func TestEventsOfARequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		c := r.console(t)
		s := login(t, c, user)
		command(t, s, ipmi.NetFnApp, 0xFE, nil, ipmi.InvalidCommand)
		command(t, s, ipmi.NetFnChassis, cmdChassisStatus, nil, ipmi.Completed)
		if _, err := c.Sessionless15(t.Context(), ipmi.NetFnApp, 0x37, nil); err != nil {
			t.Fatal(err)
		}
		want := map[string]int{
			"other: C1h (invalid command)":        1,
			"Get Chassis Status: 00h (completed)": 1,
			"Get System GUID: 00h (completed)":    1,
		}
		r.journal.read(func(j *journal) {
			if diff := cmp.Diff(want, j.requests); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
		if stats := r.bmc.Stats(); stats.Requests != 3 || !stats.LastRequest.Equal(time.Now()) {
			t.Errorf("stats %+v, want 3 requests, the last one now", stats)
		}
	})
}
