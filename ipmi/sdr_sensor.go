package ipmi

import "encoding/binary"

const (
	// The least sizes of what follows the header, without the name.
	fullSize      = 42
	compactSize   = 26
	eventOnlySize = 11

	initScanning      = 0x40
	powerUpScanning   = 0x01
	powerUpEvents     = 0x02
	rearmsItself      = 0x40
	hysteresisRead    = 0x10
	thresholdsRead    = 0x04
	eventsGlobally    = 0x02 // they can be turned off for all sensors together only
	eventsNone        = 0x03
	eventControlMask  = 0x03
	noAnalogReading   = 0xC0
	unitPercent       = 0x01
	oneSensor         = 0x01 // share count
	statusLowerShift  = 12
	thresholdsPerSide = 3
	sideMask          = 0x07
)

// A SensorRecord describes a sensor of the BMC (sections 43.1 to 43.3). Type
// decides which of three formats it has; their first 15 bytes after the header
// are nearly the same:
//
//	[0] owner 20h  [1] LUN 0  [2] number  [3] entity  [4] instance  [5] initialization  [6] capabilities
//	[7] sensor type  [8] event type  [9:11] [11:13] [13:15] masks  [15] [16] [17] units
//
// In a full record follow the factors ([19:25]), limits of the reading, the
// thresholds, and the name; in a compact one sharing and the name. An event-only
// record has [5] sensor type [6] event type, sharing, and the name. Sensors are
// scanned, re-arm themselves, and nothing of them can be set.
type SensorRecord struct {
	SDRHeader
	Name   string // at most 16 bytes
	Number uint8
	Entity Entity
	Sensor SensorType
	Event  EventType

	// In a full record.
	Unit       Unit
	Percent    bool
	Factors    Factors
	Thresholds Thresholds

	// In a compact record: the states there can be, and those that are events.
	States uint16
	Events uint16
}

// AppendSensorRecord appends the record in the format of its type.
func AppendSensorRecord(dst []byte, r SensorRecord) []byte {
	start := len(dst)
	dst = beginSDR(dst, r.SDRHeader)
	dst = append(dst, AddressBMC, 0, r.Number, byte(r.Entity.ID), r.Entity.Instance)
	switch r.Type {
	case SDRFull:
		dst = r.appendFull(dst)
	case SDRCompact:
		dst = r.appendCompact(dst)
	default:
		dst = append(dst, byte(r.Sensor), byte(r.Event), oneSensor, 0, 0, 0)
	}
	return endSDR(dst, start, r.Name)
}

func (r SensorRecord) appendFull(dst []byte) []byte {
	t := r.Thresholds
	dst = append(dst, initScanning|powerUpScanning,
		rearmsItself|hysteresisRead|flag(t.Mask != 0, thresholdsRead)|eventsNone, byte(r.Sensor), byte(r.Event))
	lower, upper := uint16(t.Mask&sideMask), uint16(t.Mask>>thresholdsPerSide&sideMask)
	for _, mask := range [...]uint16{lower << statusLowerShift, upper << statusLowerShift, uint16(t.Mask)} {
		dst = binary.LittleEndian.AppendUint16(dst, mask)
	}
	dst = append(dst, flag(r.Percent, unitPercent), byte(r.Unit), 0, 0) // unsigned, linear
	dst = appendFactors(dst, r.Factors)
	dst = append(dst, 0, 0, 0, 0, maxRaw, 0) // no nominal reading and no normal ones; the highest and the lowest
	for _, which := range recordOrder() {
		dst = append(dst, t.Raw[which])
	}
	return append(dst, 0, 0, 0, 0, 0) // hysteresis, reserved, OEM
}

// recordOrder is the order of thresholds in a full record, which is not that of
// Get Sensor Thresholds.
func recordOrder() [ThresholdCount]Threshold {
	return [ThresholdCount]Threshold{
		UpperNonRecoverable, UpperCritical, UpperNonCritical, LowerNonRecoverable, LowerCritical, LowerNonCritical,
	}
}

func (r SensorRecord) appendCompact(dst []byte) []byte {
	control, power := byte(eventsNone), byte(powerUpScanning)
	if r.Events != 0 {
		control, power = eventsGlobally, powerUpScanning|powerUpEvents
	}
	dst = append(dst, initScanning|power, rearmsItself|control, byte(r.Sensor), byte(r.Event))
	for _, mask := range [...]uint16{r.Events, 0, r.States} {
		dst = binary.LittleEndian.AppendUint16(dst, mask)
	}
	dst = append(dst, noAnalogReading, 0, 0, oneSensor, 0) // units, sharing
	return append(dst, 0, 0, 0, 0, 0, 0)                   // hysteresis, reserved, OEM
}

// ParseSensorRecord reads a record of one of the three types. ErrMalformed says
// that it is of another, or of a sensor that is not like those above.
func ParseSensorRecord(b []byte) (SensorRecord, error) {
	h, body, err := ParseSDR(b)
	if err != nil {
		return SensorRecord{}, err
	}
	size := map[SDRType]int{SDRFull: fullSize, SDRCompact: compactSize, SDREventOnly: eventOnlySize}[h.Type]
	if size == 0 {
		return SensorRecord{}, ErrMalformed
	}
	if len(body) < size {
		return SensorRecord{}, ErrShort
	}
	r := SensorRecord{SDRHeader: h, Number: body[2], Entity: Entity{EntityID(body[3]), body[4]}}
	if r.Name, err = parseSDRName(body[size:]); err != nil {
		return SensorRecord{}, err
	}
	switch h.Type {
	case SDRFull:
		r.parseFull(body)
	case SDRCompact:
		r.Sensor, r.Event = SensorType(body[7]), EventType(body[8])
		r.Events, r.States = binary.LittleEndian.Uint16(body[9:]), binary.LittleEndian.Uint16(body[13:])
	default:
		r.Sensor, r.Event = SensorType(body[5]), EventType(body[6])
	}
	return r, nil
}

func (r *SensorRecord) parseFull(body []byte) {
	r.Sensor, r.Event = SensorType(body[7]), EventType(body[8])
	r.Percent, r.Unit = body[15]&unitPercent != 0, Unit(body[16])
	r.Factors = parseFactors(body[19:])
	r.Thresholds.Mask = body[13] & (1<<ThresholdCount - 1)
	for i, which := range recordOrder() {
		r.Thresholds.Raw[which] = body[31+i]
	}
}
