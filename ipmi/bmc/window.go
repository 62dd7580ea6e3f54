package bmc

const (
	windowAbove = 15 // section 6.12.13: accepted this far above the highest
	windowBelow = 16 // and this far below it
)

// A window is the sliding window of a session's inbound sequence numbers
// (section 6.12.13). Any first number but zero opens it: ipmitool has counted
// its handshake packets by then. Numbers wrap around, so they are compared by
// their difference.
type window struct {
	open    bool
	highest uint32
	seen    uint32 // bit n: highest-n was accepted
}

// fresh says whether a packet with this number may be accepted. It changes
// nothing: a number counts as seen only when the packet's auth code was right.
func (w *window) fresh(sequence uint32) bool {
	if sequence == 0 {
		return false
	}
	if !w.open {
		return true
	}
	ahead := int32(sequence - w.highest)
	if ahead > 0 {
		return ahead <= windowAbove
	}
	return ahead >= -windowBelow && w.seen&(1<<uint(-ahead)) == 0
}

// accept remembers a number that fresh has approved.
func (w *window) accept(sequence uint32) {
	ahead := int32(sequence - w.highest)
	switch {
	case !w.open:
		*w = window{open: true, highest: sequence, seen: 1}
	case ahead > 0:
		w.seen = w.seen<<uint(ahead) | 1
		w.highest = sequence
	default:
		w.seen |= 1 << uint(-ahead)
	}
}
