package e2e

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"syscall"
	"testing"
)

// addIPv6 gives a host of the lan an address of IPv6, at once.
func (l *lan) addIPv6(t *testing.T, host, cidr string) {
	t.Helper()
	l.in(t, host, "ip", "addr", "add", cidr, "dev", "eth0", "nodad")
}

// addBeyond makes a host beyond a router, which is on the lan, too: eth0 on the far
// host has 10.98.0.2 and 2001:db8:98::2.
func (l *lan) addBeyond(t *testing.T) {
	t.Helper()
	l.addHost(t, "router", "10.99.0.254/24")
	l.addIPv6(t, "router", "2001:db8:99::fe/64")
	l.addNamespace(t, "far")
	run(t, "ip", "link", "add", "eth0", "netns", l.ns("far"), "type", "veth", "peer", "name", "eth1", "netns", l.ns("router"))
	for _, host := range []struct{ name, iface, v4, v6 string }{
		{"router", "eth1", "10.98.0.1/24", "2001:db8:98::1/64"}, {"far", "eth0", "10.98.0.2/24", "2001:db8:98::2/64"},
	} {
		l.in(t, host.name, "ip", "addr", "add", host.v4, "dev", host.iface)
		l.in(t, host.name, "ip", "addr", "add", host.v6, "dev", host.iface, "nodad")
		l.in(t, host.name, "ip", "link", "set", host.iface, "up")
	}
	l.in(t, "router", "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
	l.in(t, "far", "ip", "route", "add", "default", "via", "10.98.0.1")
	l.in(t, "far", "ip", "route", "add", "default", "via", "2001:db8:98::1")
	l.in(t, "gw", "ip", "route", "add", "10.98.0.0/24", "via", "10.99.0.254")
	l.in(t, "gw", "ip", "route", "add", "2001:db8:98::/64", "via", "2001:db8:99::fe")
}

// answersTo runs ipmitool on a host until it says that the VM is on.
func (s *site) answersTo(t *testing.T, host, address string) {
	t.Helper()
	within(t, patience, host+" asks "+address, func() error {
		out, err := s.ipmitoolOn(host, address, "power", "status")
		if err == nil && out != "Chassis Power is on" {
			err = errors.New(out)
		}
		return err
	})
}

// localRoutes returns those of the gateway that carry its mark.
func (s *site) localRoutes(t *testing.T) string {
	t.Helper()
	return s.lan.in(t, "gw", "ip", "-4", "route", "show", "table", "local", "proto", "176") +
		s.lan.in(t, "gw", "ip", "-6", "route", "show", "table", "local", "proto", "176")
}

// Local routes instead of addresses: BMCs answer neighbours, which ask by ARP, and
// clients beyond a router, which needs a route for IPv6. A killed gateway leaves the
// routes to the next; one that is stopped removes them.
func TestRoutedAddresses(t *testing.T) {
	for _, tt := range []struct{ name, pool, upstream, route string }{
		{"IPv4", "  ranges: [\"10.99.0.100-10.99.0.119\"]\n", "", "local 10.99.0.112/29 dev eth0"},
		{"IPv6", "  cidr: \"2001:db8:1::/64\"\n", "2001:db8:1::/64", "local 2001:db8:1::/64 dev eth0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(t)
			s.lan.addIPv6(t, "gw", "2001:db8:99::1/64")
			s.lan.addBeyond(t)
			length := "  prefix_length: 24\n"
			if tt.upstream != "" {
				s.lan.in(t, "router", "ip", "route", "add", tt.upstream, "via", "2001:db8:99::1")
				length = ""
			}
			s.gw.configure(t, "  ranges: [\"10.99.0.100-10.99.0.120\"]\n  prefix_length: 24\n", tt.pool+length+"  assign: route\n")
			s.gw.configure(t, "  allow_from: [\"10.99.0.0/24\"]\n", "")
			s.gw.start(t)
			s.vc.do(t, "tag", "bmc/enabled", "vc-vm-01")
			address := s.gw.address(t, patience, "vc-vm-01")
			s.answersTo(t, "far", address)
			if tt.upstream == "" {
				s.answersTo(t, "client", address)
			}
			if have := s.lan.in(t, "gw", "ip", "-o", "addr", "show", "dev", "eth0"); strings.Contains(have, address) {
				t.Errorf("the address is on the interface:\n%s", have)
			}
			if routes := s.localRoutes(t); !strings.Contains(routes, tt.route) {
				t.Errorf("no %q among\n%s", tt.route, routes)
			}
			if text := s.gw.ask("show", "vc-vm-01") + s.gw.ask("list"); strings.Count(text, address) < 2 {
				t.Errorf("show and list do not tell %s:\n%s", address, text)
			}

			s.gw.stop(t, syscall.SIGKILL)
			if routes := s.localRoutes(t); !strings.Contains(routes, tt.route) {
				t.Errorf("the routes of a killed gateway are gone:\n%s", routes)
			}
			s.gw.start(t)
			if again := s.gw.address(t, patience, "vc-vm-01"); again != address {
				t.Errorf("vc-vm-01 had %s and has %s", address, again)
			}
			s.answersTo(t, "far", address)
			s.gw.stop(t, syscall.SIGTERM)
			if routes := s.localRoutes(t); routes != "" {
				t.Errorf("left behind:\n%s", routes)
			}

			s.gw.configure(t, "  assign: route\n", "  assign: route\n  stop: keep\n")
			s.gw.start(t)
			s.answersTo(t, "far", address)
			s.gw.stop(t, syscall.SIGTERM)
			if routes := s.localRoutes(t); !strings.Contains(routes, tt.route) {
				t.Errorf("with stop: keep the routes are\n%s", routes)
			}
		})
	}
}

