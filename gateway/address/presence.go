package address

import (
	"fmt"
	"net"
	"net/netip"
	"time"
)

// A Presence says whether an address that is kept is on its interface.
type Presence uint8

// The presences.
const (
	Present  Presence = iota // on the interface, as far as is known
	Missing                  // not there: the interface is gone, or it cannot be added
	Foreign                  // somebody else has put it on this host
	Disputed                 // taken away too often; not put back for now
)

// String returns it as metrics and people read it.
func (s Presence) String() string {
	switch s {
	case Present:
		return "ready"
	case Missing:
		return "missing"
	case Foreign:
		return "foreign"
	case Disputed:
		return "disputed"
	default:
		return fmt.Sprintf("Presence(%d)", uint8(s))
	}
}

// conflictShown is how long after another host was heard its conflict is shown.
const conflictShown = 5 * time.Minute

// An EventKind is what a [Keeper] tells of.
type EventKind uint8

// The kinds.
const (
	ConflictHeard EventKind = iota // another host says it has the address
	ConflictLost                   // and the address was given up for it
	PutBack                        // somebody had taken the address away
	TakenTooOften                  // and is not put back for a while
	ForeignFound                   // the address is on this host and not ours any more
	Unkept                         // the address could not be put back
	Stalled                        // nothing is refreshed, because the daemon makes no progress
	Resumed                        // it does again
	NoticesLost                    // the kernel's notices were lost; everything is looked up
	LookFailed                     // the kernel did not say which addresses there are
	RouteBack                      // somebody had taken a local route away; Err says which
	RouteLost                      // and it is not put back, as Err says
	VLANMade                       // a VLAN interface was made
	VLANFailed                     // or is not what it should be, as Err says
	Recalled                       // an address of ours was on another interface, and is there no more
)

// An Event is something that happened to an address that is kept.
type Event struct {
	Kind    EventKind
	Iface   string
	Address netip.Addr       // not valid where all are meant
	MAC     net.HardwareAddr // of the other host
	Err     error
}

// Counts are the addresses of a segment by presence, and what has happened to them.
type Counts struct {
	Presence  map[Presence]int
	Conflicts int // addresses that another host was heard of lately
	// Since the start:
	ConflictsHeard, PutBacks, Resyncs int
}

// Counts returns the counts of the segment.
func (s *Segment) Counts(now time.Time) Counts {
	k := s.keeper
	k.mu.Lock()
	defer k.mu.Unlock()
	c := s.counts
	c.Presence = map[Presence]int{Present: 0, Missing: 0, Foreign: 0, Disputed: 0}
	for _, w := range k.wanted {
		if w.segment != s {
			continue
		}
		c.Presence[w.is]++
		if w.inConflict(now) {
			c.Conflicts++
		}
	}
	return c
}

func (w *ward) inConflict(now time.Time) bool {
	return !w.conflict.seen.IsZero() && now.Sub(w.conflict.seen) < conflictShown
}

// Trouble returns what is wrong with an address that is kept, for people; empty
// when nothing is.
func (s *Segment) Trouble(iface string, a netip.Addr, now time.Time) string {
	k := s.keeper
	k.mu.Lock()
	defer k.mu.Unlock()
	w, ok := k.wanted[place{iface, a}]
	switch {
	case !ok:
		return ""
	case w.inConflict(now):
		return fmt.Sprintf("conflict: %s says it has the address, last heard %s",
			net.HardwareAddr(w.conflict.mac), w.conflict.seen.UTC().Format(time.RFC3339))
	case w.is != Present:
		return w.is.String() + ": " + w.why
	default:
		return ""
	}
}

// Stalled returns why lifetimes are not refreshed; empty while they are.
func (s *Segment) Stalled() string {
	k := s.keeper
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.stalled
}
