package remote

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

var (
	// ErrPassword says that RAKP message 2 was not made with the login's
	// password. Clients stop there and send no RAKP message 3.
	ErrPassword = errors.New("password invalid")
	// ErrICV says that RAKP message 4 was not made with the session's key.
	ErrICV = errors.New("integrity check value of RAKP message 4 invalid")
)

// A StatusError says which message of the BMC ended a session set-up.
type StatusError struct {
	Message string // "RAKP message 2"
	Status  ipmi.Status
}

// Error tells both.
func (e *StatusError) Error() string {
	return fmt.Sprintf("%s: status %02Xh", e.Message, uint8(e.Status))
}

// A Login says how to set up a session.
type Login struct {
	Suite     ipmi.CipherSuite // also one that the ipmi package does not implement, to see it refused
	User      string
	Password  string
	Kg        []byte
	Privilege ipmi.Privilege // asked for in RAKP message 1 and, above User, by Set Session Privilege Level
	ByRole    bool           // look up user name and privilege together, not the name alone

	ConsoleID  uint32 // 0: a random one; ipmitool gives all its sessions the same
	StayAtUser bool   // no Set Session Privilege Level
	Insist     bool   // send RAKP message 3 although RAKP message 2 shows another password
}

// role is byte 24 of RAKP message 1.
func (l Login) role() ipmi.Role {
	if l.ByRole {
		return ipmi.Role(l.Privilege)
	}
	return ipmi.Role(l.Privilege) | 0x10
}

// Login sets up a session. The error is a *StatusError, an ipmi.CompletionCode
// from Set Session Privilege Level, ErrPassword, ErrICV, ErrNoAnswer or the context's.
func (c *Console) Login(ctx context.Context, l Login) (*Session, error) {
	x := ipmi.KeyExchange{
		Suite:     l.Suite,
		ConsoleID: l.ConsoleID,
		Role:      l.role(),
		UserName:  []byte(l.User),
		Password:  []byte(l.Password),
		Kg:        l.Kg,
	}
	if err := randomize(&x); err != nil {
		return nil, err
	}
	if err := c.openSession(ctx, &x, l.Privilege); err != nil {
		return nil, err
	}
	if err := c.rakp1(ctx, &x, l.Insist); err != nil {
		return nil, err
	}
	sik := x.SIK()
	if err := c.rakp3(ctx, &x, sik); err != nil {
		return nil, err
	}
	protection, err := x.Protection(sik)
	if err != nil {
		return nil, err
	}
	s := &Session{ConsoleID: x.ConsoleID, BMCID: x.BMCID, console: c, packets: &packets20{protection}}
	if l.StayAtUser || l.Privilege <= ipmi.User {
		return s, nil
	}
	return s, s.SetPrivilege(ctx, l.Privilege)
}

func randomize(x *ipmi.KeyExchange) error {
	if _, err := rand.Read(x.ConsoleRandom[:]); err != nil {
		return err
	}
	for x.ConsoleID == 0 {
		var id [4]byte
		if _, err := rand.Read(id[:]); err != nil {
			return err
		}
		x.ConsoleID = binary.LittleEndian.Uint32(id[:])
	}
	return nil
}

func (c *Console) openSession(ctx context.Context, x *ipmi.KeyExchange, p ipmi.Privilege) error {
	c.tag++
	tag := c.tag
	b, err := c.setUp(ctx, ipmi.PayloadOpenSessionRequest, ipmi.AppendOpenSessionRequest(nil, tag, p, x.ConsoleID, x.Suite),
		func(b []byte) bool { return b[0] == tag && binary.LittleEndian.Uint32(b[4:]) == x.ConsoleID })
	if err != nil {
		return fmt.Errorf("open session: %w", err)
	}
	r, err := ipmi.ParseOpenSessionResponse(b)
	if err != nil {
		return fmt.Errorf("open session response: %w", err)
	}
	if r.Status != ipmi.StatusOK {
		return &StatusError{"open session response", r.Status}
	}
	if r.Suite.ID != x.Suite.ID {
		return fmt.Errorf("open session response: suite %d instead of %d", r.Suite.ID, x.Suite.ID)
	}
	x.Suite, x.BMCID = r.Suite, r.BMCID
	return nil
}

func (c *Console) rakp1(ctx context.Context, x *ipmi.KeyExchange, insist bool) error {
	c.tag++
	m := ipmi.RAKPMessage1{Tag: c.tag, BMCID: x.BMCID, ConsoleRandom: x.ConsoleRandom, Role: x.Role, UserName: x.UserName}
	b, err := c.setUp(ctx, ipmi.PayloadRAKP1, ipmi.AppendRAKPMessage1(nil, m), func(b []byte) bool { return b[0] == m.Tag })
	if err != nil {
		return fmt.Errorf("RAKP message 1: %w", err)
	}
	r, err := ipmi.ParseRAKPMessage2(b)
	if err != nil {
		return fmt.Errorf("RAKP message 2: %w", err)
	}
	if r.Status != ipmi.StatusOK {
		return &StatusError{"RAKP message 2", r.Status}
	}
	if r.ConsoleID != x.ConsoleID {
		return fmt.Errorf("RAKP message 2: for session %08X instead of %08X", r.ConsoleID, x.ConsoleID)
	}
	x.BMCRandom, x.GUID = r.BMCRandom, r.GUID
	if !hmac.Equal(r.Code, x.RAKP2Code()) && !insist {
		return ErrPassword
	}
	return nil
}

func (c *Console) rakp3(ctx context.Context, x *ipmi.KeyExchange, sik []byte) error {
	c.tag++
	m := ipmi.RAKPMessage3{Tag: c.tag, ID: x.BMCID, Code: x.RAKP3Code()}
	b, err := c.setUp(ctx, ipmi.PayloadRAKP3, ipmi.AppendRAKPMessage3(nil, m), func(b []byte) bool { return b[0] == m.Tag })
	if err != nil {
		return fmt.Errorf("RAKP message 3: %w", err)
	}
	r, err := ipmi.ParseRAKPMessage3(b)
	if err != nil {
		return fmt.Errorf("RAKP message 4: %w", err)
	}
	if r.Status != ipmi.StatusOK {
		return &StatusError{"RAKP message 4", r.Status}
	}
	if r.ID != x.ConsoleID {
		return fmt.Errorf("RAKP message 4: for session %08X instead of %08X", r.ID, x.ConsoleID)
	}
	if !hmac.Equal(r.Code, x.RAKP4ICV(sik)) {
		return ErrICV
	}
	return nil
}

// setUp sends a set-up payload and returns the answer, whose type is one more,
// which has at least the eight bytes of an error, and which is accepted.
func (c *Console) setUp(ctx context.Context, t ipmi.PayloadType, payload []byte, accept func([]byte) bool) ([]byte, error) {
	packet := ipmi.AppendSession20(nil, t, payload)
	var got []byte
	err := c.exchange(ctx, func() []byte { return packet }, func(datagram []byte) bool {
		b, ok := payload20(datagram, t+1)
		if !ok || len(b) < 8 || !accept(b) {
			return false
		}
		got = b
		return true
	})
	return got, err
}
