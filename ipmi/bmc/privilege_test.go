package bmc

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
)

// least is the least data with which a command is the one of the row.
func least(row Command) []byte {
	if row.NetFn == ipmi.NetFnGroup {
		return []byte{ipmi.GroupDCMI}
	}
	return nil
}

// TestEveryCommandAtEveryLevel walks over the table, at every level and in
// sessions of each kind: a command is refused with D4h below its level, and never
// because of its level from there on. Nothing is done at a level below.
func TestEveryCommandAtEveryLevel(t *testing.T) {
	forEachVersion(t, func(t *testing.T, v version) {
		for _, a := range []Account{callback, user, operator, root} {
			for _, row := range Commands() {
				synctest.Test(t, func(t *testing.T) {
					r := serve(t, bothVersions)
					s := v.login(t, r.console(t), a)
					got, err := s.Command(t.Context(), row.NetFn, row.Cmd, least(row))
					if err != nil {
						t.Fatalf("%s at level %v: %v", row.Name, a.Privilege, err)
					}
					refused := got.Code == ipmi.InsufficientPrivilege
					if want := a.Privilege < row.Privilege && !row.Sessionless; refused != want {
						t.Errorf("%s at level %v: %v, though it needs %v", row.Name, a.Privilege, got.Code, row.Privilege)
					}
					if done := r.machine.carriedOut(); refused && len(done) != 0 {
						t.Errorf("%s at level %v: carried out %q", row.Name, a.Privilege, done)
					}
				})
			}
		}
	})
}

// TestEveryCommandWithoutASession is answered when its row says so, in the wrapper
// it came in, and else earns silence: also while there are sessions.
func TestEveryCommandWithoutASession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, bothVersions)

		for _, v := range versions() {
			v.login(t, r.console(t), root)
		}
		c := r.console(t)
		c.Tries = 1
		for _, row := range Commands() {
			_, err15 := c.Sessionless15(t.Context(), row.NetFn, row.Cmd, least(row))
			_, err20 := c.Sessionless20(t.Context(), row.NetFn, row.Cmd, least(row))
			for wrapper, err := range map[string]error{"1.5": err15, "2.0": err20} {
				if silent := errors.Is(err, remote.ErrNoAnswer); silent == row.Sessionless || err != nil && !silent {
					t.Errorf("%s in the wrapper of %s: %v", row.Name, wrapper, err)
				}
			}
		}
		if done := r.machine.carriedOut(); len(done) != 0 {
			t.Errorf("carried out %q", done)
		}
	})
}

// TestSessionless lists what a stranger may ask.
func TestSessionless(t *testing.T) {
	var got []string
	for _, row := range Commands() {
		if row.Sessionless {
			got = append(got, row.Name)
		}
	}
	want := []string{
		"Get System GUID", "Get Channel Authentication Capabilities", "Get Session Challenge",
		"Get Channel Cipher Suites", "DCMI Get Capabilities Info",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
