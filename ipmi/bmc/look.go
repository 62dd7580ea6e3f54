package bmc

import "github.com/bmc-gateway/bmc-gateway/ipmi"

// A LogEntry is an entry of the event log.
type LogEntry struct {
	Record ipmi.SELRecord
	Sensor string // the name of the BMC's sensor that it is of; empty: of none of its own
}

// EventLog returns the latest entries of the event log, at most so many and newest
// first, and how many there are.
func (b *BMC) EventLog(most int) (latest []LogEntry, total int) {
	l := b.sel
	l.mu.Lock()
	defer l.mu.Unlock()
	total = len(l.state.Records)
	latest = make([]LogEntry, 0, min(most, total))
	for i := total - 1; i >= 0 && len(latest) < most; i-- {
		r := l.state.Records[i]
		latest = append(latest, LogEntry{Record: r, Sensor: b.sensorOf(r)})
	}
	return latest, total
}

// sensorOf returns the name of the BMC's own sensor that a record is of.
func (b *BMC) sensorOf(r ipmi.SELRecord) string {
	e, ok := r.Event()
	if !ok || e.Generator != ipmi.GeneratorBMC {
		return ""
	}
	if s, ok := b.config.Sensors.find(e.Sensor); ok {
		return s.Name
	}
	for _, s := range sources() {
		if s.number == e.Sensor {
			return s.name
		}
	}
	return ""
}

// A SensorNow is a sensor and what it reads now.
type SensorNow struct {
	Name    string
	Number  uint8
	Type    ipmi.SensorType
	Unit    string // of a number: "%", "d"
	Numeric bool   // it reads a number
	Reading Reading
	// States are the states that hold, or the limits that a number is at or beyond, in words.
	States []string
}

// Sensors returns what all sensors read now, in the order of their records. It asks the
// Machine as a client's Get Sensor Reading does, and answers at once as that does.
func (b *BMC) Sensors() []SensorNow {
	all := make([]SensorNow, 0, len(b.config.Sensors.sensors))
	for i := range b.config.Sensors.sensors {
		all = append(all, b.config.Sensors.sensors[i].now(b.machine))
	}
	return all
}

// now asks the sensor of this machine.
func (s *Sensor) now(m Machine) SensorNow {
	out := SensorNow{Name: s.Name, Number: s.Number, Type: s.Type, Numeric: s.analog(), Reading: s.Read(m)}
	if s.analog() {
		out.Unit = s.Unit.String()
	}
	if s.Percent {
		out.Unit = "%"
	}
	if !out.Reading.Available {
		return out
	}
	if s.analog() {
		crossed := s.thresholds().Crossed(s.Factors.Raw(out.Reading.Value))
		for t := ipmi.Threshold(0); t < ipmi.ThresholdCount; t++ {
			if crossed&(1<<t) != 0 {
				out.States = append(out.States, t.String())
			}
		}
		return out
	}
	for offset := range uint8(15) {
		if out.Reading.States&s.States&(1<<offset) != 0 {
			out.States = append(out.States, ipmi.StateText(s.Type, s.Reading, offset))
		}
	}
	return out
}
