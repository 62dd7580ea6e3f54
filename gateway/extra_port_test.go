package gateway

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// freePort returns a port of 127.0.0.1 that somebody else has until release.
func freePort(t *testing.T) (at netip.AddrPort, release func()) {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn.LocalAddr().(*net.UDPAddr).AddrPort(), func() { _ = conn.Close() }
}

// at is the same BMC at another place.
func at(b admin.BMC, place netip.AddrPort) admin.BMC {
	b.Address, b.Port = place.Addr(), place.Port()
	return b
}

// The BMC also answers at its extra port, held answers included, with the same
// accounts and sessions; one that somebody else has is told of, is no trouble to
// the rest, and works once it is free.
func TestLegacyPorts(t *testing.T) {
	vc := simulator(t, vspheretest.Config{Name: "vc-a", VMs: 2})
	if err := vc.Tag("bmc/enabled", "vc-a-vm-01", "vc-a-vm-02"); err != nil {
		t.Fatal(err)
	}
	open, release := freePort(t)
	taken, give := freePort(t)
	release()
	l := newLab(t)
	tenant := l.addTenant(t, vc, inventory.Selector{Tags: []string{"bmc/enabled"}}, "127.7.4.1-127.7.4.9")
	tenant.LegacyPorts = []LegacyPort{{VM: "vc-a-vm-01", Listen: open}, {VM: "vc-a-vm-01", Listen: taken}}
	l.start(t)
	b := l.ready(t, "vc-a-vm-01")
	eventually(t, "the extra ports are told", func() error {
		if b = l.ready(t, "vc-a-vm-01"); len(b.ExtraPorts) != 2 {
			return net.ErrClosed
		}
		return nil
	})
	if p := b.ExtraPorts; p[0] != (admin.ExtraPort{Listen: open.String()}) || p[1].Listen != taken.String() || !strings.Contains(p[1].Failure, "in use") {
		t.Errorf("extra ports %+v", p)
	}
	if !strings.Contains(b.Reason, taken.String()) {
		t.Errorf("reason %q", b.Reason)
	}
	if other := l.ready(t, "vc-a-vm-02"); other.ExtraPorts != nil {
		t.Errorf("the other VM has %+v", other.ExtraPorts)
	}

	// The consoles hear only whom they ask, so the answer left by the right socket.
	legacy := login(t, at(b, open))
	if code := control(t, legacy, ipmi.ChassisPowerDown); code != ipmi.Completed {
		t.Errorf("power off at the extra port: %s", code)
	}
	if got := vc.Power("vc-a-vm-01"); got != "poweredOff" {
		t.Errorf("it is %s", got)
	}
	own := login(t, b)
	wantStatus(t, own, "off")
	if got := l.ready(t, "vc-a-vm-01").Sessions; len(got) != 2 {
		t.Errorf("sessions %+v", got)
	}

	give()
	eventually(t, "the port that was taken is open", func() error {
		if f := l.ready(t, "vc-a-vm-01").ExtraPorts[1].Failure; f != "" {
			return net.UnknownNetworkError(f)
		}
		return nil
	})
	wantStatus(t, login(t, at(b, taken)), "off")
	l.stop()
	again, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(open))
	if err != nil {
		t.Fatalf("after the end: %v", err)
	}
	_ = again.Close()
}

// A reload opens and closes extra ports; sessions at the BMC's own address go on.
func TestLegacyPortsFollowReloads(t *testing.T) {
	l := newReloadLab(t)
	b := l.ready(t, "vc-a-vm-01")
	own := login(t, b)
	place, release := freePort(t)
	release()
	ports := func(want int) func() error {
		return func() error {
			if got := l.ready(t, b.Name).ExtraPorts; len(got) != want {
				return fmt.Errorf("extra ports %+v, want %d", got, want)
			}
			return nil
		}
	}
	l.reload(t, func(c *Config) { c.Tenants[0].LegacyPorts = []LegacyPort{{VM: b.VM.InstanceUUID, Listen: place}} })
	eventually(t, "the port is there", ports(1))
	wantStatus(t, login(t, at(b, place)), "on")
	l.reload(t, func(c *Config) { c.Tenants[0].LegacyPorts = nil })
	eventually(t, "the port is gone", ports(0))
	again, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(place))
	if err != nil {
		t.Fatalf("it is not free: %v", err)
	}
	_ = again.Close()
	wantStatus(t, own, "on")
}
