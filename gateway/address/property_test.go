package address

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// The pool of the property test: 14 addresses, 25 VMs that want one.
const (
	propertyHold       = 10 * time.Minute
	propertyQuarantine = 20 * time.Minute
	propertyVMs        = 25
)

// A trial drives a pool at random and remembers, apart from the books, who was
// served where and when that ended.
type trial struct {
	t    *testing.T
	rnd  *rand.Rand
	pool *Pool
	now  time.Time

	serving map[netip.Addr]inventory.Key // now
	last    map[netip.Addr]inventory.Key // lately
	ended   map[netip.Addr]time.Time     // when last was served there for the last time
	seen    map[netip.Addr]time.Time     // when another host was seen
}

// TestPoolProperties checks, whatever the order of the operations was: never two
// VMs on one address, never an address within the quarantine after another VM or
// after a conflict, never one outside the pool.
func TestPoolProperties(t *testing.T) {
	for seed := range uint64(12) {
		tr := &trial{
			t: t, rnd: rand.New(rand.NewPCG(seed, 1)), now: start,
			serving: make(map[netip.Addr]inventory.Key), last: make(map[netip.Addr]inventory.Key),
			ended: make(map[netip.Addr]time.Time), seen: make(map[netip.Addr]time.Time),
		}
		p, err := NewPool(PoolConfig{
			Name: "lab", Ranges: ranges(t, "10.0.0.0/28"), Hold: propertyHold, Quarantine: propertyQuarantine,
		}, NewMACs())
		if err != nil {
			t.Fatal(err)
		}
		tr.pool = p
		for step := range 3000 {
			tr.now = tr.now.Add(time.Duration(tr.rnd.IntN(120)) * time.Second)
			tr.step()
			tr.checkBooks()
			if t.Failed() {
				t.Fatalf("seed %d, step %d", seed, step)
			}
		}
	}
}

// step does one thing at random.
func (tr *trial) step() {
	k := key(tr.rnd.IntN(propertyVMs))
	a := netip.AddrFrom4([4]byte{10, 0, 0, byte(tr.rnd.IntN(18))}) // also some outside
	switch tr.rnd.IntN(24) {
	case 0:
		tr.pool = restart(tr.t, tr.pool)
	case 1:
		if err := tr.pool.Reserve(a, "acme", tr.now); err == nil && tr.serves(a) {
			tr.t.Errorf("%s was reserved while %s had it", a, tr.serving[a])
		}
	case 2, 3:
		if err := tr.pool.End(a, tr.now); err == nil && tr.serves(a) {
			tr.t.Errorf("the lease of %s ended while %s had it", a, tr.serving[a])
		}
	case 4:
		tr.conflict(a)
	case 5:
		if tr.rnd.IntN(20) == 0 {
			tr.pool.Pin(k)
		}
	case 6, 7:
		if err := tr.pool.Assign(k, a, tr.now); err == nil {
			tr.given(k, a)
		} else if l, ok := tr.pool.Lease(k); ok && l.InUse() && tr.serving[l.Address] != k {
			tr.t.Errorf("%s: a failed Assign left it on %s", k, l.Address)
		}
	case 8, 9, 10:
		tr.undone(k, a)
	case 11, 12, 13, 14, 15:
		tr.pool.Release(k, tr.now)
		tr.gone(k)
	default:
		tr.allocate(k)
	}
}

func (tr *trial) serves(a netip.Addr) bool { _, ok := tr.serving[a]; return ok }

func (tr *trial) allocate(k inventory.Key) {
	own, had := tr.pool.Lease(k)
	a, err := tr.pool.Allocate(k, tr.now)
	switch {
	case had && (err != nil || a != own.Address):
		tr.t.Errorf("%s: got %s, %v, had %s", k, a, err, own.Address)
	case err == nil:
		tr.given(k, a)
	case !errors.Is(err, ErrExhausted):
		tr.t.Errorf("%s: %v", k, err)
	}
}

// conflict is another host on an address, at times before it was used.
func (tr *trial) conflict(a netip.Addr) {
	served := tr.rnd.IntN(2) == 0
	if err := tr.pool.Conflict(a, served, tr.now); err != nil {
		return
	}
	tr.seen[a] = tr.now
	if l, ok := tr.pool.At(a); ok && tr.serves(a) && l.Key != tr.serving[a] {
		tr.gone(tr.serving[a])
	}
}

// undone gives a VM an address that then cannot be stored.
func (tr *trial) undone(k inventory.Key, a netip.Addr) {
	tr.pool.Settle()
	before := tr.pool.Leases()
	if tr.rnd.IntN(2) == 0 {
		_ = tr.pool.Assign(k, a, tr.now)
	} else {
		_, _ = tr.pool.Allocate(k, tr.now)
	}
	tr.pool.Undo()
	after := tr.pool.Leases()
	if len(before) != len(after) {
		tr.t.Fatalf("%d leases, %d after an undone change", len(before), len(after))
	}
	for i := range before {
		if before[i] != after[i] {
			tr.t.Errorf("undone:\n%+v\n%+v", before[i], after[i])
		}
	}
}

// given checks an address that a VM has got against what happened there.
func (tr *trial) given(k inventory.Key, a netip.Addr) {
	tr.t.Helper()
	if o, taken := tr.serving[a]; taken && o != k {
		tr.t.Errorf("%s: got %s, which %s has", k, a, o)
	}
	if !tr.pool.Contains(a) {
		tr.t.Errorf("%s: got %s, which is not in the pool", k, a)
	}
	if o, ok := tr.last[a]; ok && o != k && tr.now.Sub(tr.ended[a]) < propertyQuarantine {
		tr.t.Errorf("%s: got %s, where %s was until %s, at %s", k, a, o, tr.ended[a], tr.now)
	}
	if at, ok := tr.seen[a]; ok && tr.last[a] != k && tr.serving[a] != k && tr.now.Sub(at) < propertyQuarantine {
		tr.t.Errorf("%s: got %s, where another host was seen at %s, at %s", k, a, at, tr.now)
	}
	if tr.serving[a] != k {
		tr.gone(k)
	}
	tr.serving[a], tr.last[a] = k, k
}

// gone notes that a VM is served no more where it was.
func (tr *trial) gone(k inventory.Key) {
	for a, o := range tr.serving {
		if o == k {
			delete(tr.serving, a)
			tr.ended[a] = tr.now
		}
	}
}

// checkBooks checks that each address has one owner, each VM one address, each
// MAC one VM, and that the counts add up.
func (tr *trial) checkBooks() {
	tr.t.Helper()
	vms, macs := make(map[inventory.Key]bool), make(map[MAC]bool)
	inUse := 0
	for _, l := range tr.pool.Leases() {
		if l.InUse() {
			inUse++
			if tr.serving[l.Address] != l.Key {
				tr.t.Errorf("%s: the books say %s, served is %s", l.Address, l.Key, tr.serving[l.Address])
			}
		}
		if l.Key == (inventory.Key{}) {
			continue
		}
		if vms[l.Key] || macs[l.MAC] {
			tr.t.Errorf("%s has two addresses or the hardware address of another", l.Key)
		}
		vms[l.Key], macs[l.MAC] = true, true
		if got, ok := tr.pool.Lease(l.Key); !ok || got != l {
			tr.t.Errorf("%s: listed as %+v, found as %+v", l.Key, l, got)
		}
	}
	u := tr.pool.Usage(tr.now)
	if u.Size != 14 || u.InUse != inUse || inUse != len(tr.serving) || u.Free < 0 {
		tr.t.Errorf("usage %+v does not add up with %d leases in use, %d served", u, inUse, len(tr.serving))
	}
}
