package remote

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

const (
	cmdSetSessionPrivilege = 0x3B
	cmdCloseSession        = 0x3C
)

// A Session is an active session of a Console.
type Session struct {
	ConsoleID uint32
	BMCID     uint32
	// Sequence is the session sequence number of the last packet that was made
	// and RqSeq that of the last request. A test may change them; ipmitool's
	// first packet, for example, has session sequence number 3 or 4.
	Sequence uint32
	RqSeq    uint8

	// Received is the session sequence number of the last packet from the BMC.
	Received uint32

	console *Console
	packets packets
	last    []byte
}

// packets are how the packets of a session are made and read.
type packets interface {
	seal(s *Session, t ipmi.PayloadType, payload []byte) []byte
	// open returns a payload and the number of its packet.
	open(s *Session, datagram []byte, t ipmi.PayloadType) ([]byte, uint32, bool)
}

// packets20 are those of IPMI 2.0.
type packets20 struct{ protection *ipmi.Protection }

// Command sends a request and returns its response, whose completion code may
// be any. The error is ErrNoAnswer, the context's or the socket's. Each try has
// a session sequence number of its own.
func (s *Session) Command(ctx context.Context, fn ipmi.NetFn, cmd uint8, data []byte) (ipmi.Response, error) {
	var r ipmi.Response
	s.RqSeq = (s.RqSeq + 1) & 0x3F
	m := request(fn, cmd, s.RqSeq, data)
	first := true
	err := s.console.exchange(ctx, func() []byte {
		if s.console.FreshSequence && !first {
			s.RqSeq = (s.RqSeq + 1) & 0x3F
			m.Sequence = s.RqSeq
		}
		first = false
		return s.Seal(ipmi.PayloadIPMI, ipmi.AppendRequest(nil, m))
	}, func(datagram []byte) bool {
		b, ok := s.Open(datagram, ipmi.PayloadIPMI)
		if !ok {
			return false
		}
		r, ok = answer(b, m)
		return ok
	})
	if err != nil {
		return ipmi.Response{}, fmt.Errorf("netfn %02Xh command %02Xh: %w", uint8(fn), cmd, err)
	}
	return r, nil
}

// SetPrivilege sends Set Session Privilege Level. A completion code other than
// 00h is the error.
func (s *Session) SetPrivilege(ctx context.Context, p ipmi.Privilege) error {
	return s.must(ctx, cmdSetSessionPrivilege, []byte{byte(p)})
}

// Close sends Close Session. A completion code other than 00h is the error.
func (s *Session) Close(ctx context.Context) error {
	return s.must(ctx, cmdCloseSession, binary.LittleEndian.AppendUint32(nil, s.BMCID))
}

func (s *Session) must(ctx context.Context, cmd uint8, data []byte) error {
	r, err := s.Command(ctx, ipmi.NetFnApp, cmd, data)
	if err != nil {
		return err
	}
	if r.Code != ipmi.Completed {
		return r.Code
	}
	return nil
}

// Request returns the datagram of a request with the next rqSeq and the next
// session sequence number, for a test that sends it in its own way.
func (s *Session) Request(fn ipmi.NetFn, cmd uint8, data []byte) []byte {
	s.RqSeq = (s.RqSeq + 1) & 0x3F
	return s.Seal(ipmi.PayloadIPMI, ipmi.AppendRequest(nil, request(fn, cmd, s.RqSeq, data)))
}

// Seal returns the datagram of a payload under the next session sequence number.
// In IPMI 1.5 there is no payload but a message.
func (s *Session) Seal(t ipmi.PayloadType, payload []byte) []byte {
	s.Sequence++
	if s.Sequence == 0 {
		s.Sequence = 1
	}
	s.last = s.packets.seal(s, t, payload)
	return slices.Clone(s.last)
}

// Last returns the last datagram that was made, for a replay with Console.Send.
func (s *Session) Last() []byte { return slices.Clone(s.last) }

// Open returns the payload of a datagram if it belongs to this session, has
// type t, and is signed and encrypted as it should be.
func (s *Session) Open(datagram []byte, t ipmi.PayloadType) ([]byte, bool) {
	b, sequence, ok := s.packets.open(s, slices.Clone(datagram), t)
	if ok {
		s.Received = sequence
	}
	return b, ok
}

func (p *packets20) seal(s *Session, t ipmi.PayloadType, payload []byte) []byte {
	var iv [16]byte
	_, _ = rand.Read(iv[:]) // it never fails: crypto/rand ends the program instead
	return p.protection.Seal(nil, t, s.BMCID, s.Sequence, iv, payload)
}

func (p *packets20) open(s *Session, datagram []byte, t ipmi.PayloadType) ([]byte, uint32, bool) {
	packet, ok := session20(datagram)
	if !ok || packet.Type != t || packet.SessionID != s.ConsoleID || packet.Encrypted != p.protection.Encrypts() || !packet.Authenticated {
		return nil, 0, false
	}
	if err := p.protection.Verify(packet); err != nil {
		return nil, 0, false
	}
	b, err := p.protection.Open(packet.Payload)
	return b, packet.Sequence, err == nil
}
