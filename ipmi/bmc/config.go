package bmc

import (
	"fmt"
	"io"
	"net/netip"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// A Password is a secret that never prints itself.
type Password string

// String hides the password.
func (Password) String() string { return "REDACTED" }

// GoString hides the password from %#v.
func (Password) GoString() string { return "REDACTED" }

// MarshalText hides the password from JSON, YAML and structured logs.
func (Password) MarshalText() ([]byte, error) { return []byte("REDACTED"), nil }

// An Account is a user of the BMC: a name of 1 to 16 bytes, a password of 1 to
// 20 bytes (sections 22.28 and 22.30) and the highest level its sessions reach.
type Account struct {
	Name      string
	Password  Password
	Privilege ipmi.Privilege
	// Temporary: names that nobody has are not made up to look like this account. One
	// account at least is not temporary.
	Temporary bool
	// From is where the account may be used from; empty: wherever Config.AllowFrom
	// allows. From elsewhere it is as if nobody had the name.
	From []netip.Prefix
}

// LAN is what Get LAN Configuration Parameters tells of the BMC's address.
type LAN struct {
	Address      netip.Addr
	PrefixLength int        // of the subnet clients see, for the subnet mask
	Gateway      netip.Addr // may be invalid: none
	MAC          [6]byte
	Port         uint16
}

// check says whether the subnet mask can be told. A BMC without an address is fine.
func (l LAN) check() error {
	if l.PrefixLength < 0 || l.Address.IsValid() && l.PrefixLength > l.Address.Unmap().BitLen() {
		return fmt.Errorf("%d bits are no prefix length of %v", l.PrefixLength, l.Address)
	}
	return nil
}

// Config is all a BMC needs besides its Machine. It is copied by New.
type Config struct {
	Accounts []Account          // at first; see BMC.SetAccounts
	Suites   []ipmi.CipherSuite // accepted, in order of preference
	GUID     [16]byte           // in wire order, see ipmi.GUID
	LAN      LAN
	Firmware [2]uint8 // major (0–127) and minor (0–99) of Get Device ID

	AllowFrom   []netip.Prefix // sources that are answered; empty: all
	IdleTimeout time.Duration  // of a session, section 6.12.15; default 60 s
	// Hears is asked for each packet that is about to be answered, and says whether it
	// may be: a limit that several BMCs share. Of a member it is told the account. It must
	// return at once; nil: all are.
	Hears             func(now time.Time, s Standing, account string) bool
	Mode              func() Mode    // asked for each packet, must return at once; nil: Normal
	MaxSessions       int            // active ones; default 8
	Limit             SessionLimit   // on the sessions of several BMCs; nil: none
	PacketRate        int            // packets a second that one source may send, after a burst of twice as many; 0: any number
	ChannelLimit      ipmi.Privilege // no session reaches more; default administrator
	V15               V15            // sessions of IPMI 1.5; default none
	Kg                Password       // channel key, 1 to 20 bytes, the first not zero; empty: one-key login
	BootFlagsValidFor time.Duration  // section 28.12's 60 s; 0: for ever
	Rand              io.Reader      // nil: crypto/rand

	// What the BMC can tell of its Machine besides power and boot device. What is
	// missing is answered as such.
	Sensors *SensorTable // nil: none
	SDRTime time.Time    // when the sensors were last changed; clients keep their records until it changes
	FRU     []byte       // image of FRU 0, see ipmi.AppendFRU
	SEL     SELStore     // nil: the event log is lost at a restart
	// PowerReading returns the machine's consumption in watts, false when it is not
	// known now. It answers from memory, at once; nil: it is never known.
	PowerReading func() (watts uint16, ok bool)
	AssetTag     string // at most 63 bytes
	SystemInfo   SystemInfo

	Events Events
}

// checkSecurity checks what decides who gets in, and fills in defaults.
func (c *Config) checkSecurity() error {
	if c.Limit == nil {
		c.Limit = noLimit{}
	}
	if c.ChannelLimit == ipmi.PrivilegeNone {
		c.ChannelLimit = ipmi.Administrator
	}
	switch {
	case c.PacketRate < 0:
		return fmt.Errorf("%d packets a second are less than none", c.PacketRate)
	case c.ChannelLimit > ipmi.Administrator:
		return fmt.Errorf("channel limit %v is not one of callback to administrator", c.ChannelLimit)
	case c.V15 > V15MD5AndPassword:
		return fmt.Errorf("sessions of IPMI 1.5: %v is no choice", c.V15)
	case len(c.Kg) > ipmi.MaxPassword:
		return fmt.Errorf("the channel key Kg has %d bytes, more than %d", len(c.Kg), ipmi.MaxPassword)
	case len(c.Kg) > 0 && c.Kg[0] == 0:
		return fmt.Errorf("the channel key Kg starts with a zero byte, which ipmitool takes for no key")
	}
	return nil
}
