package page

import (
	"strconv"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// A summary is the daemon on one page.
type summary struct {
	Problems []problem
	Tenants  []tenantRow
	VCenters []vcenterRow
	Pools    []poolRow
	Figures  []figure
	Empty    bool // there are no BMCs
	Admin    bool // shows what only administrators see
	Version  string
	Started  stamp
}

// A figure is a number with its name and the list behind it.
type figure struct{ Number, Name, Path, Look string }

// A tenantRow is a tenant in figures, each with its list.
type tenantRow struct {
	Name, Path                              string
	BMCs                                    string
	Ready, Waiting, Error, Maintained, Held cell
	Released                                stamp // an operator lets power-offs pass until then
}

// A cell is a number; zero is shown as nothing to look at.
type cell struct {
	Text, Path string
	Look       string
}

// A vcenterRow is a vCenter.
type vcenterRow struct {
	Name, Host, Path string
	State            word
	Since            stamp
	VMs              string
	Commands         int
	Waiting          int
	Insecure         bool
}

// A poolRow is a pool and how full it is.
type poolRow struct {
	Name, Interface, Path             string
	Addresses, InUse, Held            string
	Quarantined, Reserved, Free, Used string // Used in percent
	Bars                              []bar
	Full                              bool
}

// A bar is a part of a pool, in percent of its width.
type bar struct{ Look, X, Width string }

func overviewOf(s *scene) summary {
	out := summary{Problems: problemsOf(s), Empty: len(s.bmcs) == 0, Admin: s.viewer.All, Version: s.status.Version, Started: stampOf(s.at, s.status.Started), Figures: figures(s)}
	for _, t := range s.status.Tenants {
		out.Tenants = append(out.Tenants, tenantOf(s, t))
	}
	for _, v := range s.status.VCenters {
		state := word{"ready", "answers"}
		switch {
		case v.State != admin.Up:
			state = word{"error", "gone"}
		case v.CircuitOpen:
			state = word{"error", "no answer to calls"}
		case len(v.Notices) > 0:
			state = word{"remark", "answers, with a remark"}
		}
		out.VCenters = append(out.VCenters, vcenterRow{Name: v.Name, Host: v.Host, Path: query{VCenter: v.Name}.Path(), State: state, Since: stampOf(s.at, v.Since),
			VMs: grouped(v.VMs), Commands: v.Commands, Waiting: v.Waiting, Insecure: v.InsecureTLS})
	}
	for _, p := range s.status.Pools {
		out.Pools = append(out.Pools, poolOf(p))
	}
	return out
}

// figures are what one wants to know first.
func figures(s *scene) []figure {
	states := s.find(query{}).states
	powered := s.find(query{Power: string(admin.PowerOn)}).states[""]
	sessions := 0
	for i := range s.bmcs {
		sessions += len(s.bmcs[i].Sessions)
	}
	attention := figure{grouped(states[problematic]), "need attention", query{State: problematic}.Path(), "quiet"}
	if states[problematic] > 0 {
		attention.Look = "error"
	}
	return []figure{
		{grouped(states[""]), "BMCs", query{}.Path(), ""},
		attention,
		{grouped(powered), "powered on", query{Power: string(admin.PowerOn)}.Path(), ""},
		{grouped(sessions), "open sessions", "", ""},
	}
}

func tenantOf(s *scene, t admin.Tenant) tenantRow {
	in := func(n int, state admin.State, look string) cell {
		if n == 0 {
			return cell{Text: "0", Look: "quiet"}
		}
		return cell{grouped(n), query{Tenant: t.Name, State: string(state)}.Path(), look}
	}
	return tenantRow{
		Name: t.Name, Path: query{Tenant: t.Name}.Path(), BMCs: grouped(t.BMCs), Ready: in(t.Ready, admin.Ready, ""), Waiting: in(t.Waiting, admin.Pending, "pending"),
		Error: in(t.Error, admin.Error, "error"), Maintained: in(t.Maintenance, admin.Maintained, "maintenance"), Held: in(t.Held, admin.Held, "held"),
		Released: stampOf(s.at, t.PowerReleasedUntil),
	}
}

func poolOf(p admin.Pool) poolRow {
	out := poolRow{Name: p.Name, Interface: p.Interface, Path: query{Pool: p.Name}.Path(), InUse: grouped(p.InUse), Full: p.Waiting > 0}
	if p.Addresses == 0 {
		return out // of a tenant's user, whose figures these are not
	}
	taken := p.InUse + p.Held + p.Quarantined + p.Reserved
	out.Addresses, out.Held, out.Quarantined, out.Reserved = grouped(p.Addresses), grouped(p.Held), grouped(p.Quarantined), grouped(p.Reserved)
	out.Free, out.Used = grouped(max(0, p.Addresses-taken)), percent(taken, p.Addresses)
	before := 0
	for _, part := range []struct {
		look string
		n    int
	}{{"used", p.InUse}, {"kept", p.Held}, {"cooling", p.Quarantined}, {"reserved", p.Reserved}} {
		if part.n > 0 {
			out.Bars = append(out.Bars, bar{part.look, percent(before, p.Addresses), percent(part.n, p.Addresses)})
		}
		before += part.n
	}
	return out
}

// percent has one decimal, which a pool of thousands needs to show anything.
func percent(part, of int) string {
	return strconv.FormatFloat(100*float64(part)/float64(of), 'f', 1, 64)
}
