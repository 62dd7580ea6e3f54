package ipmi

import "encoding/binary"

// SELRecordSize is the length of every record of the system event log, bytes.
const SELRecordSize = 16

// The types of records (section 32.1): system events, and two ranges whose
// records belong to a vendor. Only those of the second range have no time.
const (
	SELTypeEvent     = 0x02
	SELTypeOEMTimed  = 0xC0 // to DFh
	SELTypeOEM       = 0xE0 // to FFh
	SELFirst, SELEnd = 0x0000, 0xFFFF
)

// eventRevision is the format of an event message since IPMI 1.5 (section 29.3).
const (
	eventRevision    = 0x04
	eventRevisionOld = 0x03
	eventDeasserted  = 0x80
	eventTypeMask    = 0x7F
)

// A SELRecord is an entry of the system event log (table 32-1):
//
//	[0:2] record ID  [2] type  [3:7] seconds since 1970  [7:9] generator  [9] event message revision
//	[10] sensor type  [11] sensor  [12] bit 7 deasserted, bits 6:0 event type  [13:16] event data
//
// From [3] or [7] on it is the vendor's in the OEM types. IDs 0 and FFFFh are no
// record's: they stand for the first and for the last one.
type SELRecord [SELRecordSize]byte

// ID returns the record's ID.
func (r SELRecord) ID() uint16 { return binary.LittleEndian.Uint16(r[:]) }

// Type returns the record's type.
func (r SELRecord) Type() uint8 { return r[2] }

// Timed says whether the record has a time.
func (r SELRecord) Timed() bool { return r.Type() < SELTypeOEM }

// Time returns the record's time in seconds since 1970, 0 where it has none.
func (r SELRecord) Time() uint32 {
	if !r.Timed() {
		return 0
	}
	return binary.LittleEndian.Uint32(r[3:])
}

// Stamped returns the record with another ID and, where it has one, another time.
func (r SELRecord) Stamped(id uint16, seconds uint32) SELRecord {
	binary.LittleEndian.PutUint16(r[:], id)
	if r.Timed() {
		binary.LittleEndian.PutUint32(r[3:], seconds)
	}
	return r
}

// Event returns what a system event says; false for any other record.
func (r SELRecord) Event() (Event, bool) {
	if r.Type() != SELTypeEvent {
		return Event{}, false
	}
	return Event{
		Generator:  binary.LittleEndian.Uint16(r[7:]),
		SensorType: SensorType(r[10]),
		Sensor:     r[11],
		Type:       EventType(r[12] & eventTypeMask),
		Deasserted: r[12]&eventDeasserted != 0,
		Data:       [3]byte(r[13:]),
	}, true
}

// GeneratorBMC says that an event comes from the BMC itself.
const GeneratorBMC = AddressBMC

// An Event is what a system event record tells besides its time (table 32-1).
type Event struct {
	Generator  uint16 // low byte address or software ID, high byte channel and LUN
	SensorType SensorType
	Sensor     uint8
	Type       EventType
	Deasserted bool
	Data       [3]byte // low half of the first byte the offset; FFh where there is nothing to say
}

// Record returns the event as a record of the log.
func (e Event) Record(id uint16, seconds uint32) SELRecord {
	var r SELRecord
	r[2] = SELTypeEvent
	r = r.Stamped(id, seconds)
	binary.LittleEndian.PutUint16(r[7:], e.Generator)
	r[9] = eventRevision
	r[10] = byte(e.SensorType)
	r[11] = e.Sensor
	r[12] = byte(e.Type)&eventTypeMask | flag(e.Deasserted, eventDeasserted)
	copy(r[13:], e.Data[:])
	return r
}
