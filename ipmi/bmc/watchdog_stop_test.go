package bmc

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
)

// TestWatchdogStops: whoever takes the power away, or restarts the machine on
// purpose, must not see it restarted by the watchdog.
func TestWatchdogStops(t *testing.T) {
	tests := []struct {
		name  string
		event func(t *testing.T, r *rig, s *remote.Session)
	}{
		{"the machine goes off", func(_ *testing.T, r *rig, _ *remote.Session) {
			r.machine.set(func(m *fakeMachine) { m.power = Off })
			time.Sleep(2 * time.Second)
			r.machine.set(func(m *fakeMachine) { m.power = On })
		}},
		{"chassis control off", func(t *testing.T, _ *rig, s *remote.Session) {
			command(t, s, ipmi.NetFnChassis, cmdChassisControl, control(off), ipmi.Completed)
		}},
		{"chassis control reset", func(t *testing.T, _ *rig, s *remote.Session) {
			command(t, s, ipmi.NetFnChassis, cmdChassisControl, []byte{byte(ipmi.ChassisHardReset)}, ipmi.Completed)
		}},
		{"cold reset", func(t *testing.T, _ *rig, s *remote.Session) {
			command(t, s, ipmi.NetFnApp, 0x02, nil, ipmi.Completed)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := serve(t, nil)
				c := r.console(t)
				s := login(t, c, admin)
				setTimer(t, s, tenSeconds(ipmi.WatchdogPowerCycle))
				feedTimer(t, s)
				time.Sleep(time.Second)
				tt.event(t, r, s)
				before := r.machine.carriedOut()
				time.Sleep(time.Minute)
				synctest.Wait()
				if after := r.machine.carriedOut(); !slices.Equal(before, after) {
					t.Errorf("carried out %q after %q", after, before)
				}
				if w := timer(t, login(t, c, admin)); w.Running || w.Expired != 0 {
					t.Errorf("%+v, want it stopped", w)
				}
			})
		})
	}
}

// TestWatchdogOfAMachineThatIsOff is not started.
func TestWatchdogOfAMachineThatIsOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		s := login(t, r.console(t), operator)
		setTimer(t, s, tenSeconds(ipmi.WatchdogHardReset))
		r.machine.set(func(m *fakeMachine) { m.power = Off })
		command(t, s, ipmi.NetFnApp, cmdResetWatchdog, nil, ipmi.NotInPresentState)
	})
}

// TestWatchdogActsOnce: no copy of a request restarts the machine again.
func TestWatchdogActsOnce(t *testing.T) {
	for _, countdown := range []uint16{0, 1, 10} {
		synctest.Test(t, func(t *testing.T) {
			r := serve(t, nil)
			s := login(t, r.console(t), operator)
			soon := tenSeconds(ipmi.WatchdogHardReset)
			soon.Initial = countdown
			setTimer(t, s, soon)
			for range 4 { // as ipmitool repeats itself
				feedTimer(t, s)
				time.Sleep(1500 * time.Millisecond)
			}
			synctest.Wait()
			if done := r.machine.carriedOut(); len(done) != 1 {
				t.Errorf("countdown %d: carried out %q, want one reset", countdown, done)
			}
			time.Sleep(rememberFor)
			feedTimer(t, s)
			time.Sleep(1500 * time.Millisecond)
			synctest.Wait()
			if done := r.machine.carriedOut(); len(done) != 2 {
				t.Errorf("countdown %d, meant again: carried out %q, want two resets", countdown, done)
			}
		})
	}
}

// TestWatchdogClearsBootFlags, unless parameter 3 says that it must not: the
// next boot that they were meant for is none by the watchdog.
func TestWatchdogClearsBootFlags(t *testing.T) {
	for _, tt := range []struct {
		name     string
		clearing byte
		flags    [2]byte
		done     []string
		valid    bool
	}{
		{"cleared", 0x00, [2]byte{0x80, 4}, []string{"boot pxe", "boot pxe", "reset"}, false},
		{"kept", 0x04, [2]byte{0x80, 4}, []string{"boot pxe", "reset"}, true},
		{"persistent", 0x00, [2]byte{0xC0, 4}, []string{"boot pxe", "reset"}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := serve(t, nil)
				s := login(t, r.console(t), admin)
				command(t, s, ipmi.NetFnChassis, cmdSetBootOptions, []byte{3, tt.clearing}, ipmi.Completed)
				command(t, s, ipmi.NetFnChassis, cmdSetBootOptions, []byte{5, tt.flags[0], tt.flags[1], 0, 0, 0}, ipmi.Completed)
				setTimer(t, s, tenSeconds(ipmi.WatchdogHardReset))
				feedTimer(t, s)
				time.Sleep(11 * time.Second)
				synctest.Wait()
				if diff := cmp.Diff(tt.done, r.machine.carriedOut()); diff != "" {
					t.Errorf("carried out (-want +got):\n%s", diff)
				}
				if f := r.machine.Boot(); f.Valid() != tt.valid {
					t.Errorf("flags %x, want valid %v", f, tt.valid)
				}
			})
		})
	}
}
