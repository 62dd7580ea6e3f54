package bmc

import "github.com/bmc-gateway/bmc-gateway/ipmi"

// sensor returns the one that a request of least to most bytes is about.
func (c *call) sensor(least, most int) (*Sensor, error) {
	number, err := ipmi.ParseSensorRequest(c.data(), least, most)
	if err != nil {
		return nil, err
	}
	s, ok := c.b.config.Sensors.find(number)
	if !ok {
		return nil, ipmi.NotPresent
	}
	return s, nil
}

// analogSensor returns the sensor if it reads a number (section 35: a command
// about numbers is illegal for any other).
func (c *call) analogSensor(least, most int) (*Sensor, error) {
	s, err := c.sensor(least, most)
	if err == nil && !s.analog() {
		return nil, ipmi.IllegalForSensor
	}
	return s, err
}

// thresholds are the sensor's limits as raw readings.
func (s *Sensor) thresholds() ipmi.Thresholds {
	var t ipmi.Thresholds
	for _, l := range s.Limits {
		t.Set(l.Threshold, s.Factors.Raw(l.Value))
	}
	return t
}

// reading asks the sensor of this machine.
func (s *Sensor) reading(m Machine) ipmi.SensorReading {
	r := ipmi.SensorReading{Discrete: !s.analog(), Events: s.Events != 0}
	now := s.Read(m)
	switch {
	case !now.Available:
		r.Unavailable = true
	case s.analog():
		r.Raw = s.Factors.Raw(now.Value)
		r.States = uint16(s.thresholds().Crossed(r.Raw))
	default:
		r.States = now.States & s.States
	}
	return r
}

func getSensorReading(c *call, dst []byte) ([]byte, error) {
	s, err := c.sensor(1, 1)
	if err != nil {
		return nil, err
	}
	return ipmi.AppendSensorReading(dst, s.reading(c.b.machine)), nil
}

// getSensorEventStatus tells the states that hold of those that are events.
func getSensorEventStatus(c *call, dst []byte) ([]byte, error) {
	s, err := c.sensor(1, 1)
	if err != nil {
		return nil, err
	}
	r := s.reading(c.b.machine)
	return ipmi.AppendSensorEventStatus(dst, r, r.States&s.Events), nil
}

func getSensorEventEnable(c *call, dst []byte) ([]byte, error) {
	s, err := c.sensor(1, 1)
	if err != nil {
		return nil, err
	}
	return ipmi.AppendSensorEventEnable(dst, s.Events), nil
}

func getSensorThresholds(c *call, dst []byte) ([]byte, error) {
	s, err := c.analogSensor(1, 1)
	if err != nil {
		return nil, err
	}
	return ipmi.AppendSensorThresholds(dst, s.thresholds()), nil
}

// getSensorHysteresis says that there is none.
func getSensorHysteresis(c *call, dst []byte) ([]byte, error) {
	if _, err := c.analogSensor(2, 2); err != nil {
		return nil, err
	}
	return append(dst, 0, 0), nil
}

// getSensorFactors tells what the record tells: they are the same for every reading.
func getSensorFactors(c *call, dst []byte) ([]byte, error) {
	s, err := c.analogSensor(2, 2)
	if err != nil {
		return nil, err
	}
	return ipmi.AppendSensorFactors(dst, c.data()[1], s.Factors), nil
}

func getSensorType(c *call, dst []byte) ([]byte, error) {
	s, err := c.sensor(1, 1)
	if err != nil {
		return nil, err
	}
	return append(dst, byte(s.Type), byte(s.Reading)), nil
}

// setSensor refuses what the records say cannot be set of any sensor.
func setSensor(least, most int) handler {
	return func(c *call, _ []byte) ([]byte, error) {
		if _, err := c.sensor(least, most); err != nil {
			return nil, err
		}
		return nil, ipmi.IllegalForSensor
	}
}

// getEventReceiver says that events go to the BMC itself.
func getEventReceiver(c *call, dst []byte) ([]byte, error) {
	if len(c.data()) != 0 {
		return nil, ipmi.InvalidLength
	}
	return append(dst, ipmi.AddressBMC, 0), nil
}
