package gateway

import (
	"cmp"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

// A subject is a VM of a tenant that is told of: it has a BMC or waits for one.
type subject struct {
	vm    *inventory.VM
	ep    *endpoint // nil: it waits
	why   error     // it waits for; nil with a BMC
	since time.Time
}

func waits(w *waiting) subject { return subject{vm: &w.vm, why: w.err, since: w.since} }

func runs(ep *endpoint) subject { return subject{vm: ep.now.Load(), ep: ep, since: ep.since} }

// subjects returns all, sorted by name. What is told of each is not asked for with the
// lock held: there may be thousands.
func (t *tenant) subjects() []subject {
	t.mu.Lock()
	all := make([]subject, 0, len(t.endpoints)+len(t.waiting))
	for _, ep := range t.endpoints {
		all = append(all, runs(ep))
	}
	for _, w := range t.waiting {
		all = append(all, waits(&w))
	}
	t.mu.Unlock()
	slices.SortFunc(all, func(a, b subject) int {
		if c := strings.Compare(a.vm.Name, b.vm.Name); c != 0 {
			return c
		}
		return strings.Compare(a.vm.Key.VM, b.vm.Key.VM)
	})
	return all
}

// A describer tells of a tenant's BMCs what an operator is to know. What all of them
// have in common is made once, in slices that have no room to grow into.
type describer struct {
	t    *tenant
	conf *Tenant
	vc   *vsphere.VCenter
	now  time.Time

	accounts               []admin.Account
	suites                 []int
	v15                    string
	tags, folders, matches []string // what stands for each of the selector's
}

func (t *tenant) describer() *describer {
	conf := t.config()
	d := &describer{
		t: t, conf: conf, vc: t.vc(), now: time.Now(),
		tags: labels("tag ", conf.Select.Tags), folders: labels("folder ", conf.Select.Folders), matches: labels("name ", conf.Select.Names),
	}
	for _, a := range conf.Accounts {
		d.accounts = append(d.accounts, admin.Account{Name: a.Name, Privilege: a.Privilege.String()})
	}
	for _, id := range conf.IPMI.CipherSuites {
		d.suites = append(d.suites, int(id))
	}
	if v := conf.IPMI.V15; v != bmc.V15Off {
		d.v15 = v.String()
	}
	d.accounts, d.suites = slices.Clip(d.accounts), slices.Clip(d.suites)
	return d
}

func labels(kind string, all []string) []string {
	out := make([]string, len(all))
	for i, one := range all {
		out[i] = kind + one
	}
	return out
}

// describe fills in what is told of one.
func (d *describer) describe(b *admin.BMC, s *subject) {
	d.common(b, s.vm)
	b.State, b.Since = admin.Pending, s.since
	if s.ep == nil {
		b.Reason = s.why.Error()
		d.t.hold(b, s.vm.Key)
		return
	}
	d.running(b, s.ep)
	d.t.maintain(b, s.vm.Key)
	d.t.hold(b, s.vm.Key)
}

// running is what an endpoint adds.
func (d *describer) running(b *admin.BMC, ep *endpoint) {
	b.State = admin.Ready
	if err := ep.failed(); err != nil {
		b.State, b.Reason = admin.Error, err.Error()
	}
	b.Pool, b.Interface = ep.pool.config.Name, ep.pool.config.Interface
	b.Address, b.MAC = ep.lease.Address, ep.mac
	if b.State == admin.Ready {
		b.Reason = cmp.Or(ep.pool.trouble(ep.lease.Address), ep.complaint(), ep.extra.trouble())
	}
	b.ExtraPorts = ep.extra.report()
	stats := ep.bmc.Stats()
	b.LastRequest, b.Requests = stats.LastRequest, stats.Requests
	if f := ep.machine.Boot(); f.Valid() {
		b.Boot = f.String()
	}
	b.BootOrder = ep.machine.boot.parked()
	b.Identify = identify(ep.bmc.Identify())
	for _, s := range ep.bmc.Sessions() {
		b.Sessions = append(b.Sessions, session(s))
	}
}

// common is what is known of a VM with and without a BMC.
func (d *describer) common(b *admin.BMC, vm *inventory.VM) {
	b.Tenant, b.Name, b.Power = d.conf.Name, vm.Name, admin.PowerUnknown
	b.Port, b.VCenter = d.conf.IPMI.Port, d.conf.VCenter
	b.VM = admin.VM{InstanceUUID: vm.Key.VM, BIOSUUID: vm.BIOSUUID, Ref: vm.Ref, Name: vm.Name}
	if p := d.t.lender.pools; len(p) == 1 {
		b.Pool, b.Interface = p[0].config.Name, p[0].config.Interface
	}
	if s, err := d.vc.State(vm.Key); err == nil {
		b.Power, b.PowerAge, b.PowerSince = power(s.Power), int64(d.now.Sub(s.Since).Seconds()), s.Since
		b.VM.Firmware = firmware(s.EFI)
	}
	if facts, err := d.vc.Facts(vm.Key); err == nil {
		b.VM.NICs, b.Cluster = facts.NICs, facts.Cluster
	}
	b.Protected = d.conf.Protect.by(*vm)
	b.SelectedBy = d.selectedBy(vm)
	b.Accounts, b.V15, b.CipherSuites = d.accounts, d.v15, d.suites
	for _, g := range d.t.holders(vm.Key) {
		a := admin.Account{Name: g.User, Privilege: g.Privilege, Until: g.Until.UTC()}
		if g.Registration != nil {
			a.VCenter = g.Registration.VCenter
		}
		b.Accounts = append(b.Accounts, a)
	}
}

// selectedBy is by what the tenant has the VM.
func (d *describer) selectedBy(vm *inventory.VM) (by []string) {
	add := func(labels []string, i int) {
		if by == nil {
			by = labels[i : i+1 : i+1] // of most there is one
		} else {
			by = append(by, labels[i])
		}
	}
	for _, tag := range vm.Tags {
		if i := slices.Index(d.conf.Select.Tags, tag); i >= 0 {
			add(d.tags, i)
		}
	}
	for i, folder := range d.conf.Select.Folders {
		if slices.Contains(vm.Folders, folder) || slices.Contains(vm.Below, folder) {
			add(d.folders, i)
		}
	}
	for i, pattern := range d.conf.Select.Names {
		if match, err := path.Match(pattern, vm.Name); err == nil && match {
			add(d.matches, i)
		}
	}
	return by
}
