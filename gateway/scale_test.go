package gateway

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// A fleet is a session at each of many BMCs.
type fleet []*remote.Session

// newFleet serves the VMs of a vCenter's datacenter and logs in at all of their BMCs.
func newFleet(t *testing.T, l *lab, vms int) fleet {
	t.Helper()
	l.start(t)
	var bmcs []admin.BMC
	within(t, 2*time.Minute, "all BMCs are ready", func() error {
		bmcs = slices.DeleteFunc(l.gw.BMCs(), func(b admin.BMC) bool { return b.State != admin.Ready })
		if len(bmcs) != vms {
			return fmt.Errorf("%d of %d", len(bmcs), vms)
		}
		return nil
	})
	f := make(fleet, vms)
	inParallel(bmcs, func(i int, b admin.BMC) {
		c, err := remote.Dial(netip.AddrPortFrom(b.Address, b.Port))
		if err != nil {
			t.Error(err)
			return
		}
		c.Timeout, c.Tries = 10*time.Second, 1
		t.Cleanup(func() { c.Close() })
		if f[i], err = c.Login(t.Context(), administrator(t, b)); err != nil {
			t.Errorf("login at %s: %v", b.Name, err)
		}
	})
	if t.Failed() {
		t.FailNow()
	}
	return f
}

// inParallel calls do for all elements, sixteen at a time.
func inParallel[T any](all []T, do func(int, T)) {
	var wg sync.WaitGroup
	next := make(chan int)
	for range 16 {
		wg.Go(func() {
			for i := range next {
				do(i, all[i])
			}
		})
	}
	for i := range all {
		next <- i
	}
	close(next)
	wg.Wait()
}

// poll asks every BMC for its power status once.
func (f fleet) poll(t *testing.T, right func(answer string) bool) {
	t.Helper()
	inParallel(f, func(i int, s *remote.Session) {
		began := time.Now()
		r, err := s.Command(t.Context(), ipmi.NetFnChassis, cmdChassisStatus, nil)
		if err != nil {
			t.Errorf("BMC %d: %v after %v", i, err, time.Since(began))
			return
		}
		answer := r.Code.String()
		if r.Code == ipmi.Completed {
			answer = map[bool]string{true: "on", false: "off"}[r.Data[0]&1 != 0]
		}
		if !right(answer) {
			t.Errorf("BMC %d says %s", i, answer)
		}
	})
}

func isOn(answer string) bool { return answer == "on" }

// TestThousandBMCs: 4,000 polls cost vCenter two calls at most, and when it forgets
// the sessions under load each kind is opened once and no BMC says anything wrong.
func TestThousandBMCs(t *testing.T) {
	if testing.Short() {
		t.Skip("1,000 VMs take seconds")
	}
	const vms = 1000
	vc := simulator(t, vspheretest.Config{Name: "vc-a", VMs: vms})
	l := newLab(t)
	l.addTenant(t, vc, inventory.Selector{Folders: []string{"/DC0/vm"}, Recursive: true}, "127.20.0.1-127.20.7.254")
	f := newFleet(t, l, vms)
	l.listening(t, vc.Calls)
	l.carded(t)
	within(t, 2*time.Minute, "privileges are known", func() error { // the last of what a start asks about each VM
		if l.gw.upstreams()[0].vc.Privileges().Checked.IsZero() {
			return errors.New("not yet")
		}
		return nil
	})

	vc.ResetCalls()
	began := time.Now()
	for range 4 {
		f.poll(t, isOn)
	}
	took, calls := time.Since(began), 0
	for method, n := range vc.Calls() {
		calls += n
		if !standing[method] {
			t.Errorf("4,000 polls called %s %d times", method, n)
		}
	}
	// The standing calls go on by the clock, so a slow machine sees more of them.
	if most := max(2, int(took/time.Second)); calls > most {
		t.Errorf("4,000 polls in %v made %d calls: %v", took, calls, vc.Calls())
	}
	t.Logf("4,000 polls in %v, meanwhile %d calls to vCenter", took, calls)

	forgets(t, vc, f)
}

// forgets ends the sessions at vCenter while most BMCs are polled and the others
// get commands, which need a session.
func forgets(t *testing.T, vc *vspheretest.VCenter, f fleet) {
	commanded, polled := f[:20], f[20:]
	var stop atomic.Bool
	var wg sync.WaitGroup
	wg.Go(func() {
		for !stop.Load() {
			polled.poll(t, isOn)
		}
	})
	vc.ResetCalls()
	vc.KillSessions()
	inParallel(commanded, func(i int, s *remote.Session) {
		r, err := s.Command(t.Context(), ipmi.NetFnChassis, cmdChassisControl, []byte{byte(ipmi.ChassisPowerUp)})
		if err != nil || r.Code != ipmi.Completed {
			t.Errorf("BMC %d: power up while the session was lost: %v, %v", i, r.Code, err)
		}
	})
	eventually(t, "both sessions are open again", func() error {
		if n := vc.Calls()["Login"]; n < 2 {
			return fmt.Errorf("%d logins", n)
		}
		return nil
	})
	stop.Store(true)
	wg.Wait()
	f.poll(t, isOn)
	if n := vc.Calls()["Login"]; n != 2 {
		t.Errorf("%d logins after the sessions were lost, want one for each of the two", n)
	}
}

