package bmc

import (
	"slices"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// setSessionPrivilege raises or lowers the operating level within the session's limit.
func setSessionPrivilege(c *call, dst []byte) ([]byte, error) {
	p, err := ipmi.ParseSessionPrivilegeRequest(c.data())
	if err != nil {
		return nil, err
	}
	if p > c.s.limit {
		return nil, ipmi.PrivilegeExceedsLimit
	}
	if p != ipmi.PrivilegeNone {
		c.s.privilege = p
	}
	return append(dst, byte(c.s.privilege)), nil
}

// closeSession ends this session, or as administrator another one. The answer
// still goes out under the keys of the session that asked.
func closeSession(c *call, dst []byte) ([]byte, error) {
	r, err := ipmi.ParseCloseSessionRequest(c.data())
	if err != nil {
		return nil, err
	}
	missing := ipmi.InvalidSessionID
	matches := func(s *session) bool { return s.id == r.ID }
	if r.ID == 0 {
		missing = ipmi.InvalidSessionHandle
		matches = func(s *session) bool { return s.handle == r.Handle }
	}
	c.b.sweepSessions(c.now)
	s := c.b.selectSession(matches)
	switch {
	case c.s.closed && matches(c.s):
		return dst, nil // a copy; another session may have the handle by now
	case s == nil, c.s.closed: // who has left ends nobody else's session
		return nil, missing
	case s != c.s && c.operating() < ipmi.Administrator:
		return nil, ipmi.InsufficientPrivilege
	}
	c.closes = s
	return dst, nil
}

// getSessionInfo describes this session, the n-th one, or the one with a handle or ID.
func getSessionInfo(c *call, dst []byte) ([]byte, error) {
	r, err := ipmi.ParseSessionInfoRequest(c.data())
	if err != nil {
		return nil, err
	}
	c.b.sweepSessions(c.now)
	var s *session
	switch r.Index {
	case ipmi.SessionThis:
		s = c.s
	case ipmi.SessionByHandle:
		s = c.b.selectSession(func(s *session) bool { return s.handle == r.Handle })
	case ipmi.SessionByID:
		s = c.b.selectSession(func(s *session) bool { return s.id == r.ID })
	default:
		if active := c.b.activeSessions(); int(r.Index) <= len(active) {
			s = active[r.Index-1]
		}
	}
	if s == nil && r.Index >= ipmi.SessionByHandle {
		return nil, ipmi.NotPresent
	}
	return ipmi.AppendSessionInfo(dst, c.b.describe(s)), nil
}

// describe is the answer about s, which may be nil: ipmitool walks over all
// possible sessions and expects an answer without a handle for those that are not.
func (b *BMC) describe(s *session) ipmi.SessionInfo {
	answer := ipmi.SessionInfo{Possible: uint8(b.config.MaxSessions), Active: uint8(len(b.sessions))}
	if s == nil {
		return answer
	}
	answer.Handle = s.handle
	answer.UserID = s.who.userID
	answer.Privilege = s.privilege
	_, answer.V20 = s.wire.(*wire20)
	answer.Channel = ipmi.ChannelLAN
	if addr := s.from.Addr().Unmap(); addr.Is4() {
		answer.Address = addr.As4()
	}
	answer.Port = s.from.Port()
	return answer
}

func (b *BMC) selectSession(matches func(*session) bool) *session {
	active := b.activeSessions()
	if i := slices.IndexFunc(active, matches); i >= 0 {
		return active[i]
	}
	return nil
}
