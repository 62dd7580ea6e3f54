package bmc

import (
	"encoding/binary"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// TestIdleSessionsGiveTheirPlaceBack: in a limit that BMCs share, also when
// nobody sends their BMC another packet.
func TestIdleSessionsGiveTheirPlaceBack(t *testing.T) {
	forEachVersion(t, func(t *testing.T, v version) {
		synctest.Test(t, func(t *testing.T) {
			quota := NewQuota(1, 1)
			limited := func(c *Config) {
				bothVersions(c)
				c.Limit = quota
			}
			left, next := serve(t, limited), serve(t, limited)
			s, err := v.enter(t, left.console(t), operator, false)
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(defaultIdleTimeout - time.Second)
			command(t, s, ipmi.NetFnApp, cmdDeviceID, nil, ipmi.Completed)
			time.Sleep(defaultIdleTimeout - time.Second)
			if quota.Used() != 1 {
				t.Fatal("the session ended too early")
			}
			time.Sleep(2 * time.Second)
			if n := quota.Used(); n != 0 {
				t.Fatalf("%d places are taken", n)
			}
			if _, err := v.enter(t, next.console(t), operator, false); err != nil {
				t.Errorf("a session of another BMC: %v", err)
			}
		})
	})
}

// TestKeysAreForgotten: those of sessions that were closed, after some seconds,
// at a cold reset and when nobody serves any more.
func TestKeysAreForgotten(t *testing.T) {
	tests := []struct {
		name string
		end  func(*testing.T, *rig)
	}{
		{"after a while", func(*testing.T, *rig) { time.Sleep(2 * rememberFor) }},
		{"cold reset", func(t *testing.T, r *rig) {
			command(t, login(t, r.console(t), admin), ipmi.NetFnApp, 0x02, nil, ipmi.Completed)
		}},
		{"end of Serve", func(_ *testing.T, r *rig) { r.bmc.stop() }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newBMC(t, nil)
				if tt.name == "end of Serve" {
					if _, err := r.bmc.Start(nilConn{}); err != nil {
						t.Fatal(err)
					}
				} else {
					serveRig(t, r)
					synctest.Wait()
				}
				a := newAttempt(t, r.bmc, admin)
				r.bmc.mu.Lock()
				a.complete()
				_, reason := r.bmc.answer(a.now, a.from, sealed(t, a, 1, ipmi.PayloadIPMI, ipmi.AppendRequest(nil, ipmi.Message{
					Responder: ipmi.AddressBMC, NetFn: ipmi.NetFnApp, Requester: ipmi.AddressConsole, Command: cmdCloseSession,
					Data: binary.LittleEndian.AppendUint32(nil, a.x.BMCID),
				})), nil)
				s := r.bmc.parting.find(a.x.BMCID)
				r.bmc.mu.Unlock()
				if reason != NotDropped || s == nil {
					t.Fatalf("close session: %v, parting %v", reason, s != nil)
				}
				tt.end(t, r)
				synctest.Wait()
				r.bmc.mu.Lock()
				defer r.bmc.mu.Unlock()
				if len(r.bmc.parting.queue) != 0 || s.wire.(*wire20).protection != nil {
					t.Errorf("%d sessions are parting, keys %v", len(r.bmc.parting.queue), s.wire.(*wire20).protection != nil)
				}
			})
		})
	}
}

// A nilConn is a socket that nobody reads or writes.
type nilConn struct{ PacketConn }

// TestWhoHasLeftClosesNobodyElse: a session that has closed itself answers
// copies of that, and does nothing.
func TestWhoHasLeftClosesNobodyElse(t *testing.T) {
	forEachVersion(t, func(t *testing.T, v version) {
		synctest.Test(t, func(t *testing.T) {
			r := serve(t, bothVersions)
			other := login(t, r.console(t), user)
			s, err := v.enter(t, r.console(t), root, false)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			data := binary.LittleEndian.AppendUint32(nil, other.BMCID)
			command(t, s, ipmi.NetFnApp, cmdCloseSession, data, ipmi.InvalidSessionID)
			command(t, other, ipmi.NetFnApp, cmdDeviceID, nil, ipmi.Completed)
		})
	})
}
