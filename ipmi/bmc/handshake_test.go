package bmc

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

func TestOpenSessionHighestLevel(t *testing.T) {
	a := newAttempt(t, newBMC(t, nil).bmc, admin)
	if r := a.open(); r.MaxPrivilege != ipmi.Administrator || r.BMCID == 0 || r.ConsoleID != a.x.ConsoleID {
		t.Errorf("got %+v, want level administrator and an ID", r)
	}
}

// TestProposals tries every combination of algorithms, also with "any".
func TestProposals(t *testing.T) {
	b := newBMC(t, nil).bmc
	const anything = 0xFF
	values := []uint8{0, 1, 2, 3, 4, 5, 0x30, 0x3F, anything}
	accepted := map[[3]uint8]bool{{1, 1, 1}: true, {3, 4, 1}: true} // suites 3 and 17
	for _, auth := range values {
		for _, integrity := range values {
			for _, confidentiality := range values {
				triple := [3]uint8{auth, integrity, confidentiality}
				payload := ipmi.AppendOpenSessionRequest(nil, 7, ipmi.Administrator, 0x11223344, ipmi.CipherSuite{})
				for i, v := range triple {
					if v == anything {
						payload[8+8*i+3] = 0
						continue
					}
					payload[8+8*i+4] = v
				}
				want := false
				for ok := range accepted {
					want = want || (auth == ok[0] || auth == anything) && (integrity == ok[1] || integrity == anything) &&
						(confidentiality == ok[2] || confidentiality == anything)
				}
				a := newAttempt(t, b, admin)
				got := a.send(ipmi.PayloadOpenSessionRequest, payload)
				if want && (len(got) != 36 || got[1] != 0) {
					t.Errorf("proposal %v: got %x, want it accepted", triple, got)
				}
				if no := []byte{7, 0x11, 0, 0, 0x44, 0x33, 0x22, 0x11}; !want && !bytes.Equal(got, no) {
					t.Errorf("proposal %v: got %x, want %x", triple, got, no)
				}
			}
		}
	}
}

func TestRAKP1Status(t *testing.T) {
	long := Account{Name: "a-name-of-17bytes", Privilege: ipmi.Administrator}
	tests := []struct {
		name string
		user string
		role ipmi.Role
		want ipmi.Status
	}{
		{"administrator by name", admin.Name, 0x14, ipmi.StatusOK},
		{"operator by name asks for more: capped", operator.Name, 0x14, ipmi.StatusOK},
		{"unknown by name: made up", "nobody", 0x14, ipmi.StatusOK},
		{"padded with zeros", "admin\x00\x00\x00", 0x14, ipmi.StatusOK},
		{"name and its level", operator.Name, 0x03, ipmi.StatusOK},
		{"name and a higher level", operator.Name, 0x04, ipmi.StatusInvalidRole},
		{"name and a lower level", operator.Name, 0x02, ipmi.StatusInvalidRole},
		{"OEM level by name: capped", admin.Name, 0x15, ipmi.StatusOK},
		{"no level", admin.Name, 0x10, ipmi.StatusInvalidRole},
		{"reserved level", admin.Name, 0x16, ipmi.StatusInvalidRole},
		{"empty name", "", 0x14, ipmi.StatusUnauthorizedName},
		{"role only", "", 0x04, ipmi.StatusUnauthorizedName},
		{"name of zeros", "\x00\x00", 0x14, ipmi.StatusUnauthorizedName},
		{"name too long", long.Name, 0x14, ipmi.StatusInvalidNameLength},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := newAttempt(t, newBMC(t, nil).bmc, admin)
			a.open()
			a.x.UserName, a.x.Role = []byte(tt.user), tt.role
			r := a.rakp1()
			if r.Status != tt.want || r.ConsoleID != a.x.ConsoleID {
				t.Errorf("status %02Xh for console %08X, want %02Xh", uint8(r.Status), r.ConsoleID, uint8(tt.want))
			}
		})
	}
}

