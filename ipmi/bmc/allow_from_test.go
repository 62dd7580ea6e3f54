package bmc

import (
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
)

// The allowed sources change while sessions are open: who is not among them is not
// heard, who is again goes on.
func TestSetAllowFrom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, func(*Config) {})
		c := r.console(t)
		c.Tries = 1
		s := login(t, c, operator)
		ask := func() error {
			_, err := s.Command(t.Context(), ipmi.NetFnApp, 0x01, nil)
			return err
		}
		for _, tt := range []struct {
			name  string
			allow []netip.Prefix
			heard bool
		}{
			{"elsewhere", []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}, false},
			{"everywhere", nil, true},
			{"two prefixes", []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("0.0.0.0/0")}, true},
		} {
			if err := r.bmc.SetAllowFrom(tt.allow); err != nil {
				t.Fatal(err)
			}
			if err := ask(); (err == nil) != tt.heard || err != nil && !errors.Is(err, remote.ErrNoAnswer) {
				t.Errorf("%s: %v, want heard %t", tt.name, err, tt.heard)
			}
		}
		if err := r.bmc.SetAllowFrom([]netip.Prefix{{}}); err == nil {
			t.Error("no prefix is taken for one")
		}
		if err := ask(); err != nil {
			t.Errorf("after what was refused: %v", err)
		}
		if err := r.bmc.SetAllowFrom([]netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * defaultIdleTimeout)
		if n := len(r.bmc.Sessions()); n != 0 {
			t.Errorf("%d sessions of who is not heard any more", n)
		}
	})
}
