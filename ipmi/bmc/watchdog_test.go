package bmc

import (
	"encoding/hex"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
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

func setTimer(t *testing.T, s *remote.Session, r ipmi.SetWatchdogRequest) {
	t.Helper()
	command(t, s, ipmi.NetFnApp, cmdSetWatchdog, ipmi.AppendSetWatchdogRequest(nil, r), ipmi.Completed)
}

func feedTimer(t *testing.T, s *remote.Session) {
	t.Helper()
	command(t, s, ipmi.NetFnApp, cmdResetWatchdog, nil, ipmi.Completed)
}

func timer(t *testing.T, s *remote.Session) ipmi.Watchdog {
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
