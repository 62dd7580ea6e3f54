package ipmi

import "encoding/binary"

// WholeRecord, as a count, stands for all of a record from the offset on.
const WholeRecord = 0xFF

// A RecordRequest is the request of Get SEL Entry and of Get SDR (sections 31.5 and 33.12):
//
//	[0:2] reservation  [2:4] record ID, 0 the first, FFFFh the last  [4] offset  [5] count, FFh all
type RecordRequest struct {
	Reservation uint16
	ID          uint16
	Offset      uint8
	Count       uint8
}

// ParseRecordRequest reads the request. The error is a CompletionCode.
func ParseRecordRequest(data []byte) (RecordRequest, error) {
	if len(data) != 6 {
		return RecordRequest{}, InvalidLength
	}
	return RecordRequest{
		Reservation: binary.LittleEndian.Uint16(data),
		ID:          binary.LittleEndian.Uint16(data[2:]),
		Offset:      data[4],
		Count:       data[5],
	}, nil
}

// AppendRecord appends the answer after the completion code, the next record's
// ID and the part of the record that was asked for; a count that goes beyond its
// end is answered up to there. The error is a CompletionCode: OutOfRange for an
// offset beyond the end.
func (r RecordRequest) AppendRecord(dst []byte, next uint16, record []byte) ([]byte, error) {
	if int(r.Offset) >= len(record) {
		return nil, OutOfRange
	}
	record = record[r.Offset:]
	if r.Count != WholeRecord && int(r.Count) < len(record) {
		record = record[:r.Count]
	}
	dst = binary.LittleEndian.AppendUint16(dst, next)
	return append(dst, record...), nil
}

// An Allocation is the answer to Get SEL Allocation Info and to Get SDR
// Repository Allocation Info (sections 31.3 and 33.10):
//
//	[0:2] units, 0 unspecified  [2:4] bytes per unit  [4:6] free units  [6:8] largest free block  [8] units per record at most
type Allocation struct {
	Units, UnitSize, Free, LargestFree uint16
	MaxRecord                          uint8
}

// AppendAllocation appends the nine bytes after the completion code.
func AppendAllocation(dst []byte, a Allocation) []byte {
	for _, v := range [...]uint16{a.Units, a.UnitSize, a.Free, a.LargestFree} {
		dst = binary.LittleEndian.AppendUint16(dst, v)
	}
	return append(dst, a.MaxRecord)
}
