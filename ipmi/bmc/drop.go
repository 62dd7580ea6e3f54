package bmc

import "fmt"

// A DropReason says why a packet earned no answer. Every packet ends in exactly
// one reply or one counted reason.
type DropReason uint8

// The reasons. Silence is the answer to all of them: a reply would tell a
// stranger something, or help to flood somebody else.
const (
	// NotDropped is the reason of a packet that is answered, now or later.
	NotDropped DropReason = iota
	// DropNotAllowed: the source is not in Config.AllowFrom, or not in Account.From
	// of the session's account.
	DropNotAllowed
	// DropMalformed: too short, wrong checksum, contradicting lengths.
	DropMalformed
	// DropUnsupported: a class, payload or authentication type that is not served.
	DropUnsupported
	// DropNoSession: a command that needs a session, sent outside of one.
	DropNoSession
	// DropUnknownSession: a session ID that is not, or no longer, in use.
	DropUnknownSession
	// DropUnprotected: a packet of a session without integrity or encryption.
	DropUnprotected
	// DropReplay: a sequence number that was seen before or is outside of the window.
	DropReplay
	// DropBadIntegrity: the auth code of a packet in a session is wrong.
	DropBadIntegrity
	// DropAborted: the console gave up its handshake and expects no answer.
	DropAborted
	// DropSessionClosed: the session ended before the held command did.
	DropSessionClosed
	// DropBackoff: somebody who has tried too many passwords has to wait.
	DropBackoff
	// DropTooMany: the source sends more packets than Config.PacketRate.
	DropTooMany
	// DropQuota: Config.Hears says no.
	DropQuota
	// DropMaintenance: the BMC's Mode is Silent.
	DropMaintenance
	// DropWriteFailed: there was an answer, but the socket did not take it.
	DropWriteFailed
	// DropPanic: handling the packet panicked.
	DropPanic
)

// DropReasons lists all reasons in order, for a metric that starts each at zero.
func DropReasons() []DropReason {
	var all []DropReason
	for r := DropNotAllowed; r <= DropPanic; r++ {
		all = append(all, r)
	}
	return all
}

// String returns the reason as the value of a metric's label.
func (r DropReason) String() string {
	switch r {
	case NotDropped:
		return "not_dropped"
	case DropNotAllowed:
		return "acl"
	case DropMalformed:
		return "malformed"
	case DropUnsupported:
		return "unsupported"
	case DropNoSession:
		return "no_session"
	case DropUnknownSession:
		return "unknown_session"
	case DropUnprotected:
		return "unprotected"
	case DropReplay:
		return "replay"
	case DropBadIntegrity:
		return "bad_integrity"
	case DropAborted:
		return "aborted"
	case DropSessionClosed:
		return "session_closed"
	case DropBackoff:
		return "backoff"
	case DropTooMany:
		return "too_many"
	case DropQuota:
		return "quota"
	case DropMaintenance:
		return "maintenance"
	case DropWriteFailed:
		return "write_failed"
	case DropPanic:
		return "panic"
	default:
		return fmt.Sprintf("reason_%d", uint8(r))
	}
}
