package bmc

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
)

func TestSecurityConfigIsRefused(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"Kg of 21 bytes", func(c *Config) { c.Kg = "a key of 21 bytes or " }, "bmc: the channel key Kg has 21 bytes, more than 20"},
		{"Kg that starts with zero", func(c *Config) { c.Kg = "\x00key" }, "bmc: the channel key Kg starts with a zero byte, which ipmitool takes for no key"},
		{"channel limit", func(c *Config) { c.ChannelLimit = ipmi.OEMPrivilege }, "bmc: channel limit oem is not one of callback to administrator"},
		{"IPMI 1.5", func(c *Config) { c.V15 = 3 }, "bmc: sessions of IPMI 1.5: v15(3) is no choice"},
	}
	for _, tt := range tests {
		config := testConfig(t)
		tt.change(&config)
		if _, err := New(config, &fakeMachine{}); err == nil || err.Error() != tt.want {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
	}
}

func TestParseV15(t *testing.T) {
	for _, v := range []V15{V15Off, V15MD5, V15MD5AndPassword} {
		if got, err := ParseV15(v.String()); err != nil || got != v {
			t.Errorf("%v: got %v, %v", v, got, err)
		}
	}
	if _, err := ParseV15("none"); err == nil || err.Error() != `"none" is not one of off, md5, md5 and password` {
		t.Errorf("got %v", err)
	}
}

// TestKg: with a channel key nobody logs in without it, and nobody is told why not
// before the password was right.
func TestKg(t *testing.T) {
	tests := []struct {
		name    string
		bmc     Password
		console string
		want    error
	}{
		{"none", "", "", nil},
		{"the same", "channel key", "channel key", nil},
		{"padded to 20 bytes", "channel key", "channel key\x00\x00\x00\x00\x00\x00\x00\x00\x00", nil},
		{"console has none", "channel key", "", remote.ErrICV},
		{"BMC has none", "", "channel key", remote.ErrICV},
		{"another", "channel key", "channel kez", remote.ErrICV},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := serve(t, func(c *Config) { c.Kg = tt.bmc })
				l := loginAs(t, admin)
				l.Kg = []byte(tt.console)
				if _, err := r.console(t).Login(t.Context(), l); !errors.Is(err, tt.want) {
					t.Errorf("%v, want %v", err, tt.want)
				}
			})
		})
	}
}

// TestProtectionIsExactlyTheSuites: neither less nor more than was agreed on.
func TestProtectionIsExactlyTheSuites(t *testing.T) {
	for id := range useful {
		b := newBMC(t, func(c *Config) { c.Suites = []ipmi.CipherSuite{suite(t, id)} }).bmc
		a := newAttempt(t, b, admin)
		a.x.Suite = suite(t, id)
		a.complete()
		p, err := a.x.Protection(a.x.SIK())
		if err != nil {
			t.Fatal(err)
		}
		packet := func() []byte { return p.Seal(nil, ipmi.PayloadIPMI, a.x.BMCID, 1, [16]byte{}, getDeviceIDMessage()) }
		for _, flip := range []byte{0x80, 0x40, 0xC0} {
			changed := packet()
			changed[5] ^= flip
			if _, got := b.answer(a.now, a.from, changed, nil); got != DropUnprotected {
				t.Errorf("suite %d, payload type %02Xh: %v, want %v", id, changed[5], got, DropUnprotected)
			}
		}
		if _, got := b.answer(a.now, a.from, packet(), nil); got != NotDropped {
			t.Errorf("suite %d: %v", id, got)
		}
	}
}

// TestSuitesAreNotMixed enables two suites out of all and tries every triple.
func TestSuitesAreNotMixed(t *testing.T) {
	b := newBMC(t, func(c *Config) { c.Suites = []ipmi.CipherSuite{suite(t, 2), suite(t, 17)} }).bmc
	for auth := range uint8(5) {
		for integrity := range uint8(6) {
			for confidentiality := range uint8(5) {
				a := newAttempt(t, b, admin)
				a.x.Suite = ipmi.CipherSuite{Auth: ipmi.AuthAlgorithm(auth), Integrity: ipmi.IntegrityAlgorithm(integrity), Confidentiality: ipmi.ConfidentialityAlgorithm(confidentiality)}
				status := a.send(ipmi.PayloadOpenSessionRequest, ipmi.AppendOpenSessionRequest(nil, 0, 0, 1, a.x.Suite))[1]
				triple := [3]uint8{auth, integrity, confidentiality}
				if want := triple == [3]uint8{1, 1, 0} || triple == [3]uint8{3, 4, 1}; want != (status == 0) {
					t.Errorf("%v: status %02Xh", triple, status)
				}
			}
		}
	}
}

