package remote_test

import (
	"crypto/hmac"
	"slices"
	"sync"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
)

// A responder plays the BMC with one session at a time and the user "admin"
// with the password "secret". It checks nothing but the codes, and remembers
// the requests of the session. App/01h and above are answered with the request's data.
type responder struct {
	conn   remote.PacketConn
	forged bool                                     // RAKP message 4 is made with a wrong key
	ignore func(m ipmi.Message, seq uint32) bool    // which requests of the session are not answered
	code   func(m ipmi.Message) ipmi.CompletionCode // nil: 00h

	mu       sync.Mutex
	requests []request

	exchange   ipmi.KeyExchange
	protection *ipmi.Protection
	sent       uint32
}

type request struct {
	Sequence uint32
	RqSeq    uint8
	Command  uint8
}

// start answers until the test ends.
func (r *responder) start(t *testing.T) {
	var running sync.WaitGroup
	running.Go(func() {
		var b [2048]byte
		for {
			n, from, err := r.conn.ReadFromUDPAddrPort(b[:])
			if err != nil {
				return
			}
			if reply := r.answer(slices.Clone(b[:n])); reply != nil {
				_, _ = r.conn.WriteToUDPAddrPort(reply, from)
			}
		}
	})
	t.Cleanup(func() {
		if err := r.conn.Close(); err != nil {
			t.Error(err)
		}
		running.Wait()
	})
}

func (r *responder) seen() []request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.requests)
}

func (r *responder) answer(datagram []byte) []byte {
	header, rest, err := ipmi.ParseRMCP(datagram)
	if err != nil {
		return nil
	}
	if header.Class == ipmi.ClassASF {
		tag, _ := ipmi.ParsePing(rest)
		return ipmi.AppendPong(nil, tag)
	}
	if auth, _ := ipmi.SessionAuthType(rest); auth != ipmi.AuthRMCPPlus {
		s, _ := ipmi.ParseSession15(rest)
		m, _ := ipmi.ParseMessage(s.Message)
		return ipmi.AppendSession15(nil, ipmi.Session15{Message: ipmi.AppendResponse(nil, m, ipmi.Completed, m.Data)})
	}
	s, err := ipmi.ParseSession20(rest)
	if err != nil {
		return nil
	}
	switch s.Type {
	case ipmi.PayloadOpenSessionRequest:
		return ipmi.AppendSession20(nil, ipmi.PayloadOpenSessionResponse, r.open(s.Payload))
	case ipmi.PayloadRAKP1:
		return ipmi.AppendSession20(nil, ipmi.PayloadRAKP2, r.rakp1(s.Payload))
	case ipmi.PayloadRAKP3:
		return ipmi.AppendSession20(nil, ipmi.PayloadRAKP4, r.rakp3(s.Payload))
	}
	if s.SessionID == 0 {
		m, _ := ipmi.ParseMessage(s.Payload)
		return ipmi.AppendSession20(nil, ipmi.PayloadIPMI, ipmi.AppendResponse(nil, m, ipmi.Completed, m.Data))
	}
	return r.command(s)
}

func (r *responder) open(b []byte) []byte {
	rq, _ := ipmi.ParseOpenSessionRequest(b)
	suite3, _ := ipmi.CipherSuiteByID(3)
	suite17, _ := ipmi.CipherSuiteByID(17)
	suite, ok := rq.Suite([]ipmi.CipherSuite{suite17, suite3})
	rs := ipmi.OpenSessionResponse{Tag: rq.Tag, Status: ipmi.StatusNoSuite, ConsoleID: rq.ConsoleID}
	if ok {
		rs.Status, rs.MaxPrivilege, rs.BMCID, rs.Suite = ipmi.StatusOK, ipmi.Administrator, 0x0BADCAFE, suite
		r.exchange = ipmi.KeyExchange{Suite: suite, ConsoleID: rq.ConsoleID, BMCID: rs.BMCID, Password: []byte("secret")}
	}
	return ipmi.AppendOpenSessionResponse(nil, rs)
}

func (r *responder) rakp1(b []byte) []byte {
	m, _ := ipmi.ParseRAKPMessage1(b)
	x := &r.exchange
	x.ConsoleRandom, x.Role, x.UserName = m.ConsoleRandom, m.Role, m.UserName
	rs := ipmi.RAKPMessage2{Tag: m.Tag, ConsoleID: x.ConsoleID, BMCRandom: x.BMCRandom, GUID: x.GUID, Code: x.RAKP2Code()}
	if string(m.UserName) != "admin" {
		rs.Status = ipmi.StatusUnauthorizedName
	}
	return ipmi.AppendRAKPMessage2(nil, rs)
}

func (r *responder) rakp3(b []byte) []byte {
	m, _ := ipmi.ParseRAKPMessage3(b)
	rs := ipmi.RAKPMessage3{Tag: m.Tag, Status: ipmi.StatusInvalidICV, ID: r.exchange.ConsoleID}
	if hmac.Equal(m.Code, r.exchange.RAKP3Code()) {
		sik := r.exchange.SIK()
		rs.Status, rs.Code = ipmi.StatusOK, r.exchange.RAKP4ICV(sik)
		if r.forged {
			rs.Code[0] ^= 1
		}
		r.protection, _ = ipmi.NewProtection(r.exchange.Suite, sik)
	}
	return ipmi.AppendRAKPMessage3(nil, rs)
}

func (r *responder) command(s ipmi.Session20) []byte {
	if r.protection == nil || r.protection.Verify(s) != nil {
		return nil
	}
	b, err := r.protection.Open(s.Payload)
	if err != nil {
		return nil
	}
	m, err := ipmi.ParseMessage(b)
	if err != nil {
		return nil
	}
	r.mu.Lock()
	r.requests = append(r.requests, request{s.Sequence, m.Sequence, m.Command})
	r.mu.Unlock()
	if r.ignore != nil && r.ignore(m, s.Sequence) {
		return nil
	}
	var code ipmi.CompletionCode
	if r.code != nil {
		code = r.code(m)
	}
	r.sent++
	return r.protection.Seal(nil, ipmi.PayloadIPMI, r.exchange.ConsoleID, r.sent, [16]byte{byte(r.sent)}, ipmi.AppendResponse(nil, m, code, m.Data))
}
