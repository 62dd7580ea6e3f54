package browser

import (
	"context"
	"net/netip"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
)

// Commands that the tests send.
const (
	cmdAuthCapabilities = 0x38
	cmdChassisControl   = 0x02
	cmdSetBootOptions   = 0x08
	cmdGetSDRInfo       = 0x20
	cmdAddSELEntry      = 0x44
)

// bmcs are all BMCs of the daemon. Where and what they are does not change any more.
func (s *site) bmcs(t *testing.T) []admin.BMC {
	t.Helper()
	if s.known == nil {
		client := admin.NewClient(filepath.Join(s.dir, "admin.sock"))
		within(t, lookLimit, "the list of all BMCs", func(ctx context.Context) (err error) {
			s.known, err = client.BMCs(ctx, "")
			return err
		})
	}
	return s.known
}

// bmc is the BMC of a VM.
func (s *site) bmc(t *testing.T, vm string) admin.BMC {
	t.Helper()
	b, err := admin.Find(s.bmcs(t), vm)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// console is a client of a BMC, until the test ends.
func console(t *testing.T, b admin.BMC) *remote.Console {
	t.Helper()
	c, err := remote.Dial(netip.AddrPortFrom(b.Address, b.Port))
	if err != nil {
		t.Fatal(err)
	}
	c.Timeout, c.Tries = 5*time.Second, 4
	t.Cleanup(func() { c.Close() })
	return c
}

// login opens a session at a BMC, which stays open.
func login(t *testing.T, b admin.BMC) *remote.Session {
	t.Helper()
	suite, err := ipmi.CipherSuiteByID(17)
	if err != nil {
		t.Fatal(err)
	}
	s, err := console(t, b).Login(t.Context(), remote.Login{User: "operator", Password: operatorPassword, Privilege: ipmi.Operator, Suite: suite})
	if err != nil {
		t.Fatalf("login at %s: %v", b.Name, err)
	}
	return s
}

// send sends a command and returns how it ended.
func send(t *testing.T, s *remote.Session, fn ipmi.NetFn, cmd uint8, data ...byte) ipmi.CompletionCode {
	t.Helper()
	r, err := s.Command(t.Context(), fn, cmd, data)
	if err != nil {
		t.Fatalf("command %02Xh/%02Xh: %v", uint8(fn), cmd, err)
	}
	return r.Code
}

// everyBMCIsAsked sends each BMC one command that needs no session.
func everyBMCIsAsked(t *testing.T, all []admin.BMC) {
	t.Helper()
	atOnce(8, all, func(b admin.BMC) {
		if err := ask(t.Context(), b); err != nil {
			t.Errorf("%s: %v", b.Name, err)
		}
	})
}

// atOnce does something with all elements, some at a time.
func atOnce[T any](some int, all []T, do func(T)) {
	var wg sync.WaitGroup
	next := make(chan T)
	for range some {
		wg.Go(func() {
			for one := range next {
				do(one)
			}
		})
	}
	for _, one := range all {
		next <- one
	}
	close(next)
	wg.Wait()
}

func ask(ctx context.Context, b admin.BMC) error {
	c, err := remote.Dial(netip.AddrPortFrom(b.Address, b.Port))
	if err != nil {
		return err
	}
	defer c.Close()
	c.Timeout, c.Tries = 5*time.Second, 4
	_, err = c.Sessionless15(ctx, ipmi.NetFnApp, cmdAuthCapabilities, []byte{0x0E, byte(ipmi.Operator)})
	return err
}
