package gateway

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// A churning VM is what the test has made of it so far.
type churning struct {
	folder                             string
	tagged, excluded, disabled, parked bool
}

// selected says what the tenant's selector makes of it.
func (c churning) selected() bool {
	return (c.tagged || c.folder != "") && c.folder != "lab/attic" && !c.excluded && !c.disabled && !c.parked
}

// A churn changes an inventory at random and knows what it is.
type churn struct {
	vc   *vspheretest.VCenter
	rand *rand.Rand
	vms  map[string]*churning // by name
	made int
	kill time.Time // when the sessions may be ended again: logins are limited
}

// step makes one change, and says which.
func (c *churn) step() (what string, err error) {
	name := slices.Sorted(maps.Keys(c.vms))[c.rand.IntN(len(c.vms))]
	vm := c.vms[name]
	flip := func(on *bool, set, unset func() error) error {
		if *on = !*on; *on {
			return set()
		}
		return unset()
	}
	tag := func(on *bool, tag string) error {
		return flip(on, func() error { return c.vc.Tag(tag, name) }, func() error { return c.vc.Untag(tag, name) })
	}
	switch n := c.rand.IntN(100); {
	case n < 20:
		return "tag " + name, tag(&vm.tagged, "bmc/enabled")
	case n < 27:
		return "exclude " + name, tag(&vm.excluded, "bmc/never")
	case n < 42:
		vm.folder = []string{"", "lab", "lab/deep", "lab/attic"}[c.rand.IntN(4)]
		return "move " + name + " to " + vm.folder, c.vc.MoveToFolder(vm.folder, name)
	case n < 50:
		return "disable " + name, flip(&vm.disabled, func() error { return c.vc.SetAttribute(name, "bmc.disabled", "true") },
			func() error { return c.vc.SetAttribute(name, "bmc.disabled", "") })
	case n < 55:
		vm.parked = !vm.parked
		return "make a template of " + name, c.vc.SetTemplate(name, vm.parked)
	case n < 60:
		delete(c.vms, name)
		c.made++
		to := fmt.Sprintf("renamed-%d", c.made)
		c.vms[to] = vm
		return "rename " + name, c.vc.Rename(name, to)
	case n < 65:
		*vm = churning{folder: vm.folder} // tags and attributes are of the old registration
		return "register " + name, c.vc.Reregister(name)
	case n < 70:
		return "migrate " + name, c.vc.Migrate(name)
	case n < 83 && len(c.vms) > 12:
		delete(c.vms, name)
		return "remove " + name, c.vc.RemoveVM(name)
	case n < 95 && len(c.vms) < 60:
		c.made++
		fresh := fmt.Sprintf("fresh-%d", c.made)
		c.vms[fresh] = &churning{folder: "lab"}
		if n < 89 {
			return "clone " + name, c.vc.Clone(name, fresh, "lab")
		}
		return "add " + fresh, c.vc.AddVM(fresh, "lab")
	case n < 98 && time.Now().After(c.kill):
		c.kill = time.Now().Add(time.Minute)
		c.vc.KillSessions()
		return "lose the sessions", nil
	default:
		c.vc.Down()
		return "cut the connections", c.vc.Up()
	}
}

// wanted returns the instance UUIDs of the VMs that are selected, and of the two
// that nothing happens to.
func (c *churn) wanted() (all []string) {
	for name, vm := range c.vms {
		if vm.selected() {
			id, _ := c.vc.UUIDs(name)
			all = append(all, id)
		}
	}
	for _, name := range []string{one, two} {
		id, _ := c.vc.UUIDs(name)
		all = append(all, id)
	}
	slices.Sort(all)
	return all
}

// churningLab serves what is selected of twenty VMs that change and two that do not.
func churningLab(t *testing.T) (*lab, *churn) {
	t.Helper()
	vc := simulator(t, vspheretest.Config{Name: "vc-a", VMs: 22})
	c := &churn{vc: vc, rand: rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0)), vms: make(map[string]*churning)}
	for n := 3; n <= 22; n++ {
		c.vms[fmt.Sprintf("vc-a-vm-%02d", n)] = new(churning)
	}
	_, deep := vc.CreateFolder("lab/deep")
	_, attic := vc.CreateFolder("lab/attic")
	for _, err := range []error{deep, attic, vc.Tag("bmc/enabled", one, two), vc.Tag("bmc/never"), vc.SetAttribute(one, "bmc.disabled", "false")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	l := newLab(t)
	l.addTenant(t, vc, inventory.Selector{
		Tags: []string{"bmc/enabled"}, Folders: []string{"/DC0/vm/lab"}, Recursive: true,
		ExcludeTags: []string{"bmc/never"}, ExcludeFolders: []string{"/DC0/vm/lab/attic"},
	}, "127.21.0.1-127.21.7.254").Guard = inventory.Guard{
		Answers: 3, After: 300 * time.Millisecond, Share: 25, Minimum: 3, Window: 5 * time.Second, Hold: 3 * time.Second,
	}
	l.config.Pools[0].Hold = 2 * time.Second
	l.start(t)
	return l, c
}

