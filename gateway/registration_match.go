package gateway

import (
	"context"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

// A look is what vCenters tell of hosts and of what they may be.
type look struct {
	hosts    []vsphere.Host
	matches  []inventory.Match // of each host
	machines machines
	bmcs     map[inventory.Key]served
	accounts map[inventory.Key][]store.Grant // that the vCenter has or had, by BMC
	ours     map[string]inventory.Key        // the BMC of each of them
}

// ask asks vCenter for its hosts and finds out which VMs they are.
func (r *registrar) ask(ctx context.Context, vc *vsphere.VCenter, bmcs map[inventory.Key]served) (l look, err error) {
	t := r.tenant
	if vc == nil {
		return l, fmt.Errorf("vCenter %q is not configured", t.config().Register.VCenter)
	}
	if l.hosts, err = vc.Hosts(ctx); err != nil {
		return l, err
	}
	if l.machines, err = r.machines(ctx); err != nil {
		return l, fmt.Errorf("the VMs that hosts could be are not known: %w", err)
	}
	if l.matches, err = l.machines.match(ctx, l.hosts); err != nil {
		return l, err
	}
	l.bmcs = bmcs
	for _, vm := range l.machines.all {
		if _, ok := bmcs[vm.Key]; !ok && vm.Name != "" {
			bmcs[vm.Key] = served{vm: vm, why: fmt.Sprintf("the VM has no BMC of tenant %q", t.config().Name)}
		}
	}
	l.accounts, l.ours = t.accountsAt(vc.Name())
	return l, nil
}

// machines are what hosts may be: the VMs of the tenant's vCenter, and those of all
// others that tenants have VMs of, for a replica has the UUID of its VM.
type machines struct {
	all   []inventory.VM // those of others, or of another tenant, without their names
	from  map[inventory.Key]*vsphere.VCenter
	own   *vsphere.VCenter
	blind bool // the VMs of some other vCenter are not known now
}

// machines returns what is known of them. What another vCenter does not tell is no
// error: its outage is not this tenant's.
func (r *registrar) machines(ctx context.Context) (machines, error) {
	t := r.tenant
	m := machines{own: t.vc(), from: make(map[inventory.Key]*vsphere.VCenter)}
	vms, err := m.own.Source(t.config().needs()).List(ctx)
	if err != nil {
		return m, err
	}
	for _, vm := range vms {
		if t.claims.elsewhere(vm.Key, t.config().Name) {
			vm.Name = ""
		}
		m.add(vm, m.own)
	}
	for _, vc := range r.outers() {
		if vc == m.own {
			continue
		}
		vms, err := vc.Source(inventory.Selector{}).List(ctx)
		m.blind = m.blind || err != nil
		for _, vm := range vms {
			vm.Name = ""
			m.add(vm, vc)
		}
	}
	return m, nil
}

// add adds a VM, unless it is known: a vCenter may be configured twice.
func (m *machines) add(vm inventory.VM, from *vsphere.VCenter) {
	if m.from[vm.Key] == nil {
		m.from[vm.Key] = from
		m.all = append(m.all, vm)
	}
}

// match says which machine each host is.
func (m *machines) match(ctx context.Context, hosts []vsphere.Host) ([]inventory.Match, error) {
	who := identities(hosts)
	var macs [][6]byte
	for _, h := range who {
		macs = append(macs, h.MACs...)
	}
	keys := make(map[*vsphere.VCenter][]inventory.Key)
	for _, vm := range inventory.Candidates(who, m.all) {
		vc := m.from[vm.Key]
		keys[vc] = append(keys[vc], vm.Key)
	}
	cards := make(map[inventory.Key][][6]byte)
	for vc, some := range keys {
		known, err := m.cards(ctx, vc, some)
		if err != nil && vc == m.own {
			return nil, err
		}
		for _, key := range some {
			if cards[key] = parsed(known[key]); err != nil {
				cards[key] = macs // they may be any
			}
		}
	}
	return inventory.MatchHosts(who, m.all, func(vm inventory.VM) [][6]byte { return cards[vm.Key] }), nil
}

// othersPatience is how long another vCenter may take to tell what is not in memory. It
// is not to hold up this tenant.
const othersPatience = 5 * time.Second

// cards asks a vCenter for network cards.
func (m *machines) cards(ctx context.Context, vc *vsphere.VCenter, vms []inventory.Key) (map[inventory.Key][]string, error) {
	if vc != m.own {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, othersPatience)
		defer cancel()
	}
	return vc.NICs(ctx, vms)
}

func identities(hosts []vsphere.Host) []inventory.Host {
	who := make([]inventory.Host, len(hosts))
	for i, h := range hosts {
		who[i] = h.Host
	}
	return who
}

func parsed(cards []string) (macs [][6]byte) {
	for _, text := range cards {
		if mac, err := net.ParseMAC(text); err == nil && len(mac) == 6 {
			macs = append(macs, [6]byte(mac))
		}
	}
	return macs
}

// outers returns the vCenters that tenants have VMs of.
func (g *Gateway) outers() (all []*vsphere.VCenter) {
	for _, t := range g.served() {
		if vc := t.vc(); !slices.Contains(all, vc) {
			all = append(all, vc)
		}
	}
	return all
}
