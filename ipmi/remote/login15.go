package remote

import (
	"context"
	"errors"
	"fmt"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

const (
	cmdGetSessionChallenge = 0x39
	cmdActivateSession     = 0x3A

	firstOutbound = 0x11223344
)

// A Login15 says how to set up a session of IPMI 1.5.
type Login15 struct {
	Auth      ipmi.AuthType // AuthMD5 or AuthPassword
	User      string
	Password  string // at most 16 bytes
	Privilege ipmi.Privilege

	Outbound   uint32 // number of the BMC's first packet; 0: one is chosen
	StayAtUser bool   // no Set Session Privilege Level
}

// Login15 sets up a session of IPMI 1.5. The error is an ipmi.CompletionCode of
// one of the commands it takes, ErrNoAnswer, which is also what a wrong password
// ends in, or the context's.
func (c *Console) Login15(ctx context.Context, l Login15) (*Session, error) {
	challenge, err := c.challenge(ctx, l)
	if err != nil {
		return nil, fmt.Errorf("get session challenge: %w", err)
	}
	s, err := c.Activation(l, challenge)
	if err != nil {
		return nil, err
	}
	if err := s.activate(ctx, l, challenge); err != nil {
		return nil, fmt.Errorf("activate session: %w", err)
	}
	if l.StayAtUser || l.Privilege <= ipmi.User {
		return s, nil
	}
	return s, s.SetPrivilege(ctx, l.Privilege)
}

func (c *Console) challenge(ctx context.Context, l Login15) (ipmi.SessionChallenge, error) {
	r, err := c.Sessionless15(ctx, ipmi.NetFnApp, cmdGetSessionChallenge,
		ipmi.AppendSessionChallengeRequest(nil, ipmi.SessionChallengeRequest{AuthType: l.Auth, UserName: []byte(l.User)}))
	if err != nil {
		return ipmi.SessionChallenge{}, err
	}
	if r.Code != ipmi.Completed {
		return ipmi.SessionChallenge{}, r.Code
	}
	return ipmi.ParseSessionChallenge(r.Data)
}

// Activation returns a session that is not active yet: it has the temporary ID
// and makes packets with number zero. ActivationRequest makes the one to send.
func (c *Console) Activation(l Login15, challenge ipmi.SessionChallenge) (*Session, error) {
	protection, err := ipmi.NewProtection15(l.Auth, []byte(l.Password))
	if err != nil {
		return nil, err
	}
	return &Session{BMCID: challenge.ID, ConsoleID: challenge.ID, console: c, packets: &packets15{protection}}, nil
}

// ActivationRequest returns the datagram of Activate Session.
func (s *Session) ActivationRequest(l Login15, challenge ipmi.SessionChallenge) []byte {
	if l.Outbound == 0 {
		l.Outbound = firstOutbound
	}
	s.RqSeq = (s.RqSeq + 1) & 0x3F
	return s.packets.(*packets15).protection.Seal(nil, challenge.ID, 0, ipmi.AppendRequest(nil, request(ipmi.NetFnApp, cmdActivateSession, s.RqSeq,
		ipmi.AppendActivateSessionRequest(nil, ipmi.ActivateSessionRequest{
			AuthType: l.Auth, MaxPrivilege: l.Privilege, Challenge: challenge.Challenge, Outbound: l.Outbound,
		}))))
}

// Activated takes over the session that the answer to Activate Session tells of.
// The error is a completion code, or says that it is no such answer.
func (s *Session) Activated(datagram []byte) error {
	b, ok := s.Open(datagram, ipmi.PayloadIPMI)
	if !ok {
		return errNotActivated
	}
	r, err := ipmi.ParseResponse(b)
	switch {
	case err != nil || r.Command != cmdActivateSession || r.Sequence != s.RqSeq:
		return errNotActivated
	case r.Code != ipmi.Completed:
		return r.Code
	}
	active, err := ipmi.ParseActivatedSession(r.Data)
	if err != nil {
		return err
	}
	s.BMCID, s.ConsoleID = active.ID, active.ID
	s.Sequence = active.Inbound - 1
	return nil
}

var errNotActivated = errors.New("not the answer to Activate Session")

func (s *Session) activate(ctx context.Context, l Login15, challenge ipmi.SessionChallenge) error {
	packet := s.ActivationRequest(l, challenge)
	var result error
	err := s.console.exchange(ctx, func() []byte { return packet }, func(datagram []byte) bool {
		result = s.Activated(datagram)
		return !errors.Is(result, errNotActivated)
	})
	if err != nil {
		return err
	}
	return result
}

// packets15 are those of IPMI 1.5.
type packets15 struct{ protection *ipmi.Protection15 }

func (p *packets15) seal(s *Session, _ ipmi.PayloadType, message []byte) []byte {
	return p.protection.Seal(nil, s.BMCID, s.Sequence, message)
}

func (p *packets15) open(s *Session, datagram []byte, t ipmi.PayloadType) ([]byte, uint32, bool) {
	header, rest, err := ipmi.ParseRMCP(datagram)
	if err != nil || header.Class != ipmi.ClassIPMI || t != ipmi.PayloadIPMI {
		return nil, 0, false
	}
	packet, err := ipmi.ParseSession15(rest)
	if err != nil || packet.SessionID != s.ConsoleID || p.protection.Verify(packet) != nil {
		return nil, 0, false
	}
	return packet.Message, packet.Sequence, true
}
