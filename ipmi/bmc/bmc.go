package bmc

import (
	"crypto/rand"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

const (
	defaultIdleTimeout = 60 * time.Second // section 6.12.15
	defaultMaxSessions = 8
	// maxSessions is what the six-bit fields of Get Session Info can tell.
	maxSessions = 63
	maxAccounts = 61
)

// A BMC answers for one Machine. Its methods may be called from many
// goroutines, but not from inside of Config.Events.
type BMC struct {
	config     Config
	machine    Machine
	records    []byte // cipher suites as Get Channel Cipher Suites lists them
	algorithms []byte
	support    uint8 // of Get Device ID and of the repository
	repository repository

	// mu is held from a packet's arrival to its reply's departure: replies must
	// leave in the order of their sequence numbers, because pyghmi drops a lower one.
	mu          sync.Mutex
	conn        Sender // nil while nobody serves
	receiving   bool
	handshakes  *handshakes
	backoff     backoff
	shares      shares
	mode        Mode // for the packet that is being answered
	users       userTable
	fakes       fakes               // of the names that no user has
	sessions    map[uint32]*session // BMC's session ID -> session
	parting     partings            // those that have just ended
	bootInfo    bootInfo
	setting     setting
	watchdog    watchdog
	restart     restart
	identifying Identify
	traffic     traffic
	sel         *sel
	stats       Stats
	recent      *recents // nil: no session has asked for anything yet
	held        int      // commands that are being carried out
	sweeping    bool
	stopped     chan struct{} // closed when serving is about to end; nil while nobody serves

	// booting is full while somebody reads and then writes the machine's boot flags.
	booting chan struct{}

	// carrying counts the goroutines of held commands; stop waits for them.
	carrying sync.WaitGroup

	via Sender // by which the packet came that mu is held for

	// Scratch space of the packet that mu is held for, so that a read allocates nothing.
	call    call
	iv      [16]byte
	macs    ipmi.MACs
	body    []byte // of a response, after the completion code
	message []byte // the response
	reply   []byte // the datagram
}

// Stats are counted since New.
type Stats struct {
	Requests    uint64 // commands answered, in a session or outside of one
	LastRequest time.Time
}

// New returns a BMC for m. It checks the configuration and does nothing else.
func New(config Config, m Machine) (*BMC, error) {
	config, err := checked(config)
	if err != nil {
		return nil, fmt.Errorf("bmc: %w", err)
	}
	events, err := loadSEL(config.SEL)
	if err != nil {
		return nil, fmt.Errorf("bmc: %w", err)
	}
	b := &BMC{
		sel:        events,
		config:     config,
		machine:    m,
		records:    ipmi.AppendCipherSuiteRecords(nil, config.Suites),
		algorithms: ipmi.AppendAlgorithms(nil, config.Suites),
		sessions:   make(map[uint32]*session),
		shares:     newShares(config.PacketRate),
		booting:    make(chan struct{}, 1),
	}
	b.support = supported(len(config.Sensors.sensors) > 0, len(config.FRU) > 0)
	b.repository = config.Sensors.repository(len(config.FRU) > 0)
	b.handshakes = newHandshakes(func(h *handshake) {
		b.config.Events.Handshake(HandshakeAbandoned, h.user(), h.from)
	}, func(at time.Time, h *handshake) {
		b.backoff.failed(at, h.guesser())
	})
	if _, err := io.ReadFull(config.Rand, b.fakes.secret[:]); err != nil {
		return nil, fmt.Errorf("bmc: no random numbers: %w", err)
	}
	b.fakes.resemble(config.Accounts)
	b.users, _ = b.users.with(config.Accounts)
	b.config.Accounts = nil // those in force are in users
	return b, nil
}

// checked returns a copy of the configuration with its defaults.
func checked(c Config) (Config, error) {
	if err := checkAccounts(c.Accounts); err != nil {
		return c, err
	}
	suites, err := knownSuites(c.Suites)
	if err != nil {
		return c, err
	}
	if c.IdleTimeout == 0 {
		c.IdleTimeout = defaultIdleTimeout
	}
	if c.MaxSessions == 0 {
		c.MaxSessions = defaultMaxSessions
	}
	if err := c.checkSecurity(); err != nil {
		return c, err
	}
	switch {
	case c.GUID == [16]byte{}:
		return c, fmt.Errorf("no GUID")
	case c.Firmware[0] > 127 || c.Firmware[1] > 99:
		return c, fmt.Errorf("firmware %d.%d: at most 127.99", c.Firmware[0], c.Firmware[1])
	case c.IdleTimeout < 0 || c.BootFlagsValidFor < 0:
		return c, fmt.Errorf("a time-out is negative")
	case c.MaxSessions < 1 || c.MaxSessions > maxSessions:
		return c, fmt.Errorf("%d sessions are not 1 to %d", c.MaxSessions, maxSessions)
	}
	if err := c.LAN.check(); err != nil {
		return c, err
	}
	if err := checkInstruments(&c); err != nil {
		return c, err
	}
	if c.Sensors == nil {
		if c.Sensors, err = NewSensorTable(nil); err != nil {
			return c, err
		}
	}
	c.Suites = suites
	c.AllowFrom = slices.Clone(c.AllowFrom)
	c.FRU = slices.Clone(c.FRU)
	if err := checkSources(c.AllowFrom); err != nil {
		return c, err
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	if c.Hears == nil {
		c.Hears = func(time.Time, Standing, string) bool { return true }
	}
	if c.Mode == nil {
		c.Mode = func() Mode { return Normal }
	}
	c.Events = c.Events.filled()
	return c, nil
}

// knownSuites returns the suites with these IDs, whatever else is in them.
func knownSuites(suites []ipmi.CipherSuite) ([]ipmi.CipherSuite, error) {
	if len(suites) == 0 {
		return nil, fmt.Errorf("no cipher suite")
	}
	known := make([]ipmi.CipherSuite, 0, len(suites))
	for _, s := range suites {
		suite, err := ipmi.CipherSuiteByID(s.ID)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(known, func(o ipmi.CipherSuite) bool { return o.ID == s.ID }) {
			return nil, fmt.Errorf("cipher suite %d is listed twice", s.ID)
		}
		known = append(known, suite)
	}
	return known, nil
}

// SetAllowFrom replaces Config.AllowFrom from this moment on; empty: all. A session
// from elsewhere is not heard any more, and ends when its idle time has passed. An
// error changes nothing.
func (b *BMC) SetAllowFrom(sources []netip.Prefix) error {
	if err := checkSources(sources); err != nil {
		return fmt.Errorf("bmc: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.config.AllowFrom = slices.Clone(sources)
	return nil
}

func checkSources(sources []netip.Prefix) error {
	for i, p := range sources {
		if !p.IsValid() {
			return fmt.Errorf("allowed source %d is not a prefix", i+1)
		}
	}
	return nil
}

// allowed says whether the source may be answered at all.
func (b *BMC) allowed(from netip.AddrPort) bool { return within(b.config.AllowFrom, from) }

// Stats returns what was counted so far.
func (b *BMC) Stats() Stats {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.stats
}

// Sessions returns the active sessions, oldest first.
func (b *BMC) Sessions() []SessionInfo {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.sessions) == 0 {
		return nil // as of most, and thousands are asked
	}
	b.sweepSessions(time.Now())
	active := b.activeSessions()
	infos := make([]SessionInfo, len(active))
	for i, s := range active {
		infos[i] = s.info()
	}
	return infos
}

// random fills p. Without random numbers there is no answer, so the caller
// treats an error as a panic of the packet, not of the daemon.
func (b *BMC) random(p []byte) {
	if _, err := io.ReadFull(b.config.Rand, p); err != nil {
		panic(fmt.Sprintf("bmc: no random numbers: %v", err))
	}
}
