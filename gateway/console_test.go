package gateway

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
)

const (
	cmdChassisStatus  = 0x01
	cmdChassisControl = 0x02
	cmdSetBoot        = 0x08
	cmdGetBoot        = 0x09
)

// dial returns a console for a BMC; it waits longer than a held command is held.
func dial(t *testing.T, b admin.BMC) *remote.Console {
	t.Helper()
	c, err := remote.Dial(netip.AddrPortFrom(b.Address, b.Port))
	if err != nil {
		t.Fatal(err)
	}
	c.Timeout, c.Tries = 10*time.Second, 1
	t.Cleanup(func() { c.Close() })
	return c
}

// administrator is the login of the tenant's administrator.
func administrator(t *testing.T, b admin.BMC) remote.Login {
	t.Helper()
	suite, err := ipmi.CipherSuiteByID(17)
	if err != nil {
		t.Fatal(err)
	}
	return remote.Login{Suite: suite, User: "admin", Password: "admin-of-" + b.Tenant, Privilege: ipmi.Administrator}
}

// login sets up a session as the tenant's administrator, until the test ends.
func login(t *testing.T, b admin.BMC) *remote.Session {
	t.Helper()
	c := dial(t, b)
	s, err := c.Login(t.Context(), administrator(t, b))
	if err != nil {
		t.Fatalf("login at %s: %v", b.Name, err)
	}
	t.Cleanup(func() {
		c.Timeout = 100 * time.Millisecond // the BMC may be gone by now
		_ = s.Close(context.Background())
	})
	return s
}

// control sends Chassis Control and returns the completion code.
func control(t *testing.T, s *remote.Session, c ipmi.ChassisControl) ipmi.CompletionCode {
	t.Helper()
	r, err := s.Command(t.Context(), ipmi.NetFnChassis, cmdChassisControl, []byte{byte(c)})
	if err != nil {
		t.Fatalf("chassis control %s: %v", c, err)
	}
	return r.Code
}

// status returns the word of power status, or the completion code.
func status(t *testing.T, s *remote.Session) string {
	t.Helper()
	r, err := s.Command(t.Context(), ipmi.NetFnChassis, cmdChassisStatus, nil)
	if err != nil {
		t.Fatalf("chassis status: %v", err)
	}
	switch {
	case r.Code != ipmi.Completed:
		return r.Code.String()
	case r.Data[0]&1 != 0:
		return "on"
	default:
		return "off"
	}
}

// wantStatus waits until power status says so.
func wantStatus(t *testing.T, s *remote.Session, want string) {
	t.Helper()
	eventually(t, "power status", func() error {
		if got := status(t, s); got != want {
			return fmt.Errorf("got %s, want %s", got, want)
		}
		return nil
	})
}

// bootdev does what `ipmitool chassis bootdev` does, in one command.
func bootdev(t *testing.T, s *remote.Session, first byte, d ipmi.BootDevice) ipmi.CompletionCode {
	t.Helper()
	r, err := s.Command(t.Context(), ipmi.NetFnChassis, cmdSetBoot, []byte{5, first, byte(d) << 2, 0, 0, 0})
	if err != nil {
		t.Fatalf("set boot options: %v", err)
	}
	return r.Code
}

// bootflags reads parameter 5.
func bootflags(t *testing.T, s *remote.Session) (f ipmi.BootFlags) {
	t.Helper()
	r, err := s.Command(t.Context(), ipmi.NetFnChassis, cmdGetBoot, []byte{5, 0, 0})
	if err != nil || r.Code != ipmi.Completed || len(r.Data) != 7 {
		t.Fatalf("get boot options: %v, %v, % x", err, r.Code, r.Data)
	}
	copy(f[:], r.Data[2:])
	return f
}
