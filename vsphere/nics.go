package vsphere

import (
	"cmp"
	"context"
	"hash/fnv"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/inventory"
)

const (
	nicBatch  = 100                    // VMs in one read: what they are made of is long
	nicSettle = time.Second            // before the first read, for others to join it
	nicPause  = 250 * time.Millisecond // between two
	nicAgain  = 10 * time.Second       // after a read that failed
	nicRetry  = 10 * time.Minute       // after which a VM is read again that had nothing to say
)

// devicesPath is what network cards are found in. It is no property for the watch,
// which would take several times as long with it.
const devicesPath = "config.hardware.device"

// nics are a VM's network cards, read when somebody first wanted them and again when
// its configuration is another (config.changeVersion).
type nics struct {
	macs    []string // in the order of the devices; replaced, never changed
	read    bool
	version uint64    // of the configuration when they were read
	silent  time.Time // when vCenter had nothing to say; zero: it had
}

// due reports whether they are to be read.
func (n nics) due(version uint64, now time.Time) bool {
	if !n.silent.IsZero() {
		return n.version != version || now.Sub(n.silent) >= nicRetry
	}
	return !n.read || n.version != version
}

// changeVersion makes a version that can be compared of vCenter's, which is any text.
func changeVersion(v types.AnyType) uint64 {
	h := fnv.New64a()
	h.Write([]byte(word(v)))
	return h.Sum64()
}

// NICs returns the MAC addresses of these VMs' network cards, lower case and in the order
// of the devices, the first being the one that a VM without a boot order boots from. Those
// that are known come from memory, the others are asked for, a hundred in a call. A VM
// that is not in the inventory, or that vCenter cannot tell of, is left out.
func (v *VCenter) NICs(ctx context.Context, vms []inventory.Key) (map[inventory.Key][]string, error) {
	due := v.memory.nicsDue(slices.Values(vms), time.Now())
	for batch := range slices.Chunk(due, nicBatch) {
		if err := v.readNICs(ctx, batch); err != nil {
			return nil, v.explain(sentinel(ctx, err), "network cards", v.cfg.URL.Host)
		}
	}
	return v.memory.nicsOf(vms), nil
}

// A carded is a VM whose network cards are to be read, and the version they are of then.
type carded struct {
	ref     string
	version uint64
}

// readNICs reads the network cards of some VMs, in one call. What changes meanwhile
// is due again.
func (v *VCenter) readNICs(ctx context.Context, vms []carded) error {
	c, err := v.operations.acquire(ctx)
	if err != nil {
		return err
	}
	refs := make([]types.ManagedObjectReference, len(vms))
	for i, vm := range vms {
		refs[i] = types.ManagedObjectReference{Type: "VirtualMachine", Value: vm.ref}
	}
	objects, err := v.readAll(ctx, c, refs, devicesPath)
	if err != nil {
		return err
	}
	now := time.Now()
	for _, vm := range vms {
		n := nics{version: vm.version, silent: now}
		if devices, ok := objects[vm.ref][devicesPath].(types.ArrayOfVirtualDevice); ok {
			n = nics{macs: macs(devices.VirtualDevice), read: true, version: vm.version}
		}
		v.memory.setNICs(vm.ref, n)
	}
	return nil
}

// macs returns the addresses of the network cards in key order. A card without one has
// never been powered on.
func macs(devices []types.BaseVirtualDevice) []string {
	var cards []*types.VirtualEthernetCard
	for _, d := range devices {
		if d, ok := d.(types.BaseVirtualEthernetCard); ok && d.GetVirtualEthernetCard().MacAddress != "" {
			cards = append(cards, d.GetVirtualEthernetCard())
		}
	}
	slices.SortFunc(cards, func(a, b *types.VirtualEthernetCard) int { return cmp.Compare(a.Key, b.Key) })
	addresses := make([]string, len(cards))
	for i, c := range cards {
		addresses[i] = strings.ToLower(c.MacAddress)
	}
	return addresses
}

// watchNICs keeps the network cards of the VMs that are followed in memory: it reads
// them once and whenever a configuration changes, four hundred a second at most.
func (v *VCenter) watchNICs(ctx context.Context) {
	up, cancel := v.link.up.subscribe()
	defer cancel()
	again := time.NewTicker(nicRetry)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-v.memory.carded:
		case <-up:
		case <-again.C:
		}
		for pause(ctx, nicSettle); ctx.Err() == nil && v.link.check() == nil; pause(ctx, nicPause) {
			due := v.memory.nicsDue(maps.Keys(v.memory.followed), time.Now())
			if len(due) == 0 {
				break
			}
			if err := v.readNICs(ctx, due[:min(len(due), nicBatch)]); err != nil && ctx.Err() == nil {
				v.link.note(err)
				pause(ctx, nicAgain)
			}
		}
	}
}

// nicsDue returns those of the VMs whose network cards are to be read, in order.
func (m *memory) nicsDue(vms iter.Seq[inventory.Key], now time.Time) (due []carded) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for key := range vms {
		if r := m.byKey[key]; r != nil && r.nics.due(r.facts.version, now) {
			due = append(due, carded{r.vm.Ref, r.facts.version})
		}
	}
	slices.SortFunc(due, func(a, b carded) int { return compareRefs(a.ref, b.ref) })
	return due
}

func (m *memory) nicsOf(vms []inventory.Key) map[inventory.Key][]string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	found := make(map[inventory.Key][]string, len(vms))
	for _, key := range vms {
		if r := m.byKey[key]; r != nil && r.nics.read {
			found[key] = r.nics.macs
		}
	}
	return found
}

// setNICs keeps what was read of a VM; what was known stays when vCenter is silent.
func (m *memory) setNICs(ref string, n nics) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.byRef[ref]
	if r == nil {
		return
	}
	next := *r
	if !n.silent.IsZero() {
		n.macs, n.read = r.nics.macs, r.nics.read
	}
	next.nics = n
	m.remember(ref, r, &next)
}

// card wakes watchNICs if the network cards of a VM that is followed are due. mu is held.
func (m *memory) card(r *record, now time.Time) {
	if m.followed[r.vm.Key] == 0 || !r.nics.due(r.facts.version, now) {
		return
	}
	select {
	case m.carded <- struct{}{}:
	default:
	}
}
