package bmc

import "time"

// replaceIdle is how long a session must have been silent to make room for
// another one. Many clients never close theirs.
const replaceIdle = 10 * time.Second

// admit takes a place for a new session of the account. When there is none, a
// session may have to go: see replaceable. Whoever is admitted must become a
// session, because closeSession gives the place back.
func (b *BMC) admit(now time.Time, who identity) bool {
	b.sweepSessions(now)
	if len(b.sessions) >= b.config.MaxSessions {
		return b.replace(b.replaceable(now, who), who)
	}
	// Who has less than its part of the limit has a place kept there. Who is refused
	// has at least that, and takes nobody else's.
	return b.config.Limit.Acquire(who.name) || b.replace(b.ownIdle(now, who), who)
}

// replace gives the place of s to a new session of the account.
func (b *BMC) replace(s *session, who identity) bool {
	if s == nil {
		return false
	}
	b.config.Limit.Move(s.who.name, who.name)
	b.end(s)
	s.wire.forget()
	return true
}

// replaceable returns the session that makes room for a new one of the account
// when all places of the BMC are taken, or nil. Nobody may lock out others by
// opening sessions, on purpose or because the client never closes them:
//
//	first      the account's own session that was silent for longest, if for replaceIdle
//	else       that of the account with the most sessions, if it has more than this one
//	  silent   for replaceIdle: it goes
//	  busy     it goes if this account has no session at all, and that one keeps another
//
// So accounts end up with equal shares, and a session in use is lost only to
// somebody who has none, by somebody who has several.
func (b *BMC) replaceable(now time.Time, who identity) *session {
	if own := b.ownIdle(now, who); own != nil {
		return own
	}
	held := make(map[uint8]int) // by user ID
	for _, s := range b.sessions {
		held[s.who.userID]++
	}
	most := 0
	for _, n := range held {
		most = max(most, n)
	}
	mine := held[who.userID]
	if most <= mine {
		return nil
	}
	idlest := b.idlest(func(s *session) bool { return held[s.who.userID] == most })
	if now.Sub(idlest.seen) < replaceIdle && (mine > 0 || most == 1) {
		return nil
	}
	return idlest
}

// ownIdle returns the account's session that was silent for longest, nil when
// none was for replaceIdle.
func (b *BMC) ownIdle(now time.Time, who identity) *session {
	s := b.idlest(func(s *session) bool { return s.who.userID == who.userID })
	if s == nil || now.Sub(s.seen) < replaceIdle {
		return nil
	}
	return s
}

// idlest returns the session that was silent for longest, of those that qualify.
func (b *BMC) idlest(qualifies func(*session) bool) *session {
	var idlest *session
	for _, s := range b.sessions {
		if qualifies(s) && (idlest == nil || s.seen.Before(idlest.seen)) {
			idlest = s
		}
	}
	return idlest
}
