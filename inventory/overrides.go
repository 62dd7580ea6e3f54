package inventory

import (
	"encoding/hex"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// Overrides are what a VM says of its own BMC, against the configuration, by
// attributes that somebody gave it in vCenter. A value that cannot be understood
// overrides nothing and is told in Problems.
type Overrides struct {
	Disabled  bool       // it is to have no BMC, whatever selects it
	Protected bool       // nobody may power it off through its BMC
	Address   netip.Addr // the address its BMC is to have; zero: any
	MAC       [6]byte    // the hardware address its BMC is to report; zero: one of its own
	Problems  []string   // what is wrong with the attributes, sorted, for people
}

// Equal reports whether the two say the same.
func (o Overrides) Equal(p Overrides) bool {
	return o.Disabled == p.Disabled && o.Protected == p.Protected && o.Address == p.Address && o.MAC == p.MAC && slices.Equal(o.Problems, p.Problems)
}

// ParseOverrides reads attributes whose names begin with prefix; others are
// nobody's business. An empty value is none: in vCenter's client an attribute is
// cleared, not removed.
//
//	<prefix>disabled | true, false           | no BMC
//	<prefix>protected| true, false           | not powered off, reset or cycled
//	<prefix>address  | 192.0.2.7             | this address
//	<prefix>mac      | 02:00:00:00:00:07     | this hardware address, of one host
//	<prefix>…        |                       | a problem: probably mistyped
func ParseOverrides(prefix string, attributes map[string]string) Overrides {
	var o Overrides
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		word, ours := strings.CutPrefix(name, prefix)
		value := strings.TrimSpace(attributes[name])
		if !ours || value == "" {
			continue
		}
		if err := o.set(word, value); err != nil {
			o.Problems = append(o.Problems, fmt.Sprintf("attribute %s: %v", name, err))
		}
	}
	return o
}

func (o *Overrides) set(word, value string) error {
	switch word {
	case "disabled":
		return setTruth(&o.Disabled, value)
	case "protected":
		return setTruth(&o.Protected, value)
	case "address":
		a, err := netip.ParseAddr(value)
		if err != nil || a.Zone() != "" {
			return fmt.Errorf("%q is no IP address", value)
		}
		o.Address = a.Unmap()
	case "mac":
		mac, ok := parseMAC(value)
		if !ok {
			return fmt.Errorf("%q is no hardware address of one host, such as 02:00:00:00:00:07", value)
		}
		o.MAC = mac
	default:
		return fmt.Errorf("no such attribute; there are address, disabled, mac and protected")
	}
	return nil
}

func setTruth(b *bool, value string) error {
	switch strings.ToLower(value) {
	case "true":
		*b = true
	case "false":
	default:
		return fmt.Errorf("%q is neither true nor false", value)
	}
	return nil
}

// parseMAC reads six bytes in hexadecimal, separated by colons or dashes. A group
// address (IEEE 802: the lowest bit of the first byte) and zero are refused.
func parseMAC(s string) (mac [6]byte, ok bool) {
	if len(s) != 17 {
		return mac, false
	}
	for i := range mac {
		if i > 0 && s[3*i-1] != s[2] || s[2] != ':' && s[2] != '-' {
			return mac, false
		}
		if _, err := hex.Decode(mac[i:i+1], []byte(s[3*i:3*i+2])); err != nil {
			return mac, false
		}
	}
	return mac, mac != [6]byte{} && mac[0]&1 == 0
}
