package bmc

import (
	"net/netip"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// again is Activate Session with another first number for the console, as after an
// answer that was lost.
func (c *activation15) again(outbound uint32) []byte {
	l := c.login
	l.Outbound = outbound
	return c.session.ActivationRequest(l, c.challenge)
}

func (c *activation15) fate(name string, packet []byte, want DropReason) []byte {
	c.t.Helper()
	reply, got := c.send(packet)
	if got != want || (len(reply) == 0) != (got != NotDropped) {
		c.t.Errorf("%s: %v with %d bytes of reply, want %v", name, got, len(reply), want)
	}
	return reply
}

// TestActivatedAgain: the repeated request is answered with the same session, under the
// number and to the port that it names.
func TestActivatedAgain(t *testing.T) {
	r := newBMC(t, bothVersions)
	c := newActivation15(t, r, operator)
	c.activate()
	first := c.session.Sequence
	c.from = netip.MustParseAddrPort("192.0.2.99:20000")
	c.fate("from another address", c.again(500), DropReplay)
	c.from = netip.MustParseAddrPort("192.0.2.10:4711")
	reply := c.fate("from another port", c.again(500), NotDropped)
	if err := c.session.Activated(reply); err != nil || c.session.Sequence != first {
		t.Errorf("%v; the first number is %d, and was %d", err, c.session.Sequence, first)
	}
	if c.session.Received != 500 {
		t.Errorf("answered under number %d, want 500", c.session.Received)
	}
	if all := r.bmc.Sessions(); len(all) != 1 || all[0].From != c.from {
		t.Errorf("sessions %+v, want one at %v", all, c.from)
	}
	if _, ok := c.session.Open(c.fate("its first command", c.deviceID(), NotDropped), ipmi.PayloadIPMI); !ok || c.session.Received != 501 {
		t.Errorf("answered under number %d, want 501", c.session.Received)
	}
}

// TestActivatedAgainByWhom: nobody but the console of the session, who does not try
// passwords this way either.
func TestActivatedAgainByWhom(t *testing.T) {
	r := newBMC(t, bothVersions)
	c := newActivation15(t, r, operator)
	c.activate()
	md5, err := ipmi.NewProtection15(ipmi.AuthMD5, []byte(operator.Password))
	if err != nil {
		t.Fatal(err)
	}
	request := func(change func(*ipmi.Message, *ipmi.ActivateSessionRequest)) []byte {
		a := ipmi.ActivateSessionRequest{AuthType: ipmi.AuthMD5, MaxPrivilege: ipmi.Operator, Challenge: c.challenge.Challenge, Outbound: 1}
		m := ipmi.Message{Responder: ipmi.AddressBMC, NetFn: ipmi.NetFnApp, Requester: ipmi.AddressConsole, Command: cmdActivateSession}
		change(&m, &a)
		if m.Data == nil {
			m.Data = ipmi.AppendActivateSessionRequest(nil, a)
		}
		return md5.Seal(nil, c.challenge.ID, 0, ipmi.AppendRequest(nil, m))
	}
	c.fate("another network function", request(func(m *ipmi.Message, _ *ipmi.ActivateSessionRequest) { m.NetFn = ipmi.NetFnChassis }), DropNoSession)
	c.fate("another command", request(func(m *ipmi.Message, _ *ipmi.ActivateSessionRequest) { m.Command = cmdDeviceID }), DropNoSession)
	c.fate("another LUN", request(func(m *ipmi.Message, _ *ipmi.ActivateSessionRequest) { m.ResponderLUN = 1 }), DropNoSession)
	c.fate("another challenge", request(func(_ *ipmi.Message, a *ipmi.ActivateSessionRequest) { a.Challenge[0]++ }), DropReplay)
	c.fate("half a request", request(func(m *ipmi.Message, _ *ipmi.ActivateSessionRequest) { m.Data = []byte{2, 3} }), DropReplay)
	if all := r.bmc.Sessions(); len(all) != 1 {
		t.Errorf("sessions %+v", all)
	}
	wrong := c.again(1)
	wrong[20]++
	for range guessBurst {
		c.fate("a wrong password", wrong, DropBadIntegrity)
	}
	c.fate("a guess too many", wrong, DropBackoff)
	c.fate("the right one while it waits", c.again(1), DropBackoff)
}

// TestRightPassword15 makes guesses forgotten, and no two sessions begin with the same
// number.
func TestRightPassword15(t *testing.T) {
	r := newBMC(t, bothVersions)
	now := time.Now()
	numbers := make(map[uint32]bool)
	for range 3 {
		for range guessBurst - 1 {
			c := newActivation15(t, r, operator)
			c.now = now
			wrong := c.again(1)
			wrong[20]++
			c.fate("a wrong password", wrong, DropBadIntegrity)
		}
		c := newActivation15(t, r, operator)
		c.now = now
		c.activate()
		numbers[c.session.Sequence] = true
	}
	if len(numbers) != 3 {
		t.Errorf("first numbers %v", numbers)
	}
}