// TestChannelLimit is a limit for every account, told and enforced.
func TestChannelLimit(t *testing.T) {
	forEachVersion(t, func(t *testing.T, v version) {
		synctest.Test(t, func(t *testing.T) {
			r := serve(t, func(c *Config) { bothVersions(c); c.ChannelLimit = ipmi.Operator })
			c := r.console(t)
			if _, err := v.enter(t, c, root, false); !errors.Is(err, ipmi.PrivilegeExceedsLimit) && !errors.Is(err, ipmi.ActivateExceedsLimit) {
				t.Errorf("as administrator: %v, want 81h or 86h", err)
			}
			s := v.login(t, c, operator)
			got := command(t, s, ipmi.NetFnApp, 0x41, []byte{ipmi.ChannelPresent, 0x80}, ipmi.Completed)
			if diff := cmp.Diff([]byte{0x22, byte(ipmi.Operator)}, got.Data); diff != "" {
				t.Errorf("channel access (-want +got):\n%s", diff)
			}
			command(t, s, ipmi.NetFnApp, cmdSetPrivilege, []byte{byte(ipmi.Administrator)}, ipmi.PrivilegeExceedsLimit)
		})
	})
}

// TestCallback may close its session, and nothing else.
func TestCallback(t *testing.T) {
	forEachVersion(t, func(t *testing.T, v version) {
		synctest.Test(t, func(t *testing.T) {
			r := serve(t, bothVersions)
			s := v.login(t, r.console(t), callback)
			if info := r.bmc.Sessions()[0]; info.Privilege != ipmi.Callback || info.Limit != ipmi.Callback {
				t.Errorf("%+v, want level and limit callback", info)
			}
			command(t, s, ipmi.NetFnApp, cmdDeviceID, nil, ipmi.InsufficientPrivilege)
			command(t, s, ipmi.NetFnApp, cmdSetPrivilege, []byte{byte(ipmi.User)}, ipmi.InsufficientPrivilege)
			command(t, s, ipmi.NetFnChassis, cmdChassisControl, control(off), ipmi.InsufficientPrivilege)
			if err := s.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
	})
}

// TestSessionInfoOfBoth tells the version, the user and the place of each session.
func TestSessionInfoOfBoth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, bothVersions)
		old, err := r.console(t).Login15(t.Context(), login15(operator))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		s := login(t, r.console(t), admin)
		want := []ipmi.SessionInfo{
			{Handle: 1, Possible: 8, Active: 2, UserID: 3, Privilege: ipmi.Operator, Channel: 1, Address: [4]byte{192, 0, 2, 11}, Port: 20001},
			{Handle: 2, Possible: 8, Active: 2, UserID: 2, Privilege: ipmi.Administrator, V20: true, Channel: 1, Address: [4]byte{192, 0, 2, 12}, Port: 20002},
			{Possible: 8, Active: 2},
		}
		for _, asks := range []*remote.Session{old, s} {
			for n := range want {
				got, err := ipmi.ParseSessionInfo(command(t, asks, ipmi.NetFnApp, cmdSessionInfo, []byte{byte(n + 1)}, ipmi.Completed).Data)
				if diff := cmp.Diff(want[n], got); err != nil || diff != "" {
					t.Errorf("session %d: %v (-want +got):\n%s", n+1, err, diff)
				}
			}
		}
		command(t, old, ipmi.NetFnApp, cmdCloseSession, []byte{0, 0, 0, 0, 2}, ipmi.InsufficientPrivilege)
		command(t, s, ipmi.NetFnApp, cmdCloseSession, []byte{0, 0, 0, 0, 1}, ipmi.Completed)
		if left := r.bmc.Sessions(); len(left) != 1 || left[0].Account != admin.Name {
			t.Errorf("sessions %+v, want that of admin", left)
		}
	})
}

