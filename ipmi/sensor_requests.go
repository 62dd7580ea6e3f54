package ipmi

import "encoding/binary"

// ParseSensorRequest reads a request that begins with a sensor's number and has
// so many bytes at least and at most (section 35). The error is a CompletionCode.
func ParseSensorRequest(data []byte, least, most int) (number uint8, err error) {
	if len(data) < least || len(data) > most {
		return 0, InvalidLength
	}
	return data[0], nil
}

const (
	sensorEvents      = 0x80
	sensorScanning    = 0x40
	sensorUnavailable = 0x20
	reservedStatus    = 0xC0 // of thresholds, read as ones
	reservedStates    = 0x8000
)

// A SensorReading is the answer to Get Sensor Reading (section 35.14):
//
//	[0] reading  [1] bit 7 events enabled, bit 6 scanning enabled, bit 5 unavailable
//	[2] of a number: bits 5:0 thresholds that it is at or beyond, in the order of their masks
//	[2:4] of states: those that hold, bits 0–14
type SensorReading struct {
	Raw         uint8
	Events      bool
	Unavailable bool
	Discrete    bool
	States      uint16 // thresholds (bits 0–5) or states (bits 0–14)
}

// flags is the byte that Get Sensor Reading and Get Sensor Event Status share.
func (r SensorReading) flags() byte {
	return flag(r.Events, sensorEvents) | sensorScanning | flag(r.Unavailable, sensorUnavailable)
}

// AppendSensorReading appends the three or four bytes after the completion code.
func AppendSensorReading(dst []byte, r SensorReading) []byte {
	dst = append(dst, r.Raw, r.flags())
	if r.Discrete {
		return binary.LittleEndian.AppendUint16(dst, r.States|reservedStates)
	}
	return append(dst, byte(r.States)|reservedStatus)
}

// AppendSensorEventStatus appends the answer to Get Sensor Event Status after
// the completion code (section 35.13): the flags of a reading, and the events that are asserted now.
func AppendSensorEventStatus(dst []byte, r SensorReading, asserted uint16) []byte {
	dst = append(dst, r.flags())
	dst = binary.LittleEndian.AppendUint16(dst, asserted)
	return append(dst, 0, 0)
}

// AppendSensorEventEnable appends the answer to Get Sensor Event Enable after
// the completion code (section 35.11): that the sensor is scanned, and which
// events it asserts.
func AppendSensorEventEnable(dst []byte, events uint16) []byte {
	dst = append(dst, SensorReading{Events: events != 0}.flags())
	dst = binary.LittleEndian.AppendUint16(dst, events)
	return append(dst, 0, 0)
}

// AppendSensorThresholds appends the answer to Get Sensor Thresholds after the
// completion code (section 35.9): the mask of those there are, and all six.
func AppendSensorThresholds(dst []byte, t Thresholds) []byte {
	return append(append(dst, t.Mask), t.Raw[:]...)
}

// AppendSensorFactors appends the answer to Get Sensor Reading Factors after
// the completion code (section 35.5): the reading they are for, and the factors
// as in a record.
func AppendSensorFactors(dst []byte, reading uint8, f Factors) []byte {
	return appendFactors(append(dst, reading), f)
}
