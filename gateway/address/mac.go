package address

import (
	"crypto/sha256"
	"fmt"
	"net"

	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// A MAC is the hardware address that a BMC reports in its LAN configuration. No
// interface has it: on the wire the address answers with the interface's own.
type MAC [6]byte

// MACFor returns the hardware address that belongs to a VM for as long as it
// exists: locally administered, unicast, 02h followed by the first 40 bits of
// SHA-256 over both UUIDs. Among 10,000 VMs two are alike with a probability of
// 1 in 20,000; [MACs] tells them apart.
func MACFor(k inventory.Key) net.HardwareAddr { return derived(k.String()) }

func derived(from string) net.HardwareAddr {
	sum := sha256.Sum256([]byte(from))
	return append(net.HardwareAddr{0x02}, sum[:5]...)
}

// HardwareAddr returns the address as package net has it.
func (m MAC) HardwareAddr() net.HardwareAddr { return m[:] }

// String returns the six bytes in hexadecimal, separated by colons.
func (m MAC) String() string { return m.HardwareAddr().String() }

// ParseMAC reads the hardware address of one host: six bytes in hexadecimal, of
// which the first says neither group nor broadcast.
func ParseMAC(s string) (MAC, error) {
	var m MAC
	if err := m.UnmarshalText([]byte(s)); err != nil {
		return MAC{}, err
	}
	if m[0]&1 != 0 || m == (MAC{}) {
		return MAC{}, fmt.Errorf("hardware address %q: not the address of one host", s)
	}
	return m, nil
}

// MarshalText implements encoding.TextMarshaler, in the form of String.
func (m MAC) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (m *MAC) UnmarshalText(text []byte) error {
	hw, err := net.ParseMAC(string(text))
	if err != nil || len(hw) != len(m) {
		return fmt.Errorf("hardware address %q: not six bytes in hexadecimal", text)
	}
	copy(m[:], hw)
	return nil
}
