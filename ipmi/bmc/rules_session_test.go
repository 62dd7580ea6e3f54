package bmc

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
)

// The tests in here are named for the rules that follow from what clients do;
// they are those about sessions. What a rule says stands above its test.

// R1: sessions are found by the BMC's ID alone. ipmitool gives all of its
// sessions the same console ID, pyghmi all of its sessions the same socket.
func TestR01SessionsAreKeyedByOurID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, func(c *Config) { bothVersions(c); c.MaxSessions = 63 })
		c := r.console(t)
		seen := map[uint32]bool{}
		var sessions []*remote.Session
		for n := range 20 {
			l := loginAs(t, admin)
			l.ConsoleID = 0xA0A2A3A4
			s, err := c.Login(t.Context(), l)
			if err != nil {
				t.Fatalf("session %d: %v", n+1, err)
			}
			sessions = append(sessions, s, version15("", ipmi.AuthMD5).login(t, c, root))
		}
		for _, s := range sessions {
			command(t, s, ipmi.NetFnApp, cmdDeviceID, nil, ipmi.Completed)
			seen[s.BMCID] = true
		}
		if len(seen) != 40 || len(r.bmc.Sessions()) != 40 {
			t.Errorf("%d IDs of %d sessions, want 40", len(seen), len(r.bmc.Sessions()))
		}
	})
}

// R2: every request of a session is answered at once, unknown ones with C1h.
func TestR02EveryRequestIsAnswered(t *testing.T) {
	forEachVersion(t, func(t *testing.T, v version) {
		synctest.Test(t, func(t *testing.T) {
			r := serve(t, bothVersions)
			s := v.login(t, r.console(t), root)
			begin := time.Now()
			for netFn := ipmi.NetFn(0); netFn < 0x40; netFn += 2 {
				for _, cmd := range []uint8{0xF7, 0xFE, 0xFF} {
					command(t, s, netFn, cmd, []byte{0, 2}, ipmi.InvalidCommand)
				}
			}
			if took := time.Since(begin); took != 0 {
				t.Errorf("answered after %v", took)
			}
		})
	})
}

// R3: Get Channel Cipher Suites is answered outside of a session, in both wrappers.
func TestR03CipherSuitesWithoutSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, nil).console(t)
		request := []byte{ipmi.ChannelPresent, byte(ipmi.PayloadIPMI), 0x80}
		want := []byte{ipmi.ChannelLAN, 0xC0, 17, 0x03, 0x44, 0x81, 0xC0, 3, 0x01, 0x41, 0x81}
		r20, err20 := c.Sessionless20(t.Context(), ipmi.NetFnApp, 0x54, request)
		r15, err15 := c.Sessionless15(t.Context(), ipmi.NetFnApp, 0x54, request)
		if err := errors.Join(err20, err15); err != nil {
			t.Fatal(err)
		}
		for _, r := range []ipmi.Response{r20, r15} {
			if diff := cmp.Diff(want, r.Data); r.Code != ipmi.Completed || diff != "" {
				t.Errorf("%v, data (-want +got):\n%s", r.Code, diff)
			}
		}
	})
}

// R6: a retry carries another session sequence number and perhaps another rqSeq.
// Each copy is answered under its own, the command is carried out once.
func TestR06RetriesAreAnsweredEachAndActOnce(t *testing.T) {
	forEachVersion(t, func(t *testing.T, v version) {
		synctest.Test(t, func(t *testing.T) {
			r := serve(t, bothVersions)
			r.machine.acts(time.Second, nil)
			c := r.console(t)
			c.Timeout = 3 * time.Second
			s := v.login(t, c, root)
			first := s.Received
			send(t, c, s.Request(ipmi.NetFnChassis, cmdChassisControl, control(ipmi.ChassisPowerCycle)))
			same := s.RqSeq
			time.Sleep(400 * time.Millisecond)
			s.RqSeq--
			send(t, c, s.Request(ipmi.NetFnChassis, cmdChassisControl, control(ipmi.ChassisPowerCycle)))
			send(t, c, s.Last()) // the network may double it
			time.Sleep(400 * time.Millisecond)
			send(t, c, s.Request(ipmi.NetFnChassis, cmdChassisControl, control(ipmi.ChassisPowerCycle)))
			for n, want := range []uint8{same, same, same + 1} {
				a := result(t, c, s)
				if a.Code != ipmi.Completed || a.Sequence != want || s.Received != first+uint32(n)+1 {
					t.Errorf("answer %d: %v, rqSeq %d, number %d; want 00h, %d, %d", n+1, a.Code, a.Sequence, s.Received, want, first+uint32(n)+1)
				}
			}
			if diff := cmp.Diff([]string{"cycle"}, r.machine.carriedOut()); diff != "" {
				t.Errorf("carried out (-want +got):\n%s", diff)
			}
		})
	})
}

