package ipmi

// Port is the primary RMCP port, UDP (section 13.1.2).
const Port = 623

// A Class says what follows the RMCP header (section 13.1.3).
type Class uint8

// The message classes this package knows.
const (
	ClassASF  Class = 6
	ClassIPMI Class = 7
)

const (
	rmcpVersion = 0x06
	rmcpSize    = 4
	rmcpACK     = 0x80
	// rmcpNoACK in the sequence field asks for no RMCP acknowledge. IPMI always sends it.
	rmcpNoACK = 0xFF
)

// An RMCPHeader starts every datagram (section 13.1.3):
//
//	[0] version 06h  [1] reserved  [2] sequence, FFh: no ACK wanted
//	[3] bit 7: this is an ACK; bits 4:0: class
type RMCPHeader struct {
	Sequence uint8
	Class    Class
	ACK      bool
}

// ParseRMCP reads the header and returns what follows it.
func ParseRMCP(b []byte) (RMCPHeader, []byte, error) {
	if len(b) < rmcpSize {
		return RMCPHeader{}, nil, ErrShort
	}
	if b[0] != rmcpVersion {
		return RMCPHeader{}, nil, ErrVersion
	}
	return RMCPHeader{Sequence: b[2], Class: Class(b[3] & 0x1F), ACK: b[3]&rmcpACK != 0}, b[rmcpSize:], nil
}

// AppendRMCP appends the header of a datagram that wants no acknowledge.
func AppendRMCP(dst []byte, c Class) []byte {
	return append(dst, rmcpVersion, 0, rmcpNoACK, byte(c))
}
