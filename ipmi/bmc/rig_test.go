package bmc

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/ipmitest"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	bmcAddr = netip.MustParseAddrPort("192.0.2.1:623")

	admin    = Account{Name: "admin", Password: "Secret-Passw0rd-20b!", Privilege: ipmi.Administrator}
	operator = Account{Name: "oper", Password: "operate", Privilege: ipmi.Operator}
	user     = Account{Name: "user", Password: "look", Privilege: ipmi.User}
	callback = Account{Name: "callback", Password: "call", Privilege: ipmi.Callback}
)

// A fakeMachine does what it is told and remembers it.
type fakeMachine struct {
	mu       sync.Mutex
	power    PowerState
	powerErr error
	boot     ipmi.BootFlags
	validFor time.Duration
	controls []string
	// act, unless nil, is what Control and SetBoot do.
	act func(context.Context) error
}

var _ Machine = (*fakeMachine)(nil)

func (m *fakeMachine) Power() (PowerState, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.power == panics {
		panic("power")
	}
	return m.power, m.powerErr
}

func (m *fakeMachine) Control(ctx context.Context, c ipmi.ChassisControl) error {
	return m.do(ctx, c.String())
}

func (m *fakeMachine) Boot() ipmi.BootFlags {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.boot
}

func (m *fakeMachine) SetBoot(ctx context.Context, f ipmi.BootFlags, validFor time.Duration) error {
	m.mu.Lock()
	m.boot, m.validFor = f, validFor
	m.mu.Unlock()
	return m.do(ctx, "boot "+f.Device().String())
}

func (m *fakeMachine) do(ctx context.Context, what string) error {
	m.mu.Lock()
	m.controls = append(m.controls, what)
	act := m.act
	m.mu.Unlock()
	if act == nil {
		return nil
	}
	return act(ctx)
}

// acts makes every command take this long, and end as given.
func (m *fakeMachine) acts(d time.Duration, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.act = func(ctx context.Context) error {
		select {
		case <-time.After(d):
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (m *fakeMachine) set(change func(*fakeMachine)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(m)
}

func (m *fakeMachine) carriedOut() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.controls)
}

// A journal is what a BMC told by its events.
type journal struct {
	mu         sync.Mutex
	drops      []DropReason
	requests   map[string]int // "command: code"
	handshakes []string       // "result user"
	audits     []Audit
	panics     int
}

func (j *journal) events() Events {
	locked := func(f func()) {
		j.mu.Lock()
		defer j.mu.Unlock()
		f()
	}
	return Events{
		Dropped: func(r DropReason) { locked(func() { j.drops = append(j.drops, r) }) },
		Request: func(command string, code ipmi.CompletionCode, _ time.Duration) {
			locked(func() {
				if j.requests == nil {
					j.requests = make(map[string]int)
				}
				j.requests[command+": "+code.String()]++
			})
		},
		Handshake: func(r HandshakeResult, user string, _ netip.AddrPort) {
			locked(func() { j.handshakes = append(j.handshakes, r.String()+" "+user) })
		},
		Changed:  func(a Audit) { locked(func() { j.audits = append(j.audits, a) }) },
		Panicked: func(any, []byte) { locked(func() { j.panics++ }) },
	}
}

// read gives a look at the journal while nobody writes it.
func (j *journal) read(f func(*journal)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	f(j)
}

func suite(t testing.TB, id ipmi.CipherSuiteID) ipmi.CipherSuite {
	t.Helper()
	s, err := ipmi.CipherSuiteByID(id)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func testConfig(t testing.TB) Config {
	t.Helper()
	guid, err := ipmi.GUID("00112233-4455-6677-8899-aabbccddeeff")
	if err != nil {
		t.Fatal(err)
	}
	return Config{
		Accounts: []Account{admin, operator, user, callback},
		Suites:   []ipmi.CipherSuite{suite(t, 17), suite(t, 3)},
		GUID:     guid,
		LAN: LAN{
			Address:      bmcAddr.Addr(),
			PrefixLength: 24,
			Gateway:      netip.MustParseAddr("192.0.2.254"),
			MAC:          [6]byte{2, 0, 0, 0, 0, 1},
			Port:         623,
		},
		Firmware:          [2]uint8{1, 23},
		BootFlagsValidFor: time.Minute,
	}
}

// A rig is a BMC that is served on a network in memory.
type rig struct {
	bmc      *BMC
	machine  *fakeMachine
	journal  *journal
	network  *ipmitest.Network
	consoles int
}

// newBMC returns a BMC that nobody serves.
func newBMC(t testing.TB, change func(*Config)) *rig {
	t.Helper()
	r := &rig{machine: &fakeMachine{power: On}, journal: &journal{}, network: ipmitest.NewNetwork(1)}
	config := testConfig(t)
	config.Events = r.journal.events()
	if change != nil {
		change(&config)
	}
	b, err := New(config, r.machine)
	if err != nil {
		t.Fatal(err)
	}
	r.bmc = b
	return r
}

// serve starts a rig that ends with the test.
func serve(t *testing.T, change func(*Config)) *rig {
	t.Helper()
	r := newBMC(t, change)
	serveRig(t, r)
	return r
}

// serveRig serves a rig that newBMC has made, until the test ends.
func serveRig(t *testing.T, r *rig) {
	t.Helper()
	conn, err := r.network.Listen(bmcAddr)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.bmc.Serve(ctx, conn) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
		_ = conn.Close()
		r.journal.read(func(j *journal) {
			if j.panics != 0 && !r.machine.mayPanic() {
				t.Errorf("%d panics", j.panics)
			}
		})
	})
}

func (m *fakeMachine) mayPanic() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.power == panics
}

// panics is a power state that makes handlers panic.
const panics PowerState = 200

// console returns a new console on an address and port of its own.
func (r *rig) console(t *testing.T) *remote.Console {
	t.Helper()
	r.consoles++
	addr := netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(10 + r.consoles)}), uint16(20000+r.consoles))
	conn, err := r.network.Listen(addr)
	if err != nil {
		t.Fatal(err)
	}
	c := remote.New(conn, bmcAddr)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func loginAs(t testing.TB, a Account) remote.Login {
	t.Helper()
	return remote.Login{Suite: suite(t, 17), User: a.Name, Password: string(a.Password), Privilege: a.Privilege}
}

// login logs in at the account's own level.
func login(t *testing.T, c *remote.Console, a Account) *remote.Session {
	t.Helper()
	s, err := c.Login(t.Context(), loginAs(t, a))
	if err != nil {
		t.Fatalf("login as %s: %v", a.Name, err)
	}
	return s
}

// command sends one and wants this completion code.
func command(t *testing.T, s *remote.Session, fn ipmi.NetFn, cmd uint8, data []byte, want ipmi.CompletionCode) ipmi.Response {
	t.Helper()
	r, err := s.Command(t.Context(), fn, cmd, data)
	if err != nil {
		t.Fatal(err)
	}
	if r.Code != want {
		t.Fatalf("netfn %02Xh command %02Xh data %x: got %v, want %v", uint8(fn), cmd, data, r.Code, want)
	}
	return r
}

const (
	cmdChassisStatus  = 0x01
	cmdGetBootOptions = 0x09
	cmdDeviceID       = 0x01
)