// R13: the BMC's numbers start at 1 in IPMI 2.0, at the console's choice in 1.5,
// and have no gap, because FreeIPMI drops what is more than 8 ahead.
func TestR13OutboundNumbers(t *testing.T) {
	forEachVersion(t, func(t *testing.T, v version) {
		synctest.Test(t, func(t *testing.T) {
			r := serve(t, bothVersions)
			s, err := v.enter(t, r.console(t), root, true)
			if err != nil {
				t.Fatal(err)
			}
			first := s.Received
			if v20 := strings.Contains(v.name, "2.0"); v20 && first != 0 || !v20 && first != 0x11223344 {
				t.Errorf("the set-up ends with number %08X", first)
			}
			for n := range uint32(40) {
				command(t, s, ipmi.NetFnApp, cmdDeviceID, nil, ipmi.Completed)
				if s.Received != first+n+1 {
					t.Fatalf("answer %d has number %d, want %d", n+1, s.Received, first+n+1)
				}
			}
		})
	})
}

// R22: in a session of IPMI 1.5 every packet is authenticated; no setting makes
// one without a code acceptable.
func TestR22EveryPacketIsAuthenticated(t *testing.T) {
	r := newBMC(t, bothVersions)
	c := newActivation15(t, r, operator)
	c.activate()
	for _, netFn := range []ipmi.NetFn{ipmi.NetFnApp, ipmi.NetFnChassis} {
		m := ipmi.AppendRequest(nil, ipmi.Message{Responder: ipmi.AddressBMC, NetFn: netFn, Requester: ipmi.AddressConsole, Command: 1})
		reply, reason := c.send(ipmi.AppendSession15(nil, ipmi.Session15{SessionID: c.session.BMCID, Sequence: c.session.Sequence + 1, Message: m}))
		if reply != nil || reason != DropUnprotected {
			t.Errorf("network function %02Xh: %x, %v", uint8(netFn), reply, reason)
		}
	}
}

// R25: the answer goes to where the latest packet came from.
func TestR25AnswersGoToTheLatestSource(t *testing.T) {
	forEachVersion(t, func(t *testing.T, v version) {
		synctest.Test(t, func(t *testing.T) {
			r := serve(t, bothVersions)
			r.machine.acts(time.Second, nil)
			home := r.console(t)
			s := v.login(t, home, root)
			for range 3 {
				elsewhere := r.console(t)
				elsewhere.Timeout = 2 * time.Second
				for _, packet := range [][]byte{
					s.Request(ipmi.NetFnApp, cmdDeviceID, nil),
					s.Request(ipmi.NetFnChassis, cmdChassisControl, control(ipmi.ChassisPowerUp)),
				} {
					reply, err := elsewhere.Exchange(t.Context(), packet)
					if err != nil {
						t.Fatal(err)
					}
					if _, ok := s.Open(reply, ipmi.PayloadIPMI); !ok {
						t.Errorf("%x is not of the session", reply)
					}
				}
			}
			if got, err := home.Receive(t.Context()); !errors.Is(err, remote.ErrNoAnswer) {
				t.Errorf("at the old place: %x, %v", got, err)
			}
		})
	})
}

// R26: a session ends 60 s after its last packet. A client that never closes its
// sessions does not shut itself, or others, out.
func TestR26IdleTimeout(t *testing.T) {
	forEachVersion(t, func(t *testing.T, v version) {
		synctest.Test(t, func(t *testing.T) {
			r := serve(t, bothVersions)
			c := r.console(t)
			c.Tries = 1
			s := v.login(t, c, root)
			for range 3 {
				time.Sleep(59 * time.Second)
				command(t, s, ipmi.NetFnApp, cmdDeviceID, nil, ipmi.Completed)
			}
			time.Sleep(60 * time.Second)
			if got, err := s.Command(t.Context(), ipmi.NetFnApp, cmdDeviceID, nil); !errors.Is(err, remote.ErrNoAnswer) {
				t.Errorf("60 s after the last packet: %+v, %v, want silence", got, err)
			}
			keep := v.login(t, r.console(t), operator)
			for range 40 { // never closed, one every 5 s
				v.login(t, c, root)
				time.Sleep(5 * time.Second)
				command(t, keep, ipmi.NetFnApp, cmdDeviceID, nil, ipmi.Completed)
			}
			if n := len(r.bmc.Sessions()); n > defaultMaxSessions {
				t.Errorf("%d sessions, more than %d", n, defaultMaxSessions)
			}
		})
	})
}
