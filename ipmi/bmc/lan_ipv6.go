package bmc

import "github.com/bmc-gateway/bmc-gateway/ipmi"

// appendIPv6Parameter appends the parameters 50 and up (table 23-4). A BMC has
// one address; when that is of IPv4, it has no IPv6. The selectors must come to
// an end with an error: ipmitool asks until there is one.
func (l LAN) appendIPv6Parameter(dst []byte, r ipmi.LANParameterRequest) ([]byte, error) {
	if !l.Address.Is6() || l.Address.Is4In6() {
		return nil, ipmi.ParameterUnsupported
	}
	switch r.Parameter {
	case ipmi.LANIPv6Support:
		return ipmi.AppendIPv6Support(dst), nil
	case ipmi.LANIPv6Enables:
		return ipmi.AppendIPv6Enables(dst), nil
	case ipmi.LANIPv6TrafficClass, ipmi.LANIPv6DUIDLength:
		return append(dst, 0), nil
	case ipmi.LANIPv6HopLimit:
		return ipmi.AppendIPv6HopLimit(dst), nil
	case ipmi.LANIPv6FlowLabel:
		return append(dst, 0, 0, 0), nil
	case ipmi.LANIPv6Status:
		return ipmi.AppendIPv6Status(dst), nil
	case ipmi.LANIPv6Static:
		if r.Set != 0 {
			return nil, ipmi.OutOfRange
		}
		return ipmi.AppendIPv6Static(dst, l.Address.As16(), uint8(l.PrefixLength)), nil
	case ipmi.LANIPv6DUID, ipmi.LANIPv6Dynamic:
		return nil, ipmi.OutOfRange
	case ipmi.LANIPv6RouterControl:
		return ipmi.AppendIPv6RouterControl(dst), nil
	case ipmi.LANIPv6Router:
		if l.Gateway.Is6() {
			router := l.Gateway.As16()
			return append(dst, router[:]...), nil
		}
	}
	return nil, ipmi.ParameterUnsupported
}
