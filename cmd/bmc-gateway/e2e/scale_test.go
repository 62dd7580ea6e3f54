package e2e

import (
	"flag"
	"fmt"
	"net"
	"net/netip"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// vms is how many VMs the gateway is to serve; "make scale" asks for 10,000.
var vms = flag.Int("vms", 200, "VMs of TestManyBMCs, at most 16000")

const (
	allWithin  = 30 * time.Second // from the daemon's start to the answer of the last BMC
	mostMemory = 250 << 20        // resident, bytes, with 10,000 BMCs
)

// From a cold start every VM gets its address and every BMC answers, however
// many there are.
func TestManyBMCs(t *testing.T) {
	first := netip.MustParseAddr("10.98.0.1")
	var all []netip.Addr
	for a := first; len(all) < *vms; a = a.Next() {
		all = append(all, a)
	}
	t.Setenv(countVariable, strconv.Itoa(*vms))
	s := newSite(t)
	// Through the gateway's host, so that the client needs no ARP entry for each.
	s.lan.in(t, "client", "ip", "route", "add", "10.98.0.0/18", "via", "10.99.0.1")
	s.gw.configure(t, `ranges: ["10.99.0.100-10.99.0.120"]`, fmt.Sprintf(`ranges: ["%s-%s"]`, first, all[len(all)-1]))
	s.gw.configure(t, "prefix_length: 24", "prefix_length: 18\n  conflict_check: none")
	s.gw.configure(t, `select: {tags: ["bmc/enabled"]}`, `select: {folders: [/DC0/vm]}`)
	client := newPoller(t, s.lan, "client")

	began := time.Now()
	s.gw.launch(t)
	answered := client.pollAll(t, all, allWithin)
	took := time.Since(began)
	rss := resident(t, s.gw.cmd.Process.Pid)
	t.Logf("%d of %d BMCs answer %s after the start; %d MB resident, %.1f kB a BMC", answered, len(all),
		took.Round(10*time.Millisecond), rss>>20, float64(rss)/1024/float64(len(all)))
	if answered != len(all) {
		t.Errorf("%d BMCs do not answer %s after the start", len(all)-answered, allWithin)
	}
	if rss > mostMemory {
		t.Errorf("%d MB are resident, want at most %d", rss>>20, mostMemory>>20)
	}
	if n := len(s.gw.onInterface(t)); n != len(all)+1 {
		t.Errorf("%d addresses on eth0, want %d", n, len(all)+1)
	}

	// A restart takes them all up again.
	s.gw.stop(t, syscall.SIGTERM)
	began = time.Now()
	s.gw.launch(t)
	answered = client.pollAll(t, all, allWithin)
	t.Logf("after a restart %d answer within %s", answered, time.Since(began).Round(10*time.Millisecond))
	if answered != len(all) {
		t.Errorf("after a restart %d BMCs do not answer", len(all)-answered)
	}
}

// resident is the memory of a process that is in RAM, in bytes.
func resident(t *testing.T, pid int) int {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindSubmatch(b)
	if m == nil {
		t.Fatalf("no VmRSS in\n%s", b)
	}
	kb, err := strconv.Atoi(string(m[1]))
	if err != nil {
		t.Fatal(err)
	}
	return kb << 10
}

// A poller asks many BMCs from one socket of a host.
type poller struct{ conn *net.UDPConn }

func newPoller(t *testing.T, l *lan, host string) *poller {
	t.Helper()
	p := &poller{}
	var err error
	var opening sync.WaitGroup
	opening.Go(func() {
		runtime.LockOSThread() // the thread ends with the goroutine; the socket stays in the namespace
		err = p.open("/var/run/netns/" + l.ns(host))
	})
	opening.Wait()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.conn.Close() })
	return p
}

func (p *poller) open(namespace string) error {
	ns, err := os.Open(namespace)
	if err != nil {
		return err
	}
	defer ns.Close()
	if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
		return err
	}
	p.conn, err = net.ListenUDP("udp4", nil)
	return err
}

// pollAll asks every address for its authentication capabilities until each has
// answered or the time is over, and returns how many have.
func (p *poller) pollAll(t *testing.T, all []netip.Addr, limit time.Duration) int {
	t.Helper()
	ask := ipmi.AppendSession15(nil, ipmi.Session15{Message: ipmi.AppendRequest(nil, ipmi.Message{
		Responder: ipmi.AddressBMC, Requester: ipmi.AddressConsole, NetFn: ipmi.NetFnApp, Command: 0x38, Data: []byte{0x8E, 0x04},
	})})
	missing := make(map[netip.Addr]bool, len(all))
	for _, a := range all {
		missing[a] = true
	}
	for deadline := time.Now().Add(limit); len(missing) > 0 && time.Now().Before(deadline); {
		sent := 0
		for a := range missing {
			// "Unreachable" is for an address that is not there yet.
			_, _ = p.conn.WriteToUDPAddrPort(ask, netip.AddrPortFrom(a, 623))
			if sent++; sent%64 == 0 {
				p.hear(t, missing, 2*time.Millisecond)
			}
		}
		p.hear(t, missing, 200*time.Millisecond)
	}
	return len(all) - len(missing)
}

// hear takes those that answer within a time off the list of the missing.
func (p *poller) hear(t *testing.T, missing map[netip.Addr]bool, within time.Duration) {
	t.Helper()
	buf := make([]byte, 1024)
	if err := p.conn.SetReadDeadline(time.Now().Add(within)); err != nil {
		t.Fatal(err)
	}
	for len(missing) > 0 {
		n, from, err := p.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		if n > 20 {
			delete(missing, from.Addr().Unmap())
		}
	}
}
