package bmc

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// maxRecent commands that change something are remembered of a BMC, and as many others.
const maxRecent = 16

// A Recent is a command that was answered lately in a session, or several equal ones:
// of the same account and source, with the same result. Those that read join an equal
// one wherever it stands; those that change something only the one before them, so that
// their order can be told. What a command's data were is not remembered.
type Recent struct {
	At      time.Time // of the last one
	Times   int       // how many
	Name    string    // of the table; "unknown": not in it
	NetFn   ipmi.NetFn
	Cmd     uint8
	Changes bool       // as in the table
	Detail  string     // what a chassis command asked for: "off", "network"; empty: nothing to say
	Account string     // empty: whoever operates the BMC, see Control
	From    netip.Addr // not valid without an account
	Code    ipmi.CompletionCode
}

// equal reports whether two are told as one.
func (r *Recent) equal(o *Recent) bool {
	return r.Cmd == o.Cmd && r.NetFn == o.NetFn && r.Code == o.Code && r.From == o.From && r.Account == o.Account && r.Detail == o.Detail
}

// recents are the commands that are remembered. What reads is in no order, so that a
// poller's commands find their places without moving anything.
type recents struct{ reads, changes []Recent }

// note remembers a command. It allocates for one that is not remembered yet, until
// there are as many as there can be.
func (rs *recents) note(r Recent) {
	if r.Changes {
		if n := len(rs.changes); n > 0 && rs.changes[n-1].equal(&r) {
			rs.changes[n-1].again(r.At)
			return
		}
		if len(rs.changes) >= maxRecent {
			rs.changes = slices.Delete(rs.changes, 0, 1)
		}
		rs.changes = append(rs.changes, r)
		return
	}
	oldest := 0
	for i := range rs.reads {
		if rs.reads[i].equal(&r) {
			rs.reads[i].again(r.At)
			return
		}
		if rs.reads[i].At.Before(rs.reads[oldest].At) {
			oldest = i
		}
	}
	if len(rs.reads) < maxRecent {
		rs.reads = append(rs.reads, r)
		return
	}
	rs.reads[oldest] = r
}

func (r *Recent) again(at time.Time) { r.At, r.Times = at, r.Times+1 }

// RecentCommands returns the commands that were answered lately, newest first.
func (b *BMC) RecentCommands() []Recent {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.recent == nil {
		return nil
	}
	all := slices.Concat(b.recent.reads, b.recent.changes)
	slices.SortStableFunc(all, func(x, y Recent) int { return y.At.Compare(x.At) })
	return all
}

// remember notes a command of an account. mu is held.
func (b *BMC) remember(r Recent, row *Command) {
	r.Times, r.Name = 1, "unknown"
	if row != nil {
		r.Name, r.NetFn, r.Cmd, r.Changes = row.Name, row.NetFn, row.Cmd, row.Changes
	}
	if b.recent == nil {
		b.recent = new(recents)
	}
	b.recent.note(r)
}

// rememberCall notes the command that is answered now. What anybody can send without
// a session is not remembered, nor the copy of a command that was.
func (b *BMC) rememberCall(code ipmi.CompletionCode, now time.Time) {
	c := &b.call
	if c.s == nil || c.copied {
		return
	}
	r := Recent{
		At: now, NetFn: c.message.NetFn, Cmd: c.message.Command, Account: c.s.who.name, From: c.from.Addr().Unmap(), Code: code,
	}
	if c.row != nil && c.row.NetFn == ipmi.NetFnChassis && c.row.Cmd == cmdChassisControl {
		if action, err := ipmi.ParseChassisControl(c.data()); err == nil {
			r.Detail = action.String()
		}
	}
	b.remember(r, c.row)
}

// rememberAudit notes a command that was carried out off the packet path, once for all
// its copies.
func (b *BMC) rememberAudit(a Audit, row *Command, now time.Time) {
	r := Recent{At: now, Account: a.Account, From: a.From.Addr().Unmap(), Code: a.Code}
	if row.NetFn == ipmi.NetFnChassis {
		r.Detail, _, _ = strings.Cut(strings.TrimPrefix(a.Command, row.Name), ", ")
		r.Detail = strings.TrimSpace(r.Detail)
	}
	b.remember(r, row)
}