// IPv6 as any other: the address is on the interface, neighbours find it by ND, and
// everything that tells of it is true.
func TestIPv6OnTheInterface(t *testing.T) {
	s := newSite(t)
	s.lan.addIPv6(t, "gw", "2001:db8:99::1/64")
	s.lan.addIPv6(t, "client", "2001:db8:99::3/64")
	s.gw.configure(t, "  ranges: [\"10.99.0.100-10.99.0.120\"]\n  prefix_length: 24\n",
		"  ranges: [\"2001:db8:99::100-2001:db8:99::1ff\"]\n  prefix_length: 64\n  gateway: \"2001:db8:99::fe\"\n")
	s.gw.configure(t, "allow_from: [\"10.99.0.0/24\"]", "allow_from: [\"2001:db8:99::/64\"]")
	s.gw.start(t)
	s.vc.do(t, "tag", "bmc/enabled", "vc-vm-01")
	address := s.gw.address(t, patience, "vc-vm-01")
	s.answersTo(t, "client", address)
	if have := s.lan.in(t, "gw", "ip", "-o", "-6", "addr", "show", "dev", "eth0"); !strings.Contains(have, address+"/128") {
		t.Errorf("%s is not on eth0:\n%s", address, have)
	}
	if out, err := s.ipmitool(address, "power", "off"); err != nil {
		t.Error(out, err)
	}
	within(t, patience, "off", s.want(address, "off"))
	for _, words := range [][]string{{"show", "vc-vm-01"}, {"list"}} {
		if text := s.gw.ask(words...); !strings.Contains(text, address) {
			t.Errorf("%s does not tell %s:\n%s", words, address, text)
		}
	}
	s.wantIPv6Parameters(t, address)
	s.gw.stop(t, syscall.SIGTERM)
	if have := s.lan.in(t, "gw", "ip", "-o", "-6", "addr", "show", "dev", "eth0"); strings.Contains(have, address) {
		t.Errorf("left behind:\n%s", have)
	}
}

// wantIPv6Parameters compares the LAN parameters from 50 on (table 23-4), as raw
// bytes behind the parameter revision, with the pool of the test.
func (s *site) wantIPv6Parameters(t *testing.T, address string) {
	t.Helper()
	hexOf := func(a string) string {
		b := netip.MustParseAddr(a).As16()
		return fmt.Sprintf("% x", b[:])
	}
	for parameter, want := range map[int]string{
		50: "01", 51: "01", 52: "00", 53: "40", 54: "00 00 00",
		55: "01 00 00", // one static address, no dynamic one, no SLAAC
		56: "00 80 " + hexOf(address) + " 40 00",
		57: "00",
		64: "01",
		65: hexOf("2001:db8:99::fe"),
	} {
		out, err := s.ipmitool(address, "raw", "0x0c", "0x02", "0x01", fmt.Sprint(parameter), "0", "0")
		if got := strings.Join(strings.Fields(out), " "); err != nil || got != "11 "+want {
			t.Errorf("parameter %d: %q, %v; want %q behind the revision", parameter, got, err, want)
		}
	}
	// What it has not: a DUID and dynamic addresses.
	for _, parameter := range []string{"58", "59"} {
		if out, err := s.ipmitool(address, "raw", "0x0c", "0x02", "0x01", parameter, "0", "0"); err == nil || !strings.Contains(out, "rsp=0xc9") {
			t.Errorf("parameter %s: %q, want none", parameter, out)
		}
	}
}
