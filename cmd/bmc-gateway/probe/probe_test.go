package probe

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc/bmctest"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
)

// Run takes all steps that the target has, and ends with the first that fails.
func TestRun(t *testing.T) {
	b, at := bmctest.Serve(t, []bmc.Account{{Name: "operator", Password: "S3cretWord", Privilege: ipmi.Operator}}, 17)
	tests := []struct {
		name   string
		change func(*Target)
		steps  string
		err    string
	}{
		{"a whole session", func(*Target) {},
			"presence ping, authentication capabilities, log in, device ID, chassis status, close session", ""},
		{"nobody logs in", func(t *Target) { t.User = "" }, "presence ping, authentication capabilities", ""},
		{"wrong password", func(t *Target) { t.Password = "guess" },
			"presence ping, authentication capabilities, log in", "log in: the password is wrong, or nobody has this name"},
		{"more privilege than the account has", func(t *Target) { t.Privilege = ipmi.Administrator },
			"presence ping, authentication capabilities, log in", "log in: the account may not have this privilege"},
		{"a suite the BMC does not have", func(t *Target) { t.Suite = 3 },
			"presence ping, authentication capabilities, log in", "log in: the BMC does not have this cipher suite"},
		{"a suite nobody has", func(t *Target) { t.Suite = 99 },
			"presence ping, authentication capabilities, log in", "log in: cipher suite 99"},
		{"a key it does not know", func(t *Target) { t.Kg = "twenty bytes of key " },
			"presence ping, authentication capabilities, log in", "log in: the BMC has another Kg"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			target := Target{Address: at, User: "operator", Password: "S3cretWord", Privilege: ipmi.Operator, Suite: 17,
				Timeout: 5 * time.Second, Tries: 2}
			tt.change(&target)
			steps := Run(t.Context(), target)
			var names []string
			for _, s := range steps {
				names = append(names, s.Name)
				if (s.Err == nil) != (s.Text != "" || s.Name == "close session") || s.Took <= 0 {
					t.Errorf("step %+v", s)
				}
			}
			if got := strings.Join(names, ", "); got != tt.steps {
				t.Errorf("took %s; want %s", got, tt.steps)
			}
			switch err := Failed(steps); {
			case tt.err == "" && err != nil:
				t.Error(err)
			case tt.err != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.err)):
				t.Errorf("error %v, want %s", err, tt.err)
			}
		})
	}
	// A client with another Kg cannot close what the BMC has opened for it.
	if left := b.Sessions(); len(left) != 1 {
		t.Errorf("%d sessions are left open", len(left))
	}
}

// Where nobody answers, the first step fails in the time it is given.
func TestRunAtNobody(t *testing.T) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	silent := netip.MustParseAddrPort(conn.LocalAddr().String())
	steps := Run(t.Context(), Target{Address: silent, Timeout: 20 * time.Millisecond, Tries: 2})
	if len(steps) != 1 || !errors.Is(steps[0].Err, remote.ErrNoAnswer) {
		t.Errorf("steps %+v", steps)
	}
	if err := Failed(steps); err == nil || err.Error() != "presence ping: no answer, asked 2 times" {
		t.Error(err)
	}
}

// What ended a login is told in words where it has some.
func TestInWords(t *testing.T) {
	for _, row := range []struct {
		err  error
		want string
	}{
		{&remote.StatusError{Message: "RAKP message 4", Status: ipmi.StatusNoResources}, "insufficient resources: all sessions of the BMC, or of its tenant, are taken"},
		{&remote.StatusError{Message: "RAKP message 2", Status: ipmi.StatusUnauthorizedRole}, "the account may not have this privilege"},
		{&remote.StatusError{Message: "RAKP message 2", Status: ipmi.StatusIllegalParameter}, "RAKP message 2: status 12h"},
		{errors.New("something else"), "something else"},
	} {
		if got := inWords(row.err, 3); got.Error() != row.want || !errors.Is(got, row.err) {
			t.Errorf("%v: %v, want %s", row.err, got, row.want)
		}
	}
	if inWords(nil, 3) != nil {
		t.Error("an error was made of none")
	}
}
