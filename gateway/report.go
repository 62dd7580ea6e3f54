package gateway

import (
	"cmp"
	"slices"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
	"github.com/bmc-gateway/bmc-gateway/metrics"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

var _ admin.Source = (*Gateway)(nil)

// BMCs returns every BMC, also those that wait, sorted by tenant and name. What they
// have in common they share: nobody may change it.
func (g *Gateway) BMCs() []admin.BMC {
	tenants := slices.Clone(g.served())
	slices.SortFunc(tenants, func(a, b *tenant) int { return cmp.Compare(a.config().Name, b.config().Name) })
	var all [][]subject
	n := 0
	for _, t := range tenants {
		some := t.subjects()
		all, n = append(all, some), n+len(some)
	}
	out := make([]admin.BMC, n)
	rest := out
	for i, t := range tenants {
		d := t.describer()
		for j := range all[i] {
			d.describe(&rest[j], &all[i][j])
		}
		rest = rest[len(all[i]):]
	}
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
