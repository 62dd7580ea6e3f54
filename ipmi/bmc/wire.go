package bmc

import "github.com/bmc-gateway/bmc-gateway/ipmi"

// A wire is what differs between sessions of IPMI 2.0 and 1.5: how their packets
// are made, and how their set-up is repeated. All the rest of a session, its
// privilege, its window, its commands and their copies, is the same for both.
type wire interface {
	// seal appends the datagram of a message to the console.
	seal(b *BMC, dst []byte, sequence uint32, message []byte) []byte
	// encrypts says whether the packets are encrypted.
	encrypts() bool
	// settle says that the first packet of the session has come: no message of
	// the set-up is answered again.
	settle()
	// forget forgets the keys.
	forget()
	// describe adds what there is to tell of it.
	describe(*SessionInfo)
}

// A wire20 is a session of RMCP+.
type wire20 struct {
	consoleID  uint32 // SIDm
	protection *ipmi.Protection
	suite      ipmi.CipherSuite
	proof      proof
}

// A proof is what answers a repeated RAKP message 3.
type proof struct {
	code []byte // of message 3
	icv  []byte // of message 4; empty when message 3 is not answered again
}

func (w *wire20) seal(b *BMC, dst []byte, sequence uint32, message []byte) []byte {
	if w.protection.Encrypts() {
		b.random(b.iv[:])
	}
	return w.protection.Seal(dst, ipmi.PayloadIPMI, w.consoleID, sequence, b.iv, message)
}

func (w *wire20) encrypts() bool { return w.protection.Encrypts() }

func (w *wire20) settle() {
	clear(w.proof.code)
	clear(w.proof.icv)
	w.proof = proof{}
}

func (w *wire20) forget() {
	w.settle()
	w.protection.Forget()
	w.protection = nil
}

func (w *wire20) describe(i *SessionInfo) {
	i.Auth = ipmi.AuthRMCPPlus
	i.Suite = w.suite.ID
}

// A wire15 is a session of IPMI 1.5. Its ID in both directions is the temporary
// one of its set-up.
type wire15 struct {
	id         uint32
	protection *ipmi.Protection15
	activated  *activation // nil: Activate Session is not answered again
}

// An activation is what answers a repeated Activate Session.
type activation struct {
	challenge [16]byte
	answer    ipmi.ActivatedSession
}

func (w *wire15) seal(_ *BMC, dst []byte, sequence uint32, message []byte) []byte {
	return w.protection.Seal(dst, w.id, sequence, message)
}

func (w *wire15) encrypts() bool { return false }

func (w *wire15) settle() { w.activated = nil }

func (w *wire15) forget() {
	w.settle()
	w.protection.Forget()
}

func (w *wire15) describe(i *SessionInfo) { i.Auth = w.protection.AuthType() }
