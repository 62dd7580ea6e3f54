package address

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// ErrConflict says that another host has the address.
var ErrConflict = errors.New("another host has the address")

// errNoNeighbours says that an interface has nobody to ask, such as lo.
var errNoNeighbours = errors.New("the interface has no neighbours")

// neighbourSeen is what an ARP packet says, or a neighbour solicitation or
// advertisement of IPv6: who has the sender's address, and whose is asked for.
type neighbourSeen struct {
	sender, target netip.Addr
	mac            string // of the sender, six bytes
}

// A Check is how conflicts with other hosts are looked for.
type Check uint8

// The checks.
const (
	CheckProbe Check = iota // ask before first use, then watch
	CheckWatch              // watch what others say
	CheckNone
)

const (
	// probes is PROBE_NUM of RFC 5227, section 1.1.
	probes = 3
	// defendInterval is DEFEND_INTERVAL of RFC 5227, section 1.1.
	defendInterval = 10 * time.Second
	// conflictKept is how long a conflict that a probe found is believed: then the
	// address is probed again.
	conflictKept = time.Minute
	// vettedFor is how long the answer that nobody has an address holds until the
	// address is put to use.
	vettedFor = 30 * time.Second
)

// A conflict is another host that says it has an address.
type conflict struct {
	mac  string
	seen time.Time
}

func (c conflict) is() bool { return !c.seen.IsZero() }

func (c conflict) error(a netip.Addr) error {
	if c.mac == "" { // IPv6: the kernel does not tell
		return fmt.Errorf("%w %s", ErrConflict, a)
	}
	return fmt.Errorf("%w %s: %s", ErrConflict, a, net.HardwareAddr(c.mac))
}
