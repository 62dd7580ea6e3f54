package ipmi

import "encoding/binary"

// A SetLANParameterRequest is the request of Set LAN Configuration Parameters
// (section 23.1) and, with parameters of its own, of Set SOL Configuration
// Parameters (section 26.2):
//
//	[0] bits 3:0 channel  [1] parameter  [2:] its data
type SetLANParameterRequest struct {
	Channel   uint8
	Parameter LANParameter
	Data      []byte // aliases the packet
}

// ParseSetLANParameterRequest reads the request. The error is a CompletionCode.
func ParseSetLANParameterRequest(data []byte) (SetLANParameterRequest, error) {
	if len(data) < 3 {
		return SetLANParameterRequest{}, InvalidLength
	}
	return SetLANParameterRequest{Channel: data[0] & channelMask, Parameter: LANParameter(data[1]), Data: data[2:]}, nil
}

const (
	arpSuspendAll       = 0x03
	arpResponsesRunning = 0x02
)

// ParseSuspendARPRequest reads the request of Suspend BMC ARPs (section 23.3):
//
//	[0] bits 3:0 channel  [1] bit 1 suspend responses, bit 0 suspend gratuitous ones
//
// The error is a CompletionCode.
func ParseSuspendARPRequest(data []byte) (channel uint8, err error) {
	if len(data) != 2 {
		return 0, InvalidLength
	}
	if data[1]&^arpSuspendAll != 0 {
		return 0, InvalidField
	}
	return data[0] & channelMask, nil
}

// AppendARPStatus appends the byte of Suspend BMC ARPs after the completion code
// (section 23.3): whether ARP requests are answered, and that none are sent
// without being asked for.
func AppendARPStatus(dst []byte, responses bool) []byte {
	return append(dst, flag(responses, arpResponsesRunning))
}

// ParseLANStatisticsRequest reads the request of Get IP/UDP/RMCP Statistics
// (section 23.4):
//
//	[0] bits 3:0 channel  [1] bit 0 clear
//
// The error is a CompletionCode.
func ParseLANStatisticsRequest(data []byte) (channel uint8, clears bool, err error) {
	if len(data) != 2 {
		return 0, false, InvalidLength
	}
	return data[0] & channelMask, data[1]&1 != 0, nil
}

// LANStatistics is the answer to Get IP/UDP/RMCP Statistics (section 23.4): nine
// numbers of two bytes, least significant byte first, that stay at FFFFh.
type LANStatistics struct {
	IPReceived     uint64
	IPHeaderErrors uint64
	IPAddrErrors   uint64
	IPFragments    uint64
	IPSent         uint64
	UDPReceived    uint64
	RMCPReceived   uint64
	ProxyReceived  uint64
	ProxyDropped   uint64
}

// AppendLANStatistics appends the eighteen bytes after the completion code.
func AppendLANStatistics(dst []byte, s LANStatistics) []byte {
	for _, n := range [...]uint64{
		s.IPReceived, s.IPHeaderErrors, s.IPAddrErrors, s.IPFragments, s.IPSent,
		s.UDPReceived, s.RMCPReceived, s.ProxyReceived, s.ProxyDropped,
	} {
		dst = binary.LittleEndian.AppendUint16(dst, uint16(min(n, 0xFFFF)))
	}
	return dst
}
