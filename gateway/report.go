package gateway

import (
	"cmp"
	"path"
	"slices"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
	"github.com/bmc-gateway/bmc-gateway/metrics"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

var _ admin.Source = (*Gateway)(nil)

// BMCs returns every BMC, also those that wait, sorted by tenant and name.
func (g *Gateway) BMCs() []admin.BMC {
	var out []admin.BMC
	for _, t := range g.served() {
		out = append(out, t.report()...)
	}
	slices.SortFunc(out, func(a, b admin.BMC) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Name, b.Name), cmp.Compare(a.VM.InstanceUUID, b.VM.InstanceUUID))
	})
	return out
}

// Status returns the daemon in one screen.
func (g *Gateway) Status() admin.Status {
	s := admin.Status{Version: g.version.Text, Started: g.started}
	for _, u := range g.upstreams() {
		vc := u.vc
		now := vc.Status()
		link := admin.Down
		if now.Connected {
			link = admin.Up
		}
		rights := vc.Privileges()
		s.VCenters = append(s.VCenters, admin.VCenter{
			Name: vc.Name(), Host: u.config.URL.Host, State: link, Since: now.Since,
			LastAnswer: now.LastAnswer, LastError: now.LastError, VMs: g.serving(vc), InsecureTLS: now.Insecure, Notices: now.Notices,
			CircuitOpen: now.CircuitOpen, Commands: now.Commands, Waiting: total(now.Waiting),
			PrivilegesChecked: rights.Checked, MissingPrivileges: lacks(rights),
		})
	}
	for _, p := range g.lent() {
		u := p.usage(time.Now())
		s.Pools = append(s.Pools, admin.Pool{Name: p.config.Name, Interface: p.config.Interface, Addresses: u.Size, InUse: u.InUse, Held: u.Held,
			Quarantined: u.Quarantined, Reserved: u.Reserved, Waiting: u.Waiting, Notices: p.notices()})
	}
	for _, t := range g.served() {
		c := t.count()
		held, released := t.fuse.state()
		s.Tenants = append(s.Tenants, admin.Tenant{Name: t.config().Name, VCenter: t.config().VCenter, Pools: t.config().Pools, BMCs: c.all(), Ready: c.ready, Waiting: c.waiting, Error: c.failed, Held: c.held, Maintenance: c.maintained,
			PowerHeldSince: held, PowerReleasedUntil: released})
	}
	h := g.stateFile()
	s.Audit = g.record.status(g.inForce().Audit.File)
	s.State = admin.StateFile{Bytes: h.Size, CopiedAt: h.CopiedAt, Failure: cmp.Or(h.Failure, h.CopyFail)}
	s.Config, _ = g.lastReload()
	return s
}

func total(byTenant map[string]int) (n int) {
	for _, w := range byTenant {
		n += w
	}
	return n
}

func lacks(p vsphere.Privileges) (all []admin.MissingPrivilege) {
	for _, m := range p.Missing {
		all = append(all, admin.MissingPrivilege{Privilege: m.Privilege, Without: m.Without, Objects: m.Objects, Optional: m.Optional})
	}
	return all
}

// stateFile is how the state file is doing; zero before Run has opened it.
func (g *Gateway) stateFile() store.Health {
	if st := g.state(); st != nil {
		return st.Health()
	}
	return store.Health{}
}

// snapshot is the same for the metrics.
func (g *Gateway) snapshot() metrics.Snapshot {
	var s metrics.Snapshot
	for _, t := range g.served() {
		c := t.count()
		blown, _ := t.fuse.state()
		hosts, failed := t.registrar.counted()
		s.Tenants = append(s.Tenants, metrics.TenantState{Name: t.config().Name, Pending: c.waiting, Ready: c.ready, Error: c.failed, Held: c.held, Maintenance: c.maintained, Grants: t.granted(), Sessions: c.sessions,
			Hosts: hosts, HostsNotUpdated: failed,
			PowerHeld: !blown.IsZero()})
	}
	for _, p := range g.lent() {
		u := p.usage(time.Now())
		s.Pools = append(s.Pools, p.presence(metrics.PoolState{Name: p.config.Name, Addresses: u.Size, Allocated: u.InUse + u.Held,
			InUse: u.InUse, Held: u.Held, Quarantined: u.Quarantined, Reserved: u.Reserved, Free: u.Free, Waiting: u.Waiting}))
	}
	for _, u := range g.upstreams() {
		vc := u.vc
		now := vc.Status()
		waiting := make(map[string]int)
		for tenant, n := range now.Waiting {
			waiting[cmp.Or(tenant, ownTenant)] = n
		}
		missing := make(map[string]int)
		for _, m := range vc.Privileges().Missing {
			if !m.Optional {
				missing[m.Privilege] = len(m.Objects)
			}
		}
		s.VCenters = append(s.VCenters, metrics.VCenterState{Name: vc.Name(), Up: now.Connected, Logins: now.Logins, VMs: g.serving(vc),
			LastUpdate: now.LastAnswer, Missing: missing,
			CircuitOpen: now.CircuitOpen, Commands: now.Commands, Reads: now.Reads, Waiting: waiting})
	}
	s.Clusters = g.clusters()
	h := g.stateFile()
	if c := g.record.file.Counts(); g.record.file != nil {
		s.Audit = &metrics.AuditFile{Written: c.Written, Lost: c.Lost, Failing: c.Failing}
	}
	s.State = metrics.StateFile{Bytes: h.Size, CopiedAt: h.CopiedAt, Failures: h.Failures}
	last, good := g.lastReload()
	s.Config = metrics.ConfigState{Successful: last.At.IsZero() || last.Applied, At: good}
	return s
}