// TestBlackHole: while vCenter takes everything and answers nothing, each BMC
// answers something true at once, commands within 2.5 s, and nothing piles up.
// BMC_GATEWAY_LONG=1 makes it last 60 s.
func TestBlackHole(t *testing.T) {
	const vms = 50
	lasting := 8 * time.Second
	if os.Getenv("BMC_GATEWAY_LONG") != "" {
		lasting = time.Minute
	}
	vc := simulator(t, vspheretest.Config{Name: "vc-a", VMs: vms})
	l := newLab(t)
	l.addTenant(t, vc, inventory.Selector{Folders: []string{"/DC0/vm"}, Recursive: true}, "127.20.9.1-127.20.9.254")
	config := &l.config.VCenters[0]
	config.Freshness, config.CallTimeout, config.DialTimeout = 6*time.Second, 3*time.Second, 2*time.Second
	f := newFleet(t, l, vms)
	f.poll(t, isOn)
	goroutines, files, port := runtime.NumGoroutine(), openFiles(t), vc.URL().Port()

	vc.Stall(true)
	quickest := time.Hour
	var commands, late atomic.Int64
	for end := time.Now().Add(lasting); time.Now().Before(end); {
		began := time.Now()
		f.poll(t, func(answer string) bool { return answer == "on" || answer == ipmi.NodeBusy.String() })
		quickest = min(quickest, time.Since(began))
		inParallel(f, func(i int, s *remote.Session) {
			began := time.Now()
			r, err := s.Command(t.Context(), ipmi.NetFnChassis, cmdChassisControl, []byte{byte(ipmi.ChassisPowerUp)})
			took := time.Since(began)
			if took > 2500*time.Millisecond {
				late.Add(1)
			}
			if err != nil || r.Code != ipmi.NodeBusy || took > 8*time.Second {
				t.Errorf("BMC %d: a command got %v, %v after %v", i, r.Code, err, took)
			}
			commands.Add(1)
		})
		if err := pause(t.Context(), 250*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		// However long it lasts and however many ask.
		if n := connections(t, port); n > vsphereConnections {
			t.Errorf("%d connections to vCenter", n)
		}
		if n := ownGoroutines(); n > goroutines+5*vsphereConnections {
			t.Errorf("%d goroutines, %d before", n, goroutines)
		}
	}
	// A machine that does something else is slow now and then, and not all the time.
	if quickest > 2*time.Second || late.Load() > commands.Load()/2 {
		t.Errorf("%d statuses took %v at best; %d of %d commands took more than 2.5 s", vms, quickest, late.Load(), commands.Load())
	}
	f.poll(t, func(answer string) bool { return answer == ipmi.NodeBusy.String() })
	vc.Stall(false)
	eventually(t, "the BMCs know their VMs again", func() error {
		if got := status(t, f[0]); got != "on" {
			return fmt.Errorf("%s", got)
		}
		return nil
	})
	f.poll(t, isOn)
	eventually(t, "nothing is left behind", func() error {
		if n, m := runtime.NumGoroutine(), openFiles(t); n > goroutines+20 || m > files+10 {
			return fmt.Errorf("%d goroutines and %d open files, %d and %d before", n, m, goroutines, files)
		}
		return nil
	})
}

// vsphereConnections is the most that one vCenter's are.
const vsphereConnections = 24

// connections counts the open connections of this machine to a port of 127.0.0.1,
// those included that are being set up, without the other ends of them.
func connections(t *testing.T, port string) (n int) {
	t.Helper()
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(table)) {
		// Of each line: number, local address, remote address, state.
		f := strings.Fields(line)
		open := f[3] == "01" || f[3] == "02"
		if open && strings.HasSuffix(f[2], fmt.Sprintf(":%04X", number)) {
			n++
		}
	}
	return n
}

// ownGoroutines counts goroutines without those of the simulated vCenter.
func ownGoroutines() (n int) {
	all := make([]byte, 8<<20)
	all = all[:runtime.Stack(all, true)]
	for stack := range strings.SplitSeq(string(all), "\n\n") {
		if !strings.Contains(stack, "vspheretest") && !strings.Contains(stack, "net/http.(*Server)") {
			n++
		}
	}
	return n
}

// openFiles counts this process's open files, sockets among them.
func openFiles(t *testing.T) int {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}
