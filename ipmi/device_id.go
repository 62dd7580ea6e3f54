package ipmi

import "encoding/binary"

// VMwareIANA is VMware's enterprise number. ipmitool has no vendor code behind
// it, so a BMC that shows it is treated by the book.
const VMwareIANA = 6876

// The bits of DeviceID.Support (table 20-2, "Additional Device Support").
const (
	SupportSensor        = 0x01
	SupportSDRRepository = 0x02
	SupportSEL           = 0x04
	SupportFRU           = 0x08
	SupportEventReceiver = 0x10
	SupportEventSender   = 0x20
	SupportBridge        = 0x40
	SupportChassis       = 0x80
)

const (
	deviceIDSize = 11
	ipmiVersion2 = 0x02 // version 2.0, low nibble first
)

// A DeviceID is the answer to Get Device ID (section 20.1):
//
//	[0] ID  [1] bit 7 device SDRs, bits 3:0 revision  [2] bit 7 update mode, bits 6:0 firmware major
//	[3] firmware minor, BCD  [4] IPMI version  [5] support bits  [6:9] manufacturer  [9:11] product
//
// The four bytes of the auxiliary firmware revision may follow and are not sent.
type DeviceID struct {
	ID            uint8
	Revision      uint8 // 0–15
	FirmwareMajor uint8 // 0–127
	FirmwareMinor uint8 // 0–99
	Support       uint8
	Manufacturer  uint32 // IANA enterprise number, 20 bits
	Product       uint16
}

// AppendDeviceID appends the eleven bytes after the completion code.
func AppendDeviceID(dst []byte, d DeviceID) []byte {
	minor := d.FirmwareMinor % 100
	dst = append(dst, d.ID, d.Revision&0x0F, d.FirmwareMajor&0x7F, minor/10<<4|minor%10, ipmiVersion2, d.Support)
	dst = appendUint24(dst, d.Manufacturer)
	return binary.LittleEndian.AppendUint16(dst, d.Product)
}

// ParseDeviceID reads the data after the completion code, with or without the
// auxiliary firmware revision. ErrMalformed says that the minor version is not
// BCD or that the device is not one of IPMI 2.0.
func ParseDeviceID(b []byte) (DeviceID, error) {
	if len(b) < deviceIDSize {
		return DeviceID{}, ErrShort
	}
	if b[3]>>4 > 9 || b[3]&0x0F > 9 || b[4] != ipmiVersion2 {
		return DeviceID{}, ErrMalformed
	}
	return DeviceID{
		ID:            b[0],
		Revision:      b[1] & 0x0F,
		FirmwareMajor: b[2] & 0x7F,
		FirmwareMinor: b[3]>>4*10 + b[3]&0x0F,
		Support:       b[5],
		Manufacturer:  uint24(b[6:]) & 0xFFFFF,
		Product:       binary.LittleEndian.Uint16(b[9:]),
	}, nil
}

func appendUint24(dst []byte, v uint32) []byte {
	return append(dst, byte(v), byte(v>>8), byte(v>>16))
}

func uint24(b []byte) uint32 {
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16
}