// serving counts the VMs of a vCenter that some tenant selects.
func (g *Gateway) serving(vc *vsphere.VCenter) int {
	n := 0
	for _, t := range g.served() {
		if t.vc() == vc {
			n += t.count().all()
		}
	}
	return n
}

func (t *tenant) report() []admin.BMC {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make([]admin.BMC, 0, len(t.endpoints)+len(t.waiting))
	for _, ep := range t.endpoints {
		out = append(out, t.describe(ep))
	}
	for _, w := range t.waiting {
		out = append(out, t.await(w))
	}
	return out
}

// describe is what a running endpoint adds to what all BMCs of a tenant share.
func (t *tenant) describe(ep *endpoint) admin.BMC {
	b := t.common(ep.vm())
	b.State, b.Since = admin.Ready, ep.since
	if err := ep.failed(); err != nil {
		b.State, b.Reason = admin.Error, err.Error()
	}
	b.Pool, b.Interface = ep.pool.config.Name, ep.pool.config.Interface
	b.Address, b.MAC = ep.lease.Address, ep.lease.MAC.String()
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
	t.maintain(&b, ep.vm().Key)
	t.hold(&b, ep.vm().Key)
	return b
}

// identify is the identify light in words; empty when it is off.
func identify(i bmc.Identify) string {
	switch i.State {
	case ipmi.IdentifyTimed:
		return "until " + i.Until.UTC().Format(time.TimeOnly)
	case ipmi.IdentifyIndefinite:
		return "on"
	default:
		return ""
	}
}

func session(s bmc.SessionInfo) admin.Session {
	return admin.Session{
		ID: sessionID(s.ID), Account: s.Account, Privilege: s.Privilege.String(), From: s.From,
		Suite: int(s.Suite), IdleSeconds: int64(time.Since(s.LastSeen).Seconds()), OpenedAt: s.Opened, LastSeen: s.LastSeen,
	}
}

func (t *tenant) common(vm inventory.VM) admin.BMC {
	b := admin.BMC{
		Tenant: t.config().Name, Name: vm.Name, Power: admin.PowerUnknown,
		Port: t.config().IPMI.Port, VCenter: t.config().VCenter,
		VM: admin.VM{InstanceUUID: vm.Key.VM, BIOSUUID: vm.BIOSUUID, Ref: vm.Ref, Name: vm.Name},
	}
	if p := t.lender.pools; len(p) == 1 {
		b.Pool, b.Interface = p[0].config.Name, p[0].config.Interface
	}
	if s, err := t.vc().State(vm.Key); err == nil {
		b.Power, b.PowerAge, b.PowerSince = power(s.Power), int64(time.Since(s.Since).Seconds()), s.Since
		b.VM.Firmware = firmware(s.EFI)
	}
	if facts, err := t.vc().Facts(vm.Key); err == nil {
		b.VM.NICs, b.Cluster = facts.NICs, facts.Cluster
	}
	b.Protected = t.config().Protect.by(vm)
	for _, tag := range vm.Tags {
		if slices.Contains(t.config().Select.Tags, tag) {
			b.SelectedBy = append(b.SelectedBy, "tag "+tag)
		}
	}
	for _, folder := range t.config().Select.Folders {
		if slices.Contains(vm.Folders, folder) || slices.Contains(vm.Below, folder) {
			b.SelectedBy = append(b.SelectedBy, "folder "+folder)
		}
	}
	for _, pattern := range t.config().Select.Names {
		if match, err := path.Match(pattern, vm.Name); err == nil && match {
			b.SelectedBy = append(b.SelectedBy, "name "+pattern)
		}
	}
	for _, a := range t.config().Accounts {
		b.Accounts = append(b.Accounts, admin.Account{Name: a.Name, Privilege: a.Privilege.String()})
	}
	for _, g := range t.holders(vm.Key) {
		a := admin.Account{Name: g.User, Privilege: g.Privilege, Until: g.Until.UTC()}
		if g.Registration != nil {
			a.VCenter = g.Registration.VCenter
		}
		b.Accounts = append(b.Accounts, a)
	}
	if v := t.config().IPMI.V15; v != bmc.V15Off {
		b.V15 = v.String()
	}
	for _, id := range t.config().IPMI.CipherSuites {
		b.CipherSuites = append(b.CipherSuites, int(id))
	}
	return b
}

func firmware(efi bool) string {
	if efi {
		return "efi"
	}
	return "bios"
}

func power(p vsphere.PowerState) admin.Power {
	switch p {
	case vsphere.PoweredOn:
		return admin.PowerOn
	case vsphere.PoweredOff:
		return admin.PowerOff
	case vsphere.Suspended:
		return admin.PowerSuspended
	default:
		return admin.PowerUnknown
	}
}
