package bmc

import (
	"encoding/binary"
	"net/netip"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

const (
	addressStatic  = 1
	maxLANSuites   = 16
	suiteSlots     = maxLANSuites / 2 // two privilege levels a byte
	ipv4TTL        = 0x40
	ipv4Flags      = 0x40 // do not fragment
	ipv4Precedence = 0x10 // minimize delay
	arpResponses   = 0x02
)

// getLANParameters tells of the BMC's own address. The
// gateway owns it.
func getLANParameters(c *call, dst []byte) ([]byte, error) {
	r, err := ipmi.ParseLANParameterRequest(c.data())
	if err != nil {
		return nil, err
	}
	if err := checkChannel(r.Channel); err != nil {
		return nil, err
	}
	dst = ipmi.AppendLANParameter(dst, nil)
	if r.RevisionOnly {
		return dst, nil
	}
	if r.Parameter == ipmi.LANSetInProgress {
		return append(dst, c.b.setting.lan), nil
	}
	return c.b.config.appendLANParameter(dst, r)
}

// appendLANParameter appends the data of the parameter (table 23-4). What is
// not known is not supported: clients leave the line out. There are no alerts,
// so there is nowhere to send them to, and no community to name.
func (c *Config) appendLANParameter(dst []byte, r ipmi.LANParameterRequest) ([]byte, error) {
	switch r.Parameter {
	case ipmi.LANAuthTypeSupport:
		return append(dst, c.V15.authTypes()), nil
	case ipmi.LANVLANPriority, ipmi.LANDestinations, ipmi.LANGratuitousARP:
		return append(dst, 0), nil
	case ipmi.LANAuthTypeEnables:
		for level := ipmi.Callback; level <= ipmi.OEMPrivilege; level++ {
			dst = append(dst, c.authTypesAt(level))
		}
		return dst, nil
	case ipmi.LANAddress:
		return appendIPv4(dst, c.LAN.Address)
	case ipmi.LANAddressSource:
		return append(dst, addressStatic), nil
	case ipmi.LANMAC:
		return append(dst, c.LAN.MAC[:]...), nil
	case ipmi.LANSubnetMask:
		return appendMask(dst, c.LAN)
	case ipmi.LANIPv4Header:
		return append(dst, ipv4TTL, ipv4Flags, ipv4Precedence), nil
	case ipmi.LANPort:
		return binary.LittleEndian.AppendUint16(dst, c.LAN.Port), nil
	case ipmi.LANARPControl:
		return appendARPControl(dst, c.LAN)
	case ipmi.LANGateway:
		if !c.LAN.Gateway.IsValid() {
			return append(dst, 0, 0, 0, 0), nil
		}
		return appendIPv4(dst, c.LAN.Gateway)
	case ipmi.LANBackupGateway:
		return append(dst, 0, 0, 0, 0), nil // there is none
	case ipmi.LANGatewayMAC, ipmi.LANBackupGatewayMAC:
		// The host finds them by ARP. Zeros say so; bougou/go-ipmi 0.9.1 dies of
		// a gateway's MAC that is not supported.
		return append(dst, 0, 0, 0, 0, 0, 0), nil
	case ipmi.LANVLANID:
		return append(dst, 0, 0), nil
	case ipmi.LANCipherSuiteCount:
		return append(dst, byte(len(c.Suites))), nil
	case ipmi.LANCipherSuites:
		return c.appendSuiteIDs(dst), nil
	case ipmi.LANCipherSuitePrivilege:
		return c.appendSuitePrivileges(dst), nil
	case ipmi.LANBadPassword:
		return append(dst, 0, 0, 0, 0, 0, 0), nil // no number of wrong passwords locks an account
	}
	return c.LAN.appendIPv6Parameter(dst, r)
}

// appendSuiteIDs appends a reserved byte and 16 entries.
func (c *Config) appendSuiteIDs(dst []byte) []byte {
	var ids [maxLANSuites + 1]byte
	for i, s := range c.Suites {
		ids[1+i] = byte(s.ID)
	}
	return append(dst, ids[:]...)
}

// appendSuitePrivileges appends a reserved byte and 16 half bytes, the low half
// first, in the order of the suites: each reaches level Administrator.
func (c *Config) appendSuitePrivileges(dst []byte) []byte {
	var levels [suiteSlots + 1]byte
	for i := range c.Suites {
		levels[1+i/2] |= byte(ipmi.Administrator) << (i % 2 * 4)
	}
	return append(dst, levels[:]...)
}

// appendARPControl says that ARP requests are answered, by the kernel.
func appendARPControl(dst []byte, lan LAN) ([]byte, error) {
	if !lan.Address.Unmap().Is4() {
		return nil, ipmi.ParameterUnsupported
	}
	return append(dst, arpResponses), nil
}

func appendIPv4(dst []byte, a netip.Addr) ([]byte, error) {
	if a = a.Unmap(); !a.Is4() {
		return nil, ipmi.ParameterUnsupported
	}
	octets := a.As4()
	return append(dst, octets[:]...), nil
}

func appendMask(dst []byte, lan LAN) ([]byte, error) {
	if !lan.Address.Unmap().Is4() {
		return nil, ipmi.ParameterUnsupported
	}
	mask := uint32(0xFFFFFFFF) << (32 - lan.PrefixLength)
	return append(dst, byte(mask>>24), byte(mask>>16), byte(mask>>8), byte(mask)), nil
}
