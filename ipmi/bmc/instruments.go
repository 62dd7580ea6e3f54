package bmc

import (
	"fmt"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

const (
	// maxSensorName is the length of an ID string in bytes (section 43.1).
	maxSensorName = 16
	// sensorsFrom is the first of the numbers that the BMC keeps for the sources
	// of its own events.
	sensorsFrom = 0xE0
)

// A Sensor is something a BMC can tell a reading of. All but what Read says stays
// the same for the life of the BMC, because clients keep what they read once of
// the SDR repository.
type Sensor struct {
	Name   string // 2 to 16 bytes of ASCII
	Number uint8  // 1 to DFh
	Type   ipmi.SensorType
	// Reading is how readings are to be understood: ipmi.EventThreshold for a
	// number, any other for up to 15 states.
	Reading ipmi.EventType
	Entity  ipmi.Entity

	// Of a number: its unit, whether it is a percentage, how it is packed into
	// eight bits, and the limits it has.
	Unit    ipmi.Unit
	Percent bool
	Factors ipmi.Factors
	Limits  []Limit

	// Of states: those that can be (bits 0–14), and those whose coming is in the
	// event log.
	States uint16
	Events uint16

	// Read tells it of the BMC's machine. It answers from memory, at once; it is
	// called while a packet is handled and must not call the BMC.
	Read func(Machine) Reading
}

// A Limit is a threshold of a sensor, in the sensor's unit.
type Limit struct {
	Threshold ipmi.Threshold
	Value     float64
}

// A Reading is what a sensor says now. One that is not available, because the
// machine is off or nobody knows, is told to be just that.
type Reading struct {
	Available bool
	Value     float64 // of a number, in the sensor's unit
	States    uint16  // of states: the bits of those that hold
}

// SystemInfo is what Get System Info Parameters tells (section 22.14a). What is
// empty or nil is not supported.
type SystemInfo struct {
	SystemName      string // of the VM
	FirmwareVersion string // of the BMC
	// PrimaryOS is the operating system as installed, OS the one that runs;
	// it answers from memory, at once.
	PrimaryOS string
	OS        func() string
}

// PowerOnHours is what a Machine has that counts how long it was on.
type PowerOnHours interface {
	// PowerOnMinutes returns the minutes since the machine was made. It answers
	// from memory, at once.
	PowerOnMinutes() uint32
}

// maxAssetTag is the length of DCMI's asset tag (DCMI 1.5, section 6.4.2), maxFRU
// what the size of a FRU can tell (section 34.1), both in bytes.
const (
	maxAssetTag = 63
	maxFRU      = 0xFFFF
)

// checkInstruments says what of the instruments the commands could not tell.
func checkInstruments(c *Config) error {
	switch {
	case len(c.AssetTag) > maxAssetTag:
		return fmt.Errorf("asset tag of %d bytes: at most %d", len(c.AssetTag), maxAssetTag)
	case len(c.FRU) > maxFRU:
		return fmt.Errorf("FRU of %d bytes: at most %d", len(c.FRU), maxFRU)
	}
	return nil
}

// supported are the abilities that Get Device ID tells of: for one that is
// claimed, clients read its repository in every session.
func supported(sensors, fru bool) uint8 {
	support := uint8(ipmi.SupportChassis | ipmi.SupportEventReceiver | ipmi.SupportSEL | ipmi.SupportSDRRepository)
	if sensors {
		support |= ipmi.SupportSensor
	}
	if fru {
		support |= ipmi.SupportFRU
	}
	return support
}