// TestQuota is shared by two BMCs.
func TestQuota(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		quota := NewQuota(3, 4)
		limited := func(c *Config) { bothVersions(c); c.Limit = quota }
		one, two := serve(t, limited), serve(t, limited)
		first := login(t, one.console(t), operator)
		login(t, two.console(t), operator)
		old, err := two.console(t).Login15(t.Context(), login15(root))
		if err != nil {
			t.Fatal(err)
		}
		var status *remote.StatusError
		if _, err := one.console(t).Login(t.Context(), loginAs(t, admin)); !errors.As(err, &status) || status.Status != ipmi.StatusNoResources {
			t.Errorf("fourth session: %v, want status 01h", err)
		}
		if _, err := one.console(t).Login15(t.Context(), login15(root)); !errors.Is(err, ipmi.NoSessionSlot) {
			t.Errorf("fourth session in IPMI 1.5: %v, want 81h", err)
		}
		if err := old.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		login(t, one.console(t), admin)
		time.Sleep(defaultIdleTimeout)
		if n := len(one.bmc.Sessions()) + len(two.bmc.Sessions()) + quota.Used(); n != 0 {
			t.Errorf("%d sessions and places are left", n)
		}
		if _, err := first.Command(t.Context(), ipmi.NetFnApp, cmdDeviceID, nil); !errors.Is(err, remote.ErrNoAnswer) {
			t.Errorf("after its end: %v", err)
		}
	})
}

// TestRAKP1FromElsewhere: the answer, which is longer, goes to nobody who has not opened the handshake.
func TestRAKP1FromElsewhere(t *testing.T) {
	a := newAttempt(t, newBMC(t, nil).bmc, admin)
	a.open()
	a.from = spoofed(1)
	payload := a.rakp1Payload()
	if got := a.send(ipmi.PayloadRAKP1, payload); len(got) != 8 || got[1] != byte(ipmi.StatusInvalidSession) {
		t.Errorf("got %x, want status 02h", got)
	}
}

// TestAnswersToStrangersAreShort: what anybody can send under a made-up source earns at
// most what the specification asks for. The pong is 28 bytes for 12.
func TestAnswersToStrangersAreShort(t *testing.T) {
	const most = 28. / 12
	r := newBMC(t, func(c *Config) {
		instrumented(t)(c)
		c.V15 = V15MD5AndPassword
		c.Suites = nil
		for _, id := range []ipmi.CipherSuiteID{17, 3, 16, 12, 11, 8, 7, 2} {
			c.Suites = append(c.Suites, suite(t, id))
		}
	})
	open := ipmi.AppendOpenSessionRequest(nil, 0, ipmi.PrivilegeNone, 1, suite(t, 17))
	packets := map[string][]byte{
		"ping":         ipmi.AppendPing(nil, 1),
		"open session": ipmi.AppendSession20(nil, ipmi.PayloadOpenSessionRequest, open),
		"no such suite": ipmi.AppendSession20(nil, ipmi.PayloadOpenSessionRequest,
			ipmi.AppendOpenSessionRequest(nil, 0, ipmi.PrivilegeNone, 1, ipmi.CipherSuite{})),
		"RAKP message 1": ipmi.AppendSession20(nil, ipmi.PayloadRAKP1, ipmi.AppendRAKPMessage1(nil, ipmi.RAKPMessage1{BMCID: 1})),
		"RAKP message 3": ipmi.AppendSession20(nil, ipmi.PayloadRAKP3, ipmi.AppendRAKPMessage3(nil, ipmi.RAKPMessage3{ID: 1})),
	}
	challenge := ipmi.AppendSessionChallengeRequest(nil, ipmi.SessionChallengeRequest{AuthType: ipmi.AuthMD5, UserName: []byte("nobody")})
	for i, data := range [][]byte{nil, {0x0E}, {0x8E, 4}, {0x0E, 0, 0x80}, {0xDC, 1}, {0xDC, 2}, challenge} {
		for _, row := range Commands() {
			m := ipmi.AppendRequest(nil, ipmi.Message{Responder: ipmi.AddressBMC, NetFn: row.NetFn, Command: row.Cmd, Data: data})
			packets[fmt.Sprint(row.Name, i, " in 1.5")] = ipmi.AppendSession15(nil, ipmi.Session15{Message: m})
			packets[fmt.Sprint(row.Name, i, " in 2.0")] = ipmi.AppendSession20(nil, ipmi.PayloadIPMI, m)
		}
	}
	answered := 0
	for name, packet := range packets {
		size := len(packet)
		reply, _ := r.bmc.answer(time.Now(), spoofed(1), packet, nil)
		if len(reply) > 0 {
			answered++
		}
		if ratio := float64(len(reply)) / float64(size); ratio > most {
			t.Errorf("%s: %d bytes for %d", name, len(reply), size)
		}
	}
	if answered < 20 {
		t.Errorf("%d packets were answered, the test has lost its subject", answered)
	}
}
