package remote

import (
	"context"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// Sessionless15 sends a command outside of any session in the wrapper of IPMI
// 1.5, and accepts the answer in no other.
func (c *Console) Sessionless15(ctx context.Context, fn ipmi.NetFn, cmd uint8, data []byte) (ipmi.Response, error) {
	return c.sessionless(ctx, fn, cmd, data, func(message []byte) []byte {
		return ipmi.AppendSession15(nil, ipmi.Session15{Message: message})
	}, message15)
}

// Sessionless20 does the same in the wrapper of IPMI 2.0.
func (c *Console) Sessionless20(ctx context.Context, fn ipmi.NetFn, cmd uint8, data []byte) (ipmi.Response, error) {
	return c.sessionless(ctx, fn, cmd, data, func(message []byte) []byte {
		return ipmi.AppendSession20(nil, ipmi.PayloadIPMI, message)
	}, func(datagram []byte) ([]byte, bool) { return payload20(datagram, ipmi.PayloadIPMI) })
}

func (c *Console) sessionless(ctx context.Context, fn ipmi.NetFn, cmd uint8, data []byte,
	wrap func([]byte) []byte, unwrap func([]byte) ([]byte, bool)) (ipmi.Response, error) {
	var r ipmi.Response
	c.seq++
	m := request(fn, cmd, c.seq, data)
	err := c.exchange(ctx, func() []byte {
		if c.FreshSequence {
			c.seq++
			m.Sequence = c.seq & 0x3F
		}
		return wrap(ipmi.AppendRequest(nil, m))
	}, func(datagram []byte) bool {
		b, ok := unwrap(datagram)
		if !ok {
			return false
		}
		r, ok = answer(b, m)
		return ok
	})
	return r, err
}

// request is a message to the BMC's LUN 0; only six bits of seq are used.
func request(fn ipmi.NetFn, cmd, seq uint8, data []byte) ipmi.Message {
	return ipmi.Message{
		Responder: ipmi.AddressBMC,
		NetFn:     fn,
		Requester: ipmi.AddressConsole,
		Sequence:  seq & 0x3F,
		Command:   cmd,
		Data:      data,
	}
}

// answer reads a message if it is the response to m.
func answer(b []byte, m ipmi.Message) (ipmi.Response, bool) {
	r, err := ipmi.ParseResponse(b)
	if err != nil || r.NetFn != m.NetFn+1 || r.Command != m.Command || r.Sequence != m.Sequence {
		return ipmi.Response{}, false
	}
	return r, true
}

// message15 is the message of a datagram that belongs to no session of IPMI 1.5.
func message15(datagram []byte) ([]byte, bool) {
	header, rest, err := ipmi.ParseRMCP(datagram)
	if err != nil || header.Class != ipmi.ClassIPMI {
		return nil, false
	}
	t, err := ipmi.SessionAuthType(rest)
	if err != nil || t != ipmi.AuthNone {
		return nil, false
	}
	s, err := ipmi.ParseSession15(rest)
	return s.Message, err == nil && s.SessionID == 0
}

// session20 is the packet of IPMI 2.0 in a datagram.
func session20(datagram []byte) (ipmi.Session20, bool) {
	header, rest, err := ipmi.ParseRMCP(datagram)
	if err != nil || header.Class != ipmi.ClassIPMI {
		return ipmi.Session20{}, false
	}
	t, err := ipmi.SessionAuthType(rest)
	if err != nil || t != ipmi.AuthRMCPPlus {
		return ipmi.Session20{}, false
	}
	s, err := ipmi.ParseSession20(rest)
	return s, err == nil
}

// payload20 is the payload of a datagram that belongs to no session of IPMI 2.0.
func payload20(datagram []byte, t ipmi.PayloadType) ([]byte, bool) {
	s, ok := session20(datagram)
	if !ok || s.Type != t || s.SessionID != 0 || s.Encrypted || s.Authenticated {
		return nil, false
	}
	return s.Payload, true
}
