package ipmi

// A NetFn is a network function; requests are even, their responses one more (section 5.1).
type NetFn uint8

// The network functions (table 5-1).
const (
	NetFnChassis   NetFn = 0x00
	NetFnBridge    NetFn = 0x02
	NetFnSensor    NetFn = 0x04
	NetFnApp       NetFn = 0x06
	NetFnFirmware  NetFn = 0x08
	NetFnStorage   NetFn = 0x0A
	NetFnTransport NetFn = 0x0C
	NetFnGroup     NetFn = 0x2C
	NetFnOEM       NetFn = 0x2E
)

const (
	// AddressBMC is the slave address of the BMC (section 5.5).
	AddressBMC = 0x20
	// AddressConsole is the software ID of the first remote console (section 5.5).
	AddressConsole = 0x81

	requestSize  = 7
	responseSize = 8
)

// A Message is an IPMI message as the LAN carries it (section 13.8):
//
//	[0] responder  [1] netFn<<2|LUN  [2] checksum of [0:2]
//	[3] requester  [4] rqSeq<<2|LUN  [5] cmd  then data  [last] checksum of [3:last]
//
// A response carries the two addresses the other way round and its completion
// code before the data.
type Message struct {
	Responder    uint8
	NetFn        NetFn
	ResponderLUN uint8
	Requester    uint8
	Sequence     uint8 // rqSeq, 0–63
	RequesterLUN uint8
	Command      uint8
	Data         []byte // aliases the packet
}

// ParseMessage reads a request and verifies both checksums.
func ParseMessage(b []byte) (Message, error) {
	if len(b) < requestSize {
		return Message{}, ErrShort
	}
	last := len(b) - 1
	if checksum(b[:2]) != b[2] || checksum(b[3:last]) != b[last] {
		return Message{}, ErrChecksum
	}
	return Message{
		Responder:    b[0],
		NetFn:        NetFn(b[1] >> 2),
		ResponderLUN: b[1] & 0x03,
		Requester:    b[3],
		Sequence:     b[4] >> 2,
		RequesterLUN: b[4] & 0x03,
		Command:      b[5],
		Data:         b[6:last],
	}, nil
}

// AppendRequest appends m as a console sends it.
func AppendRequest(dst []byte, m Message) []byte {
	start := len(dst)
	dst = append(dst, m.Responder, byte(m.NetFn)<<2|m.ResponderLUN)
	dst = append(dst, checksum(dst[start:]))
	dst = append(dst, m.Requester, m.Sequence<<2|m.RequesterLUN, m.Command)
	dst = append(dst, m.Data...)
	return append(dst, checksum(dst[start+3:]))
}

// AppendResponse appends the response to request m.
func AppendResponse(dst []byte, m Message, cc CompletionCode, data []byte) []byte {
	start := len(dst)
	dst = append(dst, m.Requester, byte(m.NetFn+1)<<2|m.RequesterLUN)
	dst = append(dst, checksum(dst[start:]))
	dst = append(dst, m.Responder, m.Sequence<<2|m.ResponderLUN, m.Command, byte(cc))
	dst = append(dst, data...)
	return append(dst, checksum(dst[start+3:]))
}

// A Response is what a console makes of a response message.
type Response struct {
	NetFn    NetFn // odd
	Sequence uint8
	Command  uint8
	Code     CompletionCode
	Data     []byte // aliases the packet
}

// ParseResponse reads a response and verifies both checksums.
func ParseResponse(b []byte) (Response, error) {
	if len(b) < responseSize {
		return Response{}, ErrShort
	}
	m, err := ParseMessage(b)
	if err != nil {
		return Response{}, err
	}
	return Response{
		NetFn:    m.NetFn,
		Sequence: m.Sequence,
		Command:  m.Command,
		Code:     CompletionCode(m.Data[0]),
		Data:     m.Data[1:],
	}, nil
}

// checksum is the two's complement of the sum, so that all bytes and the
// checksum add up to zero (section 13.8).
func checksum(b []byte) byte {
	var sum byte
	for _, c := range b {
		sum += c
	}
	return -sum
}
