package ipmi

import "encoding/binary"

const (
	sdrVersion    = 0x51
	sdrHeaderSize = 5
	// maxSDRName is what fits into the length field's five bits and the sixteen
	// bytes that clients make room for (section 43.15).
	maxSDRName   = 16
	sdrTextASCII = 0xC0
	sdrTextMask  = 0x1F
)

// An SDRType is a type of sensor data record (section 43).
type SDRType uint8

// The types of record that this package knows.
const (
	SDRFull       SDRType = 0x01 // a sensor that reads a number
	SDRCompact    SDRType = 0x02 // a sensor that reads states
	SDREventOnly  SDRType = 0x03 // something that has events but no reading
	SDRFRU        SDRType = 0x11
	SDRController SDRType = 0x12
)

// An SDRHeader begins every record (section 43):
//
//	[0:2] record ID  [2] version 51h  [3] type  [4] bytes that follow
type SDRHeader struct {
	ID   uint16
	Type SDRType
}

// ParseSDR splits a record into its header and what follows. ErrMalformed says
// that its version or its length is wrong.
func ParseSDR(b []byte) (SDRHeader, []byte, error) {
	if len(b) < sdrHeaderSize {
		return SDRHeader{}, nil, ErrShort
	}
	if b[2] != sdrVersion || int(b[4]) != len(b)-sdrHeaderSize {
		return SDRHeader{}, nil, ErrMalformed
	}
	return SDRHeader{ID: binary.LittleEndian.Uint16(b), Type: SDRType(b[3])}, b[sdrHeaderSize:], nil
}

// beginSDR appends a header, whose length endSDR fills in.
func beginSDR(dst []byte, h SDRHeader) []byte {
	dst = binary.LittleEndian.AppendUint16(dst, h.ID)
	return append(dst, sdrVersion, byte(h.Type), 0)
}

// endSDR appends the name, always the last field, and completes the header.
func endSDR(dst []byte, start int, name string) []byte {
	name = name[:min(len(name), maxSDRName)]
	dst = append(dst, sdrTextASCII|byte(len(name)))
	dst = append(dst, name...)
	dst[start+4] = byte(len(dst) - start - sdrHeaderSize)
	return dst
}

// parseSDRName reads the name at the end of a record.
func parseSDRName(b []byte) (string, error) {
	if len(b) == 0 {
		return "", ErrShort
	}
	n := int(b[0] & sdrTextMask)
	if b[0]&^sdrTextMask != sdrTextASCII || n != len(b)-1 || n > maxSDRName {
		return "", ErrMalformed
	}
	return string(b[1:]), nil
}
