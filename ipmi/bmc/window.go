package bmc

// How far a sequence number may be above and below the highest accepted one, in
// IPMI 2.0 (section 6.12.13) and 1.5 (section 6.12.12).
const (
	windowAbove   = 15
	windowBelow   = 16
	window15Reach = 8
)

// A window is the sliding window of a session's inbound sequence numbers
// (sections 6.12.12 and 6.12.13). Numbers wrap around, so they are compared by
// their difference.
type window struct {
	above, below int32
	open         bool
	highest      uint32
	seen         uint32 // bit n: highest-n was accepted
}

// newWindow20 is opened by any first number but zero: ipmitool has counted its
// handshake packets by then.
func newWindow20() window { return window{above: windowAbove, below: windowBelow} }

// newWindow15 expects the number the console was given, or one of the next.
// Those before it count as seen.
func newWindow15(first uint32) window {
	return window{above: window15Reach, below: window15Reach, open: true, highest: first - 1, seen: 0xFFFFFFFF}
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
		return ahead <= w.above
	}
	return ahead >= -w.below && w.seen&(1<<uint(-ahead)) == 0
}

// accept remembers a number that fresh has approved.
func (w *window) accept(sequence uint32) {
	ahead := int32(sequence - w.highest)
	switch {
	case !w.open:
		w.open, w.highest, w.seen = true, sequence, 1
	case ahead > 0:
		w.seen = w.seen<<uint(ahead) | 1
		w.highest = sequence
	default:
		w.seen |= 1 << uint(-ahead)
	}
}
