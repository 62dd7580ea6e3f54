package bmc

import (
	"encoding/hex"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/ipmitest"
)

const (
	cmdResetWatchdog = 0x22
	cmdSetWatchdog   = 0x24
	cmdGetWatchdog   = 0x25
)

// tenSeconds is a timer of the operating system's.
func tenSeconds(a ipmi.WatchdogAction) ipmi.SetWatchdogRequest {
	return ipmi.SetWatchdogRequest{WatchdogTimer: ipmi.WatchdogTimer{Use: ipmi.WatchdogOS, Action: a, Initial: 100}}
}

func setTimer(t *testing.T, s *ipmitest.Session, r ipmi.SetWatchdogRequest) {
	t.Helper()
	command(t, s, ipmi.NetFnApp, cmdSetWatchdog, ipmi.AppendSetWatchdogRequest(nil, r), ipmi.Completed)
}

func feedTimer(t *testing.T, s *ipmitest.Session) {
	t.Helper()
	command(t, s, ipmi.NetFnApp, cmdResetWatchdog, nil, ipmi.Completed)
}

func timer(t *testing.T, s *ipmitest.Session) ipmi.Watchdog {
	t.Helper()
	w, err := ipmi.ParseWatchdog(command(t, s, ipmi.NetFnApp, cmdGetWatchdog, nil, ipmi.Completed).Data)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// watchdogEvents are the data bytes of the watchdog's events in the log.
func watchdogEvents(b *BMC) []string {
	b.sel.mu.Lock()
	defer b.sel.mu.Unlock()
	var all []string
	for _, r := range b.sel.state.Records {
		if e, ok := r.Event(); ok && e.SensorType == ipmi.SensorWatchdog {
			all = append(all, hex.EncodeToString(e.Data[:]))
		}
	}
	return all
}

func TestWatchdogActs(t *testing.T) {
	tests := []struct {
		action ipmi.WatchdogAction
		done   []string
		event  string
		cause  string
	}{
		{ipmi.WatchdogNoAction, nil, "c004ff", "0000"},
		{ipmi.WatchdogHardReset, []string{"reset"}, "c104ff", "0401"},
		{ipmi.WatchdogPowerDown, []string{"off"}, "c204ff", "0000"},
		{ipmi.WatchdogPowerCycle, []string{"cycle"}, "c304ff", "0401"},
	}
	for _, tt := range tests {
		t.Run(tt.action.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := serve(t, nil)
				s := login(t, r.console(t), operator)
				setTimer(t, s, tenSeconds(tt.action))
				feedTimer(t, s)
				time.Sleep(9900 * time.Millisecond)
				synctest.Wait()
				if done := r.machine.carriedOut(); len(done) != 0 {
					t.Fatalf("carried out %q before the time", done)
				}
				time.Sleep(100 * time.Millisecond)
				synctest.Wait()
				if diff := cmp.Diff(tt.done, r.machine.carriedOut()); diff != "" {
					t.Errorf("carried out (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff([]string{tt.event}, watchdogEvents(r.bmc)); diff != "" {
					t.Errorf("events (-want +got):\n%s", diff)
				}
				want := ipmi.Watchdog{WatchdogTimer: tenSeconds(tt.action).WatchdogTimer, Expired: 1 << ipmi.WatchdogOS}
				if diff := cmp.Diff(want, timer(t, s)); diff != "" {
					t.Errorf("timer (-want +got):\n%s", diff)
				}
				cause := command(t, s, ipmi.NetFnChassis, 0x07, nil, ipmi.Completed)
				if got := hex.EncodeToString(cause.Data); got != tt.cause {
					t.Errorf("restart cause %s, want %s", got, tt.cause)
				}
				if tt.done != nil {
					r.journal.read(func(j *journal) {
						last := j.audits[len(j.audits)-1]
						if last.Account != "" || last.Command != "Watchdog Timer "+tt.action.String() || last.Code != ipmi.Completed {
							t.Errorf("audited %+v", last)
						}
					})
				}
			})
		})
	}
}

// TestWatchdogIsFed: each reset begins the countdown anew.
func TestWatchdogIsFed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		s := login(t, r.console(t), operator)
		command(t, s, ipmi.NetFnApp, cmdResetWatchdog, nil, ipmi.WatchdogUninitialized)
		setTimer(t, s, tenSeconds(ipmi.WatchdogHardReset))
		if w := timer(t, s); w.Running || w.Present != 100 {
			t.Errorf("after set: %+v, want it stopped at 100", w)
		}
		for range 5 {
			feedTimer(t, s)
			if w := timer(t, s); !w.Running || w.Present != 100 {
				t.Errorf("after reset: %+v, want it running at 100", w)
			}
			time.Sleep(9 * time.Second)
			if w := timer(t, s); !w.Running || w.Present != 10 {
				t.Errorf("after 9 s: %+v, want it running at 10", w)
			}
		}
		setTimer(t, s, tenSeconds(ipmi.WatchdogHardReset))
		time.Sleep(time.Minute / 2)
		synctest.Wait()
		if w := timer(t, s); w.Running || w.Present != 100 || w.Expired != 0 {
			t.Errorf("set stops it: %+v", w)
		}
		if done := r.machine.carriedOut(); len(done) != 0 {
			t.Errorf("carried out %q", done)
		}
	})
}

func TestWatchdogKeepsRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		s := login(t, r.console(t), operator)
		longer := tenSeconds(ipmi.WatchdogPowerCycle)
		longer.KeepRunning, longer.Initial = true, 300
		setTimer(t, s, longer)
		if w := timer(t, s); w.Running {
			t.Errorf("a stopped timer stays stopped: %+v", w)
		}
		feedTimer(t, s)
		time.Sleep(29 * time.Second)
		setTimer(t, s, longer)
		if w := timer(t, s); !w.Running || w.Present != 300 {
			t.Errorf("a running one goes on with the new time: %+v", w)
		}
		time.Sleep(31 * time.Second)
		synctest.Wait()
		if diff := cmp.Diff([]string{"cycle"}, r.machine.carriedOut()); diff != "" {
			t.Errorf("carried out (-want +got):\n%s", diff)
		}
	})
}

func TestWatchdogFlags(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		s := login(t, r.console(t), operator)
		for _, use := range []ipmi.WatchdogUse{ipmi.WatchdogFRB2, ipmi.WatchdogOEM} {
			quiet := ipmi.SetWatchdogRequest{WatchdogTimer: ipmi.WatchdogTimer{NoLog: true, Use: use, Initial: 10}}
			setTimer(t, s, quiet)
			feedTimer(t, s)
			time.Sleep(8 * time.Second)
		}
		w := timer(t, s)
		if w.Expired != 1<<ipmi.WatchdogFRB2|1<<ipmi.WatchdogOEM || w.NoLog {
			t.Errorf("%+v, want both flags, and do-not-log taken back", w)
		}
		if events := watchdogEvents(r.bmc); len(events) != 0 {
			t.Errorf("logged %q", events)
		}
		setTimer(t, s, ipmi.SetWatchdogRequest{WatchdogTimer: ipmi.WatchdogTimer{Use: ipmi.WatchdogOS}, Clear: 1 << ipmi.WatchdogFRB2})
		if w := timer(t, s); w.Expired != 1<<ipmi.WatchdogOEM {
			t.Errorf("%+v, want one flag", w)
		}
	})
}

// TestWatchdogWarns: the NMI comes before the end, and then only Set stops it.
func TestWatchdogWarns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		s := login(t, r.console(t), operator)
		warned := tenSeconds(ipmi.WatchdogHardReset)
		warned.Interrupt, warned.PreTimeout = ipmi.WatchdogNMI, 3
		setTimer(t, s, warned)
		feedTimer(t, s)
		time.Sleep(6900 * time.Millisecond)
		feedTimer(t, s)
		time.Sleep(7 * time.Second)
		synctest.Wait()
		if diff := cmp.Diff([]string{"diag"}, r.machine.carriedOut()); diff != "" {
			t.Errorf("after 7 s (-want +got):\n%s", diff)
		}
		command(t, s, ipmi.NetFnApp, cmdResetWatchdog, nil, ipmi.NotInPresentState)
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if diff := cmp.Diff([]string{"diag", "reset"}, r.machine.carriedOut()); diff != "" {
			t.Errorf("after 10 s (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"c824ff", "c124ff"}, watchdogEvents(r.bmc)); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		for _, refused := range []ipmi.WatchdogTimer{
			{Use: ipmi.WatchdogOS, Interrupt: ipmi.WatchdogSMI, Initial: 100},
			{Use: ipmi.WatchdogOS, Interrupt: ipmi.WatchdogMessaging, Initial: 100},
			{Use: ipmi.WatchdogOS, Interrupt: ipmi.WatchdogNMI, Initial: 100, PreTimeout: 11},
		} {
			data := ipmi.AppendSetWatchdogRequest(nil, ipmi.SetWatchdogRequest{WatchdogTimer: refused})
			command(t, s, ipmi.NetFnApp, cmdSetWatchdog, data, ipmi.InvalidField)
		}
	})
}

// TestWatchdogStops: whoever takes the power away, or restarts the machine on
// purpose, must not see it restarted by the watchdog.
func TestWatchdogStops(t *testing.T) {
	tests := []struct {
		name  string
		event func(t *testing.T, r *rig, s *ipmitest.Session)
	}{
		{"the machine goes off", func(_ *testing.T, r *rig, _ *ipmitest.Session) {
			r.machine.set(func(m *fakeMachine) { m.power = Off })
			time.Sleep(2 * time.Second)
			r.machine.set(func(m *fakeMachine) { m.power = On })
		}},
		{"chassis control off", func(t *testing.T, _ *rig, s *ipmitest.Session) {
			command(t, s, ipmi.NetFnChassis, cmdChassisControl, control(off), ipmi.Completed)
		}},
		{"chassis control reset", func(t *testing.T, _ *rig, s *ipmitest.Session) {
			command(t, s, ipmi.NetFnChassis, cmdChassisControl, []byte{byte(ipmi.ChassisHardReset)}, ipmi.Completed)
		}},
		{"cold reset", func(t *testing.T, _ *rig, s *ipmitest.Session) {
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

// TestWatchdogTellsOfFailure: what vSphere refused is in the audit.
func TestWatchdogTellsOfFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		s := login(t, r.console(t), operator)
		broken := errors.New("no license")
		r.machine.acts(time.Second, broken)
		setTimer(t, s, tenSeconds(ipmi.WatchdogPowerDown))
		feedTimer(t, s)
		time.Sleep(12 * time.Second)
		synctest.Wait()
		r.journal.read(func(j *journal) {
			last := j.audits[len(j.audits)-1]
			if last.Command != "Watchdog Timer power down" || !errors.Is(last.Err, broken) || last.Code != ipmi.Unspecified || last.Took != time.Second {
				t.Errorf("audited %+v", last)
			}
		})
	})
}

// TestWatchdogEndsWithServe: the countdown is of a BMC that runs.
func TestWatchdogEndsWithServe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		s := login(t, r.console(t), operator)
		setTimer(t, s, tenSeconds(ipmi.WatchdogHardReset))
		feedTimer(t, s) // the rig's end fails when a goroutine stays
	})
}
