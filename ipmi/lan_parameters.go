package ipmi

import "fmt"

// A LANParameter is the number of a LAN configuration parameter (table 23-4).
type LANParameter uint8

// The LAN configuration parameters; 27–49 and 81–191 are reserved, those of
// IPv6 are 50–80, OEM are 192–255.
const (
	LANSetInProgress        LANParameter = 0
	LANAuthTypeSupport      LANParameter = 1
	LANAuthTypeEnables      LANParameter = 2
	LANAddress              LANParameter = 3
	LANAddressSource        LANParameter = 4
	LANMAC                  LANParameter = 5
	LANSubnetMask           LANParameter = 6
	LANIPv4Header           LANParameter = 7
	LANPort                 LANParameter = 8
	LANSecondaryPort        LANParameter = 9
	LANARPControl           LANParameter = 10
	LANGratuitousARP        LANParameter = 11
	LANGateway              LANParameter = 12
	LANGatewayMAC           LANParameter = 13
	LANBackupGateway        LANParameter = 14
	LANBackupGatewayMAC     LANParameter = 15
	LANCommunity            LANParameter = 16
	LANDestinations         LANParameter = 17
	LANDestinationType      LANParameter = 18
	LANDestinationAddress   LANParameter = 19
	LANVLANID               LANParameter = 20
	LANVLANPriority         LANParameter = 21
	LANCipherSuiteCount     LANParameter = 22
	LANCipherSuites         LANParameter = 23
	LANCipherSuitePrivilege LANParameter = 24
	LANDestinationVLAN      LANParameter = 25
	LANBadPassword          LANParameter = 26
	LANIPv6Support          LANParameter = 50
	LANIPv6Enables          LANParameter = 51
)

// String returns the specification's name in lower case.
func (p LANParameter) String() string {
	name := p.addressName()
	if name == "" {
		name = p.serviceName()
	}
	if name == "" {
		name = fmt.Sprintf("LAN parameter %d", uint8(p))
	}
	return name
}

// addressName names the parameters about the BMC's own addresses.
func (p LANParameter) addressName() string {
	switch p {
	case LANAddress:
		return "IP address"
	case LANAddressSource:
		return "IP address source"
	case LANMAC:
		return "MAC address"
	case LANSubnetMask:
		return "subnet mask"
	case LANIPv4Header:
		return "IPv4 header parameters"
	case LANPort:
		return "primary RMCP port"
	case LANSecondaryPort:
		return "secondary RMCP port"
	case LANARPControl:
		return "BMC-generated ARP control"
	case LANGratuitousARP:
		return "gratuitous ARP interval"
	case LANGateway:
		return "default gateway address"
	case LANGatewayMAC:
		return "default gateway MAC address"
	case LANBackupGateway:
		return "backup gateway address"
	case LANBackupGatewayMAC:
		return "backup gateway MAC address"
	case LANVLANID:
		return "802.1q VLAN ID"
	case LANVLANPriority:
		return "802.1q VLAN priority"
	case LANIPv6Support:
		return "IPv6/IPv4 support"
	case LANIPv6Enables:
		return "IPv6/IPv4 addressing enables"
	}
	return ""
}

// serviceName names the parameters about what the BMC offers on its addresses.
func (p LANParameter) serviceName() string {
	switch p {
	case LANSetInProgress:
		return "set in progress"
	case LANAuthTypeSupport:
		return "authentication type support"
	case LANAuthTypeEnables:
		return "authentication type enables"
	case LANCommunity:
		return "community string"
	case LANDestinations:
		return "number of destinations"
	case LANDestinationType:
		return "destination type"
	case LANDestinationAddress:
		return "destination addresses"
	case LANCipherSuiteCount:
		return "cipher suite entry support"
	case LANCipherSuites:
		return "cipher suite entries"
	case LANCipherSuitePrivilege:
		return "cipher suite privilege levels"
	case LANDestinationVLAN:
		return "destination VLAN tags"
	case LANBadPassword:
		return "bad password threshold"
	}
	return ""
}

const (
	lanRevisionOnly      = 0x80
	lanParameterRevision = 0x11
)

// A LANParameterRequest is the request of Get LAN Configuration Parameters (section 23.2):
//
//	[0] bit 7 revision only, bits 3:0 channel  [1] parameter  [2] set selector  [3] block selector
type LANParameterRequest struct {
	Channel      uint8
	RevisionOnly bool
	Parameter    LANParameter
	Set          uint8
	Block        uint8
}

// ParseLANParameterRequest reads the request. The error is a CompletionCode.
func ParseLANParameterRequest(data []byte) (LANParameterRequest, error) {
	if len(data) != 4 {
		return LANParameterRequest{}, InvalidLength
	}
	return LANParameterRequest{
		Channel:      data[0] & channelMask,
		RevisionOnly: data[0]&lanRevisionOnly != 0,
		Parameter:    LANParameter(data[1]),
		Set:          data[2],
		Block:        data[3],
	}, nil
}

// AppendLANParameter appends the answer to Get LAN Configuration Parameters
// after the completion code: the revision 11h, and the data unless only the
// revision was asked for (section 23.2).
func AppendLANParameter(dst, data []byte) []byte {
	return append(append(dst, lanParameterRevision), data...)
}
