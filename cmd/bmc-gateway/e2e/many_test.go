package e2e

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
	"github.com/bmc-gateway/bmc-gateway/gateway/listen"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc/bmctest"
)

// manyVariable makes this test binary, started again, a host with many BMCs at
// routed addresses ("serve PREFIX COUNT"), or a client that asks them all ("ask
// FIRST COUNT").
const manyVariable = "BMCGW_E2E_MANY"

func many(job []string, in io.Reader, out io.Writer) error {
	if len(job) != 3 {
		return fmt.Errorf("%d words, want 3", len(job))
	}
	count, err := strconv.Atoi(job[2])
	if err != nil {
		return err
	}
	if job[0] == "ask" {
		first, err := netip.ParseAddr(job[1])
		if err != nil {
			return err
		}
		return pingMany(first, count, out)
	}
	prefix, err := netip.ParsePrefix(job[1])
	if err != nil {
		return err
	}
	return serveMany(prefix, count, in, out)
}

// serveMany routes the prefix to this host and opens BMCs at its first addresses,
// until in ends. It says how long that took.
func serveMany(prefix netip.Prefix, count int, in io.Reader, out io.Writer) (err error) {
	began := time.Now()
	keeper, err := address.NewKeeper(func(address.Event) {})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, keeper.Close()) }()
	routes := keeper.Routes("eth0", []netip.Prefix{prefix})
	if err := routes.TakeUp(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, routes.Withdraw()) }()
	routed := time.Since(began)
	sockets, err := listen.New(2)
	if err != nil {
		return err
	}
	defer sockets.Close()
	for at, left := prefix.Addr().Next(), count; left > 0; at, left = at.Next(), left-1 {
		if err := routes.Add("eth0", at); err != nil {
			return err
		}
		stop, err := serveOne(sockets, netip.AddrPortFrom(at, 623))
		if err != nil {
			return err
		}
		defer stop()
	}
	fmt.Fprintf(out, "routed in %s, all open in %s\n", routed.Round(time.Microsecond), time.Since(began).Round(time.Millisecond))
	_, err = io.Copy(io.Discard, in)
	return err
}

func serveOne(sockets *listen.Server, at netip.AddrPort) (stop func(), err error) {
	suite, err := ipmi.CipherSuiteByID(17)
	if err != nil {
		return nil, err
	}
	b, err := bmc.New(bmc.Config{
		GUID: [16]byte{1}, Suites: []ipmi.CipherSuite{suite},
		Accounts: []bmc.Account{{Name: "operator", Password: operatorPassword, Privilege: ipmi.Operator}},
	}, bmctest.Steady{})
	if err != nil {
		return nil, err
	}
	socket, err := sockets.OpenRouted(at)
	if err != nil {
		return nil, err
	}
	end, err := b.Start(socket)
	if err == nil {
		err = socket.Serve(listen.Handler{Receive: b.Receive, Failed: func(err error) { fmt.Fprintln(os.Stderr, at, err) }})
	}
	return func() {
		_ = socket.Close()
		end()
	}, err
}

// pingMany sends each address a presence ping until all have answered, from their
// own address.
func pingMany(first netip.Addr, count int, out io.Writer) error {
	conn, err := net.ListenUDP("udp", nil)
	if err != nil {
		return err
	}
	defer conn.Close()
	missing := make(map[netip.Addr]bool, count)
	for a, left := first, count; left > 0; a, left = a.Next(), left-1 {
		missing[a] = true
	}
	ping := []byte{6, 0, 0xFF, 6, 0, 0, 0x11, 0xBE, 0x80, 1, 0, 0}
	began, buf := time.Now(), make([]byte, 64)
	for tries := 0; len(missing) > 0 && tries < 20; tries++ {
		sent := 0
		for a := range missing {
			if _, err := conn.WriteToUDPAddrPort(ping, netip.AddrPortFrom(a, 623)); err != nil {
				return fmt.Errorf("to %s: %w", a, err)
			}
			if sent++; sent%50 == 0 {
				collect(conn, buf, missing, 2*time.Millisecond)
			}
		}
		collect(conn, buf, missing, 500*time.Millisecond)
	}
	if len(missing) > 0 {
		return fmt.Errorf("%d of %d do not answer", len(missing), count)
	}
	fmt.Fprintf(out, "%d answered in %s\n", count, time.Since(began).Round(time.Millisecond))
	return nil
}

// collect takes off the list who answers, until nobody has for so long.
func collect(conn *net.UDPConn, buf []byte, missing map[netip.Addr]bool, quiet time.Duration) {
	for len(missing) > 0 {
		if conn.SetReadDeadline(time.Now().Add(quiet)) != nil {
			return
		}
		n, from, err := conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		if n == 28 && buf[8] == 0x40 { // presence pong
			delete(missing, from.Addr().Unmap())
		}
	}
}

// 10,000 BMCs at addresses that two routes make the host's: all answer a client
// beyond a router, which has one route to them.
func TestManyRoutedAddresses(t *testing.T) {
	l := newLAN(t)
	l.addHost(t, "gw", "10.99.0.1/24")
	l.addIPv6(t, "gw", "2001:db8:99::1/64")
	l.addBeyond(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, prefix, via, last string }{
		{"IPv4", "10.1.0.0/18", "10.99.0.1", "10.1.39.16"},
		{"IPv6", "2001:db8:1::/64", "2001:db8:99::1", "2001:db8:1::2710"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l.in(t, "router", "ip", "route", "add", tt.prefix, "via", tt.via)
			server := l.command("gw", self)
			server.Env = append(os.Environ(), manyVariable+"=serve "+tt.prefix+" 10000")
			server.Stderr = os.Stderr
			in, err := server.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			out, err := server.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			start(t, server)
			t.Cleanup(func() { in.Close() })
			said, err := bufio.NewReader(out).ReadString('\n')
			if err != nil {
				t.Fatalf("the BMCs do not come up: %v", err)
			}
			first := netip.MustParsePrefix(tt.prefix).Addr().Next()
			client := l.command("far", self)
			client.Env = append(os.Environ(), manyVariable+"=ask "+first.String()+" 10000")
			asked, err := client.CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, asked)
			}
			t.Logf("%s%s", said, asked)
			s := &site{lan: l}
			for _, a := range []string{first.String(), tt.last} {
				s.answersTo(t, "far", a)
			}
		})
	}
}