func TestRAKP1UnknownSession(t *testing.T) {
	a := newAttempt(t, newBMC(t, nil).bmc, admin)
	a.x.BMCID = 0x12345678
	if got := a.send(ipmi.PayloadRAKP1, a.rakp1Payload()); !bytes.Equal(got, []byte{1, 2, 0, 0, 0, 0, 0, 0}) {
		t.Errorf("got %x, want status 02h and no console ID", got)
	}
}

// TestUnknownNameLooksLikeAnAccount asks at every level: a made-up account must
// answer as some real one would.
func TestUnknownNameLooksLikeAnAccount(t *testing.T) {
	b := newBMC(t, nil).bmc
	pattern := func(name string) (answers [4]ipmi.Status) {
		for level := ipmi.Callback; level <= ipmi.Administrator; level++ {
			a := newAttempt(t, b, admin)
			a.open()
			a.x.UserName, a.x.Role = []byte(name), ipmi.Role(level)
			answers[level-1] = a.rakp1().Status
		}
		return answers
	}
	known := map[[4]ipmi.Status]bool{}
	for _, a := range testConfig(t).Accounts {
		known[pattern(a.Name)] = true
	}
	used := map[[4]ipmi.Status]bool{}
	for i := range 64 {
		name := "nobody" + string(rune('A'+i))
		p := pattern(name)
		used[p] = true
		if !known[p] {
			t.Errorf("%s: statuses %v are those of no account", name, p)
		}
		if again := pattern(name); again != p {
			t.Errorf("%s: statuses %v, then %v", name, p, again)
		}
	}
	if len(used) != len(known) {
		t.Errorf("made-up accounts have %d patterns, real ones %d", len(used), len(known))
	}
}

// TestMadeUpLevelsAgree: BMCs with the same accounts, which a scanner finds in
// numbers, and one that was restarted say the same of a name that nobody has.
func TestMadeUpLevelsAgree(t *testing.T) {
	first, second := newBMC(t, nil).bmc, newBMC(t, nil).bmc
	others := newBMC(t, func(c *Config) { c.Accounts[0].Password = "another" }).bmc
	differ := 0
	for i := range 64 {
		name := []byte("nobody" + string(rune('A'+i)))
		a, b, o := first.identify(bmcAddr, name, ipmi.MaxPassword), second.identify(bmcAddr, name, ipmi.MaxPassword), others.identify(bmcAddr, name, ipmi.MaxPassword)
		if a.privilege != b.privilege {
			t.Errorf("%s: level %v, then %v", name, a.privilege, b.privilege)
		}
		if bytes.Equal(a.password, b.password) {
			t.Errorf("%s: the made-up password is the same on both", name)
		}
		if a.privilege != o.privilege {
			differ++
		}
	}
	if differ == 0 {
		t.Error("other passwords make up the same levels: anybody could compute them")
	}
}

// TestHandshakeForgetsPassword looks at the memory a handshake had.
func TestHandshakeForgetsPassword(t *testing.T) {
	r := newBMC(t, nil)
	a := newAttempt(t, r.bmc, admin)
	a.open()
	password := func() []byte {
		h := r.bmc.handshakes.find(a.now, a.x.BMCID)
		return h.exchange.Password
	}
	a.rakp1()
	first := password()
	a.x.ConsoleRandom[0] ^= 1
	a.rakp1()
	second := password()
	a.rakp3()
	for _, p := range [][]byte{first, second} {
		if len(p) == 0 || !bytes.Equal(p, make([]byte, len(p))) {
			t.Errorf("left in memory: %q", p)
		}
	}
}

func TestRAKP1Repeated(t *testing.T) {
	a := newAttempt(t, newBMC(t, nil).bmc, admin)
	a.open()
	message := a.rakp1Payload()
	first := a.send(ipmi.PayloadRAKP1, message)
	if again := a.send(ipmi.PayloadRAKP1, message); !bytes.Equal(again, first) {
		t.Errorf("the same message: got %x, want %x", again, first)
	}
	message[0] = 99
	if again := a.send(ipmi.PayloadRAKP1, message); again[0] != 99 || !bytes.Equal(again[1:], first[1:]) {
		t.Errorf("another tag: got %x, want 99 and %x", again, first[1:])
	}
	operatorsRole := bytes.Clone(message)
	operatorsRole[24] = byte(ipmi.Operator)
	if again := a.send(ipmi.PayloadRAKP1, operatorsRole); again[1] != byte(ipmi.StatusInvalidRole) {
		t.Errorf("another role: status %02Xh, want %02Xh", again[1], uint8(ipmi.StatusInvalidRole))
	}
	a.x.ConsoleRandom[0] ^= 1
	second := a.rakp1()
	if bytes.Equal(second.BMCRandom[:], first[8:24]) {
		t.Error("another random number of the console: the BMC's is the same")
	}
	if r := a.rakp3(); r.Status != ipmi.StatusOK {
		t.Errorf("RAKP message 4: status %02Xh", uint8(r.Status))
	}
}

