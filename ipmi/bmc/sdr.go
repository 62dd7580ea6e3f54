package bmc

import (
	"encoding/binary"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

const (
	controllerName = "Virtual BMC"
	fruName        = "Virtual Machine"
	// sdrReservation is the only reservation there is: nothing changes the
	// repository while the BMC lives, so nothing can cancel one.
	sdrReservation = 1
	firstSDR       = 1
	sdrOperations  = ipmi.OperationAllocation | ipmi.OperationReserve
)

// A repository are the sensor data records, ID by ID from firstSDR on. The same
// sensors make the same bytes: clients keep them until the time changes.
type repository [][]byte

func newRepository(sensors []Sensor, fru bool) repository {
	var r repository
	header := func(t ipmi.SDRType) ipmi.SDRHeader {
		return ipmi.SDRHeader{ID: uint16(firstSDR + len(r)), Type: t}
	}
	r = append(r, ipmi.AppendLocator(nil, ipmi.Locator{
		SDRHeader: header(ipmi.SDRController), Name: controllerName, Support: supported(len(sensors) > 0, fru),
		Entity: ipmi.Entity{ID: ipmi.EntityController, Instance: 1},
	}))
	if fru {
		r = append(r, ipmi.AppendLocator(nil, ipmi.Locator{
			SDRHeader: header(ipmi.SDRFRU), Name: fruName,
			Entity: ipmi.Entity{ID: ipmi.EntitySystemChassis, Instance: 1},
		}))
	}
	for i := range sensors {
		s := &sensors[i]
		t := ipmi.SDRCompact
		if s.analog() {
			t = ipmi.SDRFull
		}
		r = append(r, ipmi.AppendSensorRecord(nil, s.record(header(t))))
	}
	for _, s := range sources() {
		r = append(r, ipmi.AppendSensorRecord(nil, ipmi.SensorRecord{
			SDRHeader: header(ipmi.SDREventOnly), Name: s.name, Number: s.number, Entity: s.entity,
			Sensor: s.kind, Event: ipmi.EventSpecific,
		}))
	}
	return r
}

// record describes the sensor.
func (s *Sensor) record(h ipmi.SDRHeader) ipmi.SensorRecord {
	return ipmi.SensorRecord{
		SDRHeader: h, Name: s.Name, Number: s.Number, Entity: s.Entity, Sensor: s.Type, Event: s.Reading,
		Unit: s.Unit, Percent: s.Percent, Factors: s.Factors, Thresholds: s.thresholds(),
		States: s.States, Events: s.Events,
	}
}

// size is the length of all records, bytes.
func (r repository) size() int {
	n := 0
	for _, record := range r {
		n += len(record)
	}
	return n
}

// find returns the record and the ID of the next one.
func (r repository) find(id uint16) (record []byte, next uint16, ok bool) {
	i := int(id) - firstSDR
	switch {
	case len(r) == 0:
		return nil, 0, false
	case id == ipmi.SELFirst:
		i = 0
	case id == ipmi.SELEnd:
		i = len(r) - 1
	case i < 0 || i >= len(r):
		return nil, 0, false
	}
	if next = ipmi.SELEnd; i+1 < len(r) {
		next = uint16(firstSDR + i + 1)
	}
	return r[i], next, true
}

// getSDRInfo says that the repository is full, because nothing can be added.
func getSDRInfo(c *call, dst []byte) ([]byte, error) {
	if len(c.data()) != 0 {
		return nil, ipmi.InvalidLength
	}
	at := stamp(c.b.config.SDRTime)
	return ipmi.AppendSELInfo(dst, ipmi.SELInfo{
		Records: uint16(len(c.b.repository)), Added: at, Erased: at, Operations: sdrOperations,
	}), nil
}

func getSDRAllocation(c *call, dst []byte) ([]byte, error) {
	if len(c.data()) != 0 {
		return nil, ipmi.InvalidLength
	}
	longest := 0
	for _, record := range c.b.repository {
		longest = max(longest, len(record))
	}
	return ipmi.AppendAllocation(dst, ipmi.Allocation{
		Units: uint16(c.b.repository.size()), UnitSize: 1, MaxRecord: uint8(longest),
	}), nil
}

func reserveSDR(c *call, dst []byte) ([]byte, error) {
	if len(c.data()) != 0 {
		return nil, ipmi.InvalidLength
	}
	return binary.LittleEndian.AppendUint16(dst, sdrReservation), nil
}

// getSDR takes reservation 0 for parts too, as DCMI 1.5 wants it (section 6.5.1).
func getSDR(c *call, dst []byte) ([]byte, error) {
	r, err := ipmi.ParseRecordRequest(c.data())
	if err != nil {
		return nil, err
	}
	if r.Offset != 0 && r.Reservation != 0 && r.Reservation != sdrReservation {
		return nil, ipmi.ReservationInvalid
	}
	record, next, ok := c.b.repository.find(r.ID)
	if !ok {
		return nil, ipmi.NotPresent
	}
	return r.AppendRecord(dst, next, record)
}
