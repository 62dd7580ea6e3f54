package bmc

import (
	"fmt"
	"slices"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// A SensorTable is the sensors of BMCs that all have the same ones, with the
// records that describe them. It never changes, so that thousands of BMCs share one.
type SensorTable struct {
	sensors []Sensor
	// plain is the repository of a BMC without a FRU, whole of one with.
	plain, whole repository
}

// NewSensorTable returns the table of these sensors, in their order. The error
// names the first one that cannot be described in a record.
func NewSensorTable(sensors []Sensor) (*SensorTable, error) {
	if err := checkSensors(sensors); err != nil {
		return nil, fmt.Errorf("bmc: %w", err)
	}
	t := &SensorTable{sensors: slices.Clone(sensors)}
	t.plain, t.whole = newRepository(t.sensors, false), newRepository(t.sensors, true)
	return t, nil
}

// repository is what a BMC with or without a FRU tells of.
func (t *SensorTable) repository(fru bool) repository {
	if fru {
		return t.whole
	}
	return t.plain
}

// find returns the sensor with this number.
func (t *SensorTable) find(number uint8) (*Sensor, bool) {
	for i := range t.sensors {
		if s := &t.sensors[i]; s.Number == number {
			return s, true
		}
	}
	return nil, false
}

// checkSensors says which sensor cannot be described in a record.
func checkSensors(sensors []Sensor) error {
	numbers := make(map[uint8]bool, len(sensors))
	for _, s := range sensors {
		if err := s.check(); err != nil {
			return fmt.Errorf("sensor %q: %w", s.Name, err)
		}
		if numbers[s.Number] {
			return fmt.Errorf("sensor %q: more than one has number %d", s.Name, s.Number)
		}
		numbers[s.Number] = true
	}
	return nil
}

func (s *Sensor) check() error {
	switch {
	case len(s.Name) < 2 || len(s.Name) > maxSensorName:
		return fmt.Errorf("a name has 2 to %d bytes", maxSensorName)
	case s.Number == 0 || s.Number >= sensorsFrom:
		return fmt.Errorf("number %d is not 1 to %d", s.Number, sensorsFrom-1)
	case s.Read == nil:
		return fmt.Errorf("nothing reads it")
	case !s.Factors.Valid():
		return fmt.Errorf("factors %+v do not fit their fields", s.Factors)
	case s.Reading == 0 || s.Reading > ipmi.EventSpecific:
		return fmt.Errorf("reading type %02Xh is not one of the specification", uint8(s.Reading))
	case s.States > 0x7FFF || s.Events&^s.States != 0:
		return fmt.Errorf("states %04Xh and events %04Xh do not go together", s.States, s.Events)
	case !s.analog() && len(s.Limits) > 0:
		return fmt.Errorf("states have no limits")
	}
	for _, l := range s.Limits {
		if l.Threshold >= ipmi.ThresholdCount {
			return fmt.Errorf("threshold %d does not exist", l.Threshold)
		}
	}
	return nil
}

// analog says whether the sensor reads a number.
func (s *Sensor) analog() bool { return s.Reading == ipmi.EventThreshold }