func TestHandshakeExpires(t *testing.T) {
	for _, tt := range []struct {
		name string
		wait time.Duration
		want ipmi.Status
	}{{"before", 19 * time.Second, ipmi.StatusOK}, {"after", 20 * time.Second, ipmi.StatusInvalidSession}} {
		t.Run(tt.name, func(t *testing.T) {
			a := newAttempt(t, newBMC(t, nil).bmc, admin)
			a.open()
			a.now = a.now.Add(tt.wait)
			if m := a.rakp1(); m.Status != tt.want {
				t.Fatalf("RAKP message 2: status %02Xh, want %02Xh", uint8(m.Status), uint8(tt.want))
			}
			a.now = a.now.Add(tt.wait)
			if m := a.rakp3(); m.Status != tt.want {
				t.Errorf("RAKP message 4: status %02Xh, want %02Xh", uint8(m.Status), uint8(tt.want))
			}
		})
	}
}

// TestProposalsOutOfOrder: whoever writes a client learns what is wrong with them.
func TestProposalsOutOfOrder(t *testing.T) {
	b := newBMC(t, nil).bmc
	for name, change := range map[string]func([]byte){
		"out of order":        func(p []byte) { p[8], p[16] = 1, 0 },
		"a length of 7 bytes": func(p []byte) { p[27] = 7 },
	} {
		payload := ipmi.AppendOpenSessionRequest(nil, 9, ipmi.Administrator, 0xA0A2A3A4, suite(t, 17))
		change(payload)
		reply, _ := b.answer(time.Now(), bmcAddr, ipmi.AppendSession20(nil, ipmi.PayloadOpenSessionRequest, payload), nil)
		if want := []byte{9, byte(ipmi.StatusIllegalParameter), 0, 0, 0xA4, 0xA3, 0xA2, 0xA0}; len(reply) != 16+8 || !bytes.Equal(reply[16:], want) {
			t.Errorf("%s: %x, want status 12h", name, reply)
		}
	}
	if b.handshakes.some() {
		t.Error("a login has begun")
	}
}

func TestMalformedSetUp(t *testing.T) {
	b := newBMC(t, nil).bmc
	for _, pt := range []ipmi.PayloadType{ipmi.PayloadOpenSessionRequest, ipmi.PayloadRAKP1, ipmi.PayloadRAKP3} {
		for n := range 40 {
			reply, reason := b.answer(time.Now(), bmcAddr, ipmi.AppendSession20(nil, pt, make([]byte, n)), nil)
			if len(reply) == 0 && reason == NotDropped || len(reply) > 16+36 {
				t.Errorf("payload %02Xh of %d bytes: reply %x, reason %v", uint8(pt), n, reply, reason)
			}
		}
	}
}

func TestSessionIDsAreUnpredictable(t *testing.T) {
	b := newBMC(t, nil).bmc
	seen := map[uint32]bool{}
	var bits [4]byte
	for range 200 {
		a := newAttempt(t, b, admin)
		a.open()
		if a.x.BMCID == 0 || seen[a.x.BMCID] {
			t.Fatalf("ID %08X is zero or was used", a.x.BMCID)
		}
		seen[a.x.BMCID] = true
		for i, v := range binary.LittleEndian.AppendUint32(nil, a.x.BMCID) {
			bits[i] |= v
		}
	}
	if bits != [4]byte{0xFF, 0xFF, 0xFF, 0xFF} {
		t.Errorf("of all bits only %x were ever set", bits)
	}
}