// TestChurn: after many random changes of the inventory the BMCs, the sockets that
// answer and the leases are those of the VMs that are selected, nothing lost and
// nothing left; and two BMCs whose VMs nobody has touched have never been away.
// BMC_GATEWAY_LONG=1 makes it last ten minutes.
func TestChurn(t *testing.T) {
	lasting := 8 * time.Second
	if os.Getenv("BMC_GATEWAY_LONG") != "" {
		lasting = 10 * time.Minute
	}
	l, c := churningLab(t)
	still := login(t, l.ready(t, one))
	l.ready(t, two)
	before := l.endpoints()
	done := make(chan struct{})
	var polls sync.WaitGroup
	polls.Go(func() {
		for answers := 0; ; answers++ {
			if got := status(t, still); got != "on" && got != ipmi.NodeBusy.String() {
				t.Errorf("the BMC of a VM that nobody touched says %s", got)
			}
			select {
			case <-done:
				t.Logf("polled %d times", answers)
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	})
	steps := 0
	var last []string
	for end := time.Now().Add(lasting); time.Now().Before(end) && !t.Failed(); steps++ {
		what, err := c.step()
		if last = append(last[max(0, len(last)-20):], what); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if err := pause(t.Context(), time.Duration(c.rand.IntN(80))*time.Millisecond); err != nil {
			t.Error(err)
		}
	}
	close(done)
	polls.Wait()
	t.Logf("%d changes; the last were %q", steps, last)
	want := c.wanted()
	within(t, time.Minute, "inventory, BMCs, sockets and leases agree", func() error { return l.agrees(t, want) })
	for _, name := range []string{one, two} {
		id, _ := c.vc.UUIDs(name)
		if now := l.endpoints()[id]; now != before[id] {
			t.Errorf("%s was %+v and is %+v", name, before[id], now)
		}
	}
	t.Logf("%d VMs, %d of them selected", len(c.vms)+2, len(want))
}

// agrees compares everything there is for BMCs with the VMs that are to have one.
func (l *lab) agrees(t *testing.T, want []string) error {
	var bmcs, addresses, leases, leased []string
	for _, b := range l.gw.BMCs() {
		if b.State != admin.Ready {
			return fmt.Errorf("%s is %s: %s", b.Name, b.State, b.Reason)
		}
		bmcs, addresses = append(bmcs, b.VM.InstanceUUID), append(addresses, b.Address.String())
	}
	for _, lease := range l.gw.Leases() {
		if lease.State == "in use" {
			leases, leased = append(leases, lease.UUID), append(leased, lease.Address.String())
		}
	}
	sockets := bound(t, netip.MustParsePrefix("127.21.0.0/16"), testPort)
	for _, list := range [][]string{bmcs, addresses, leases, leased, sockets} {
		slices.Sort(list)
	}
	switch {
	case !slices.Equal(bmcs, want):
		return fmt.Errorf("%d BMCs, want %d", len(bmcs), len(want))
	case !slices.Equal(leases, want):
		return fmt.Errorf("%d leases in use, want %d", len(leases), len(want))
	case !slices.Equal(leased, addresses) || !slices.Equal(sockets, addresses):
		return fmt.Errorf("BMCs answer at %v, leases are of %v, sockets are bound to %v", addresses, leased, sockets)
	}
	return nil
}

// bound returns the addresses in the prefix whose UDP port is taken.
func bound(t *testing.T, in netip.Prefix, port uint16) (all []string) {
	t.Helper()
	table, err := os.ReadFile("/proc/net/udp")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(table)) {
		var b [4]byte
		var at uint16
		// Of each line: number, local address, remote address. An address is little-endian here.
		if _, err := fmt.Sscanf(strings.Fields(line)[1], "%02X%02X%02X%02X:%04X", &b[3], &b[2], &b[1], &b[0], &at); err != nil {
			continue
		}
		if a := netip.AddrFrom4(b); at == port && in.Contains(a) {
			all = append(all, a.String())
		}
	}
	return all
}
