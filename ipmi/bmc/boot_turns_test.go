package bmc

import (
	"encoding/hex"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// TestBootFlagsFindWhatIsThere: a command about the flags goes by those that
// there are when its turn comes, not by those there were when it came.
func TestBootFlagsFindWhatIsThere(t *testing.T) {
	tests := []struct {
		name   string
		second []byte
		want   string // parameter 5 in the end
	}{
		{"withdrawn by the mark alone", []byte{0x85}, "0185" + "0004000000"},
		{"the valid bit taken away", []byte{5, 0, 4, 0, 0, 0}, "0105" + "0004000000"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := serve(t, nil)
				r.machine.acts(300*time.Millisecond, nil)
				c := r.console(t)
				s := login(t, c, operator)
				send(t, c, s.Request(ipmi.NetFnChassis, cmdChassisControl, control(ipmi.ChassisDiagnostic)))
				send(t, c, s.Request(ipmi.NetFnChassis, cmdSetBootOptions, []byte{5, 0x80, 4, 0, 0, 0}))
				send(t, c, s.Request(ipmi.NetFnChassis, cmdSetBootOptions, tt.second))
				time.Sleep(holdTime)
				if f := r.machine.Boot(); f.Valid() {
					t.Errorf("the machine has %x", f)
				}
				wantBoot(t, r, tt.want)
			})
		})
	}
}

// TestBootFlagsOfTwoSessions: whoever comes second has the last word, in the
// machine and in what is told of it.
func TestBootFlagsOfTwoSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		r.machine.acts(time.Second, nil)
		c := r.console(t)
		slow, quick := login(t, c, operator), login(t, r.console(t), operator)
		send(t, c, slow.Request(ipmi.NetFnChassis, cmdSetBootOptions, []byte{5, 0, 4, 0, 0, 0}))
		synctest.Wait()
		r.machine.acts(0, nil)
		command(t, quick, ipmi.NetFnChassis, cmdSetBootOptions, []byte{5, 0x80, 8, 0, 0, 0}, ipmi.Completed)
		time.Sleep(holdTime)
		wantBoot(t, r, "0105"+"8008000000")
	})
}

// wantBoot reads parameter 5 in a session of its own.
func wantBoot(t *testing.T, r *rig, want string) {
	t.Helper()
	got := command(t, login(t, r.console(t), operator), ipmi.NetFnChassis, cmdGetBootOptions, []byte{5, 0, 0}, ipmi.Completed)
	if body := hex.EncodeToString(got.Data); body != want {
		t.Errorf("told of %s, want %s", body, want)
	}
}
