package ipmi

import (
	"encoding/binary"
)

// selVersion is the version of the event log's commands, and of the SDR
// repository's: 1.5, low nibble first (sections 31.2 and 33.9).
const selVersion = 0x51

// NoTime is a time stamp that says that there was none (section 37).
const NoTime = 0xFFFFFFFF

// The operations of SELInfo and SDRInfo (sections 31.2 and 33.9).
const (
	OperationAllocation = 0x01
	OperationReserve    = 0x02
	OperationPartialAdd = 0x04
	OperationDelete     = 0x08
	overflowFlag        = 0x80
)

const selInfoSize = 14

// A SELInfo is the answer to Get SEL Info and, with other operations, to Get SDR
// Repository Info (sections 31.2 and 33.9):
//
//	[0] version 51h  [1:3] records  [3:5] free bytes  [5:9] latest addition
//	[9:13] latest erasure  [13] bit 7 overflow, bits 3:0 operations
type SELInfo struct {
	Records    uint16
	Free       uint16
	Added      uint32 // seconds since 1970; NoTime: never
	Erased     uint32
	Overflow   bool
	Operations uint8
}

// AppendSELInfo appends the fourteen bytes after the completion code.
func AppendSELInfo(dst []byte, i SELInfo) []byte {
	dst = append(dst, selVersion)
	dst = binary.LittleEndian.AppendUint16(dst, i.Records)
	dst = binary.LittleEndian.AppendUint16(dst, i.Free)
	dst = binary.LittleEndian.AppendUint32(dst, i.Added)
	dst = binary.LittleEndian.AppendUint32(dst, i.Erased)
	return append(dst, flag(i.Overflow, overflowFlag)|i.Operations&^overflowFlag)
}

// ParseSELInfo reads the data after the completion code.
func ParseSELInfo(b []byte) (SELInfo, error) {
	if len(b) < selInfoSize {
		return SELInfo{}, ErrShort
	}
	if b[0] != selVersion {
		return SELInfo{}, ErrMalformed
	}
	return SELInfo{
		Records:    binary.LittleEndian.Uint16(b[1:]),
		Free:       binary.LittleEndian.Uint16(b[3:]),
		Added:      binary.LittleEndian.Uint32(b[5:]),
		Erased:     binary.LittleEndian.Uint32(b[9:]),
		Overflow:   b[13]&overflowFlag != 0,
		Operations: b[13] &^ overflowFlag,
	}, nil
}

// ParseAddSELRequest reads the request of Add SEL Entry (section 31.6), a whole
// record, whose ID and time are not to be believed. The error is a
// CompletionCode: RecordTypeUnsupported for a type that is reserved.
func ParseAddSELRequest(data []byte) (SELRecord, error) {
	if len(data) != SELRecordSize {
		return SELRecord{}, InvalidLength
	}
	r := SELRecord(data)
	if r.Type() != SELTypeEvent && r.Type() < SELTypeOEMTimed {
		return SELRecord{}, RecordTypeUnsupported
	}
	return r, nil
}

// ParseDeleteSELRequest reads the request of Delete SEL Entry (section 31.8):
//
//	[0:2] reservation  [2:4] record ID
//
// The error is a CompletionCode.
func ParseDeleteSELRequest(data []byte) (reservation, id uint16, err error) {
	if len(data) != 4 {
		return 0, 0, InvalidLength
	}
	return binary.LittleEndian.Uint16(data), binary.LittleEndian.Uint16(data[2:]), nil
}

const (
	clearStart  = 0xAA
	clearStatus = 0x00
	clearPlea   = "CLR"
)

// ErasureCompleted is what Clear SEL answers when nothing is left to be erased
// (section 31.9).
const ErasureCompleted = 0x01

// ParseClearSELRequest reads the request of Clear SEL (section 31.9):
//
//	[0:2] reservation  [2:5] "CLR"  [5] AAh start, 00h ask how far it is
//
// The error is a CompletionCode.
func ParseClearSELRequest(data []byte) (reservation uint16, start bool, err error) {
	if len(data) != 6 {
		return 0, false, InvalidLength
	}
	if string(data[2:5]) != clearPlea || data[5] != clearStart && data[5] != clearStatus {
		return 0, false, InvalidField
	}
	return binary.LittleEndian.Uint16(data), data[5] == clearStart, nil
}

// ParseTimeRequest reads the request of Set SEL Time and of Set SDR Repository
// Time (sections 31.11 and 33.18): seconds since 1970. The error is a CompletionCode.
func ParseTimeRequest(data []byte) (seconds uint32, err error) {
	if len(data) != 4 {
		return 0, InvalidLength
	}
	return binary.LittleEndian.Uint32(data), nil
}

const (
	// UnspecifiedOffset says that nobody knows how the event log's clock relates to UTC.
	UnspecifiedOffset = 0x07FF
	maxUTCOffset      = 24 * 60
)

// ParseUTCOffsetRequest reads the request of Set SEL Time UTC Offset (section
// 31.11b): minutes from -1440 to 1440, or UnspecifiedOffset. The error is a
// CompletionCode.
func ParseUTCOffsetRequest(data []byte) (minutes int16, err error) {
	if len(data) != 2 {
		return 0, InvalidLength
	}
	minutes = int16(binary.LittleEndian.Uint16(data))
	if minutes != UnspecifiedOffset && (minutes > maxUTCOffset || minutes < -maxUTCOffset) {
		return 0, InvalidField
	}
	return minutes, nil
}
