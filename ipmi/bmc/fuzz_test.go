package bmc

import (
	"net/netip"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// A voidConn takes every packet.
type voidConn struct{}

func (voidConn) ReadFromUDPAddrPort([]byte) (int, netip.AddrPort, error) { panic("nobody reads") }
func (voidConn) WriteToUDPAddrPort(b []byte, _ netip.AddrPort) (int, error) {
	return len(b), nil
}
func (voidConn) SetReadDeadline(time.Time) error { return nil }

// A fuzzing is a conversation that the fuzzer writes: each step is a byte that
// says what is sent, a byte with the length of its data, and the data.
type fuzzing struct {
	*attempt
	rig        *rig
	named      bool
	protection *ipmi.Protection
	sequence   uint32
}

const (
	stepRaw     = iota // a datagram as it is
	stepOpen           // Open Session Request, with changed bytes
	stepRAKP1          // RAKP message 1, with changed bytes
	stepRAKP3          // RAKP message 3, with changed bytes
	stepSealed         // a payload in the session
	stepMessage        // netFn, command and data in the session
	stepBroken         // a packet of the session with changed bytes
	stepWait           // so many seconds pass
	steps
)

// change writes over a packet: pairs of position and value.
func change(packet, pairs []byte) []byte {
	for ; len(pairs) >= 2 && len(packet) > 0; pairs = pairs[2:] {
		packet[int(pairs[0])%len(packet)] = pairs[1]
	}
	return packet
}

func (f *fuzzing) packet(step byte, data []byte) []byte {
	if step >= stepSealed && step < stepWait && f.protection == nil {
		step = stepRaw
	}
	switch step {
	case stepOpen:
		payload := ipmi.AppendOpenSessionRequest(nil, 0, ipmi.Administrator, f.x.ConsoleID, f.x.Suite)
		return ipmi.AppendSession20(nil, ipmi.PayloadOpenSessionRequest, change(payload, data))
	case stepRAKP1:
		return ipmi.AppendSession20(nil, ipmi.PayloadRAKP1, change(f.rakp1Payload(), data))
	case stepRAKP3:
		payload := ipmi.AppendRAKPMessage3(nil, ipmi.RAKPMessage3{ID: f.x.BMCID, Code: f.x.RAKP3Code()})
		return ipmi.AppendSession20(nil, ipmi.PayloadRAKP3, change(payload, data))
	case stepSealed:
		return f.seal(data)
	case stepMessage:
		m := ipmi.Message{Responder: ipmi.AddressBMC, Requester: ipmi.AddressConsole}
		if len(data) >= 2 {
			m.NetFn, m.Command, m.Data = ipmi.NetFn(data[0]&0x3E), data[1], data[2:]
		}
		return f.seal(ipmi.AppendRequest(nil, m))
	case stepBroken:
		return change(f.seal(getDeviceIDMessage()), data)
	}
	return data
}

func (f *fuzzing) seal(payload []byte) []byte {
	f.sequence++
	return f.protection.Seal(nil, ipmi.PayloadIPMI, f.x.BMCID, f.sequence, [16]byte{}, payload)
}

// learn takes from a reply what a console takes from it.
func (f *fuzzing) learn(reply []byte) {
	if len(reply) < 16 || reply[4] != byte(ipmi.AuthRMCPPlus) {
		return
	}
	p, err := ipmi.ParseSession20(reply[4:])
	if err != nil {
		f.t.Fatalf("reply %x: %v", reply, err)
	}
	switch p.Type {
	case ipmi.PayloadOpenSessionResponse:
		if r, err := ipmi.ParseOpenSessionResponse(p.Payload); err == nil && r.Status == ipmi.StatusOK {
			f.x.BMCID, f.x.Suite = r.BMCID, r.Suite
			f.protection, f.named = nil, false
		}
	case ipmi.PayloadRAKP2:
		if r, err := ipmi.ParseRAKPMessage2(p.Payload); err == nil && r.Status == ipmi.StatusOK {
			f.x.BMCRandom, f.x.GUID = r.BMCRandom, r.GUID
			f.named = true
		}
	case ipmi.PayloadRAKP4:
		if r, err := ipmi.ParseRAKPMessage3(p.Payload); err == nil && r.Status == ipmi.StatusOK && f.named {
			f.protection, err = ipmi.NewProtection(f.x.Suite, f.x.SIK())
			if err != nil {
				f.t.Fatal(err)
			}
			f.sequence = 2
		}
	}
}

// step sends one packet and checks that it has exactly one fate.
func (f *fuzzing) step(step byte, data []byte) {
	if step == stepWait {
		for _, s := range data {
			f.now = f.now.Add(time.Duration(s) * time.Second)
		}
		return
	}
	packet := f.packet(step, data)
	if len(packet) > maxDatagram {
		return
	}
	sent := append([]byte(nil), packet...)
	f.b.mu.Lock()
	f.b.call.held, f.b.via = false, f.b.conn // as Receive does

	reply, reason := f.b.answer(f.now, f.from, packet, nil)
	held := f.b.call.held
	f.b.mu.Unlock()
	switch {
	case len(reply) > 0 && reason != NotDropped:
		f.t.Fatalf("%x: replied and dropped as %v", sent, reason)
	case len(reply) == 0 && reason == NotDropped && !held:
		f.t.Fatalf("%x: neither reply, nor reason, nor held", sent)
	case len(reply) > maxDatagram:
		f.t.Fatalf("%x: %d bytes of reply", sent, len(reply))
	}
	f.learn(reply)
}

// FuzzAnswer writes packets before, during and after a handshake. Nothing may
// panic, every packet has one fate, and nothing changes without a session.
func FuzzAnswer(f *testing.F) {
	handshake := []byte{stepOpen, 0, stepRAKP1, 0, stepRAKP3, 0}
	f.Add(handshake)
	f.Add(append(handshake[:len(handshake):len(handshake)], stepMessage, 3, 0x06, 0x3B, 4, stepMessage, 3, 0x00, 0x02, 1, stepMessage, 3, 0x00, 0x02, 1))
	f.Add(append(handshake[:len(handshake):len(handshake)], stepMessage, 3, 0x06, 0x3B, 4, stepMessage, 8, 0x00, 0x08, 5, 0x80, 4, 0, 0, 0, stepMessage, 5, 0x00, 0x09, 5, 0, 0))
	f.Add(append(handshake[:len(handshake):len(handshake)], stepMessage, 3, 0x06, 0x3B, 4, stepMessage, 8, 0x00, 0x08, 5, 0x80, 4, 0, 0, 0, stepMessage, 4, 0x00, 0x08, 3, 0x08, stepMessage, 4, 0x00, 0x08, 3, 0x08))
	f.Add(append(handshake[:len(handshake):len(handshake)], stepBroken, 2, 60, 1, stepWait, 1, 59, stepMessage, 2, 0x06, 0x01, stepWait, 1, 60, stepMessage, 2, 0x06, 0x01))
	f.Add([]byte{stepRaw, 4, 6, 0, 0xFF, 7, stepRaw, 12, 6, 0, 0xFF, 6, 0, 0, 0x11, 0xBE, 0x80, 0, 0, 0})
	f.Add(append(handshake[:len(handshake):len(handshake)], stepMessage, 3, 0x06, 0x3B, 4, stepMessage, 9, 0x04, 0x02, 4, 1, 0x30, 1, 9, 0xFF, 0xFF,
		stepMessage, 2, 0x0A, 0x42, stepMessage, 8, 0x0A, 0x43, 1, 0, 0, 0, 3, 5, stepMessage, 8, 0x0A, 0x47, 1, 0, 'C', 'L', 'R', 0xAA))
	f.Add(append(handshake[:len(handshake):len(handshake)], stepMessage, 3, 0x04, 0x2D, 1, stepMessage, 8, 0x0A, 0x23, 0, 0, 0, 0, 0, 0xFF,
		stepMessage, 6, 0x0A, 0x11, 0, 0, 0, 0xFF, stepMessage, 6, 0x2C, 0x02, 0xDC, 1, 0, 0, stepMessage, 5, 0x2C, 0x06, 0xDC, 0, 16))
	f.Add([]byte{stepOpen, 0, stepRAKP1, 2, 24, 0x04, stepRAKP1, 2, 27, 17, stepRAKP3, 2, 1, 1, stepWait, 1, 21, stepRAKP1, 0})
	f.Fuzz(func(t *testing.T, script []byte) {
		r := newBMC(t, instrumented(t))
		if _, err := r.bmc.Start(voidConn{}); err != nil {
			t.Fatal(err)
		}
		z := &fuzzing{attempt: newAttempt(t, r.bmc, admin), rig: r}
		for len(script) >= 2 {
			step, n := script[0]%steps, min(int(script[1]), len(script)-2)
			data := append([]byte(nil), script[2:2+n]...)
			script = script[2+n:]
			z.step(step, data)
		}
		r.bmc.stop()
		r.journal.read(func(j *journal) {
			if j.panics != 0 {
				t.Errorf("%d panics", j.panics)
			}
			if done := r.machine.carriedOut(); len(done) > 0 && len(j.audits) == 0 || len(j.audits) > 0 && z.sequence == 0 {
				t.Errorf("carried out %q, audited %+v, in a session: %v", done, j.audits, z.sequence != 0)
			}
			if n := len(r.bmc.sel.state.Records); n > len(j.audits)*2 {
				t.Errorf("%d log entries, audited %+v", n, j.audits)
			}
		})
	})
}
