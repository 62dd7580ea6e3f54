package ipmi

// The LAN configuration parameters of IPv6 (table 23-4, 50–80); LANIPv6Support
// and LANIPv6Enables are 50 and 51.
const (
	LANIPv6TrafficClass  LANParameter = 52
	LANIPv6HopLimit      LANParameter = 53
	LANIPv6FlowLabel     LANParameter = 54
	LANIPv6Status        LANParameter = 55
	LANIPv6Static        LANParameter = 56
	LANIPv6DUIDLength    LANParameter = 57
	LANIPv6DUID          LANParameter = 58
	LANIPv6Dynamic       LANParameter = 59
	LANIPv6RouterControl LANParameter = 64
	LANIPv6Router        LANParameter = 65
)

const (
	ipv6OnlyPossible     = 0x01
	ipv6Only             = 0x01 // parameter 51
	ipv6Enabled          = 0x80
	ipv6Active           = 0x00
	ipv6StaticRouters    = 0x01
	ipv6DefaultHopLimit  = 64
	ipv6StaticAddresses  = 1
	ipv6DynamicAddresses = 0
)

// AppendIPv6Support appends parameter 50: IPv6 without IPv4, no alerts.
func AppendIPv6Support(dst []byte) []byte { return append(dst, ipv6OnlyPossible) }

// AppendIPv6Enables appends parameter 51: only IPv6 is used.
func AppendIPv6Enables(dst []byte) []byte { return append(dst, ipv6Only) }

// AppendIPv6HopLimit appends parameter 53, what systems send by default.
func AppendIPv6HopLimit(dst []byte) []byte { return append(dst, ipv6DefaultHopLimit) }

// AppendIPv6Status appends parameter 55: one static address, no dynamic ones,
// neither SLAAC nor DHCPv6.
func AppendIPv6Status(dst []byte) []byte {
	return append(dst, ipv6StaticAddresses, ipv6DynamicAddresses, 0)
}

// AppendIPv6Static appends parameter 56 for the first static address: the set
// selector, enabled, the address, the prefix length in bits, active.
func AppendIPv6Static(dst []byte, address [16]byte, prefix uint8) []byte {
	dst = append(append(dst, 0, ipv6Enabled), address[:]...)
	return append(dst, prefix, ipv6Active)
}

// AppendIPv6RouterControl appends parameter 64: the router is configured.
func AppendIPv6RouterControl(dst []byte) []byte { return append(dst, ipv6StaticRouters) }
