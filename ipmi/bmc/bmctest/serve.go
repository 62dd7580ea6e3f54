package bmctest

import (
	"context"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
)

// A Steady machine is always on, whatever anybody wants of it.
type Steady struct{}

// Power implements bmc.Machine.
func (Steady) Power() (bmc.PowerState, error) { return bmc.On, nil }

// Control implements bmc.Machine.
func (Steady) Control(context.Context, ipmi.ChassisControl) error { return nil }

// Boot implements bmc.Machine.
func (Steady) Boot() ipmi.BootFlags { return ipmi.BootFlags{} }

// SetBoot implements bmc.Machine.
func (Steady) SetBoot(context.Context, ipmi.BootFlags, time.Duration) error { return nil }

// Serve runs a BMC of a steady machine with these accounts on a port of loopback,
// until the test ends.
func Serve(t testing.TB, accounts []bmc.Account, suites ...ipmi.CipherSuiteID) (*bmc.BMC, netip.AddrPort) {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	return ServeOn(t, conn, accounts, suites...), conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

// A Conn is a socket that somebody has to close.
type Conn interface {
	bmc.PacketConn
	Close() error
}

// ServeOn is the same on a socket that the test has opened; it is closed with the test.
func ServeOn(t testing.TB, conn Conn, accounts []bmc.Account, suites ...ipmi.CipherSuiteID) *bmc.BMC {
	t.Helper()
	config := bmc.Config{GUID: [16]byte{1}, Accounts: accounts}
	for _, id := range suites {
		suite, err := ipmi.CipherSuiteByID(id)
		if err != nil {
			t.Fatal(err)
		}
		config.Suites = append(config.Suites, suite)
	}
	b, err := bmc.New(config, Steady{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Serve(ctx, conn) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}
