package gateway

import (
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

// The numbers of the sensors. Clients and logs know sensors by them, so a number
// keeps its meaning for ever.
const (
	sensorACPI       = 0x01
	sensorPowerUnit  = 0x02
	sensorRedundancy = 0x03
	sensorHeartbeat  = 0x04
	sensorTools      = 0x05
	sensorCPU        = 0x06
	sensorMemory     = 0x07
	sensorUptime     = 0x08
	sensorVCenter    = 0x09
	sensorOSStop     = 0x0A
	sensorRestart    = 0x0B
	sensorSystem     = 0x0C
)

// The offsets of their states (tables 42-2 and 42-3).
const (
	acpiWorking, acpiSuspended, acpiSoftOff = 0, 4, 5 // S0, S4, S5

	unitOff, unitPowerLost, unitSoftFailure, unitFailure = 0, 4, 5, 6

	redundancyFull, redundancyLost = 0, 1

	severityOK, severityWarning, severityCritical = 0, 1, 2

	toolsDisabled, toolsEnabled = 0, 1

	controllerUnavailable = 1

	stopRunTime, stopGraceful = 1, 3

	restartHard, restartOSWarm, restartSystem = 1, 6, 7

	systemReconfigured, systemUndetermined = 0, 2
)

// Of what a VM may use, this much is worth a look, and this much trouble; percent.
const (
	usageWarning  = 90
	usageCritical = 98
)

// sensorsMade is when the list below was last changed; clients keep its records
// until it does.
func sensorsMade() time.Time { return time.Date(2026, time.November, 21, 0, 0, 0, 0, time.UTC) }

// vmSensors is what can be read of every VM. The last three have events and no
// state: they give the entries of the event log their names.
func vmSensors() []bmc.Sensor {
	power := ipmi.Entity{ID: ipmi.EntityPowerUnit, Instance: 1}
	board := ipmi.Entity{ID: ipmi.EntitySystemBoard, Instance: 1}
	os := ipmi.Entity{ID: ipmi.EntityOS, Instance: 1}
	cpu := ipmi.Entity{ID: ipmi.EntityProcessor, Instance: 1}
	memory := ipmi.Entity{ID: ipmi.EntityMemory, Instance: 1}
	controller := ipmi.Entity{ID: ipmi.EntityController, Instance: 1}
	return []bmc.Sensor{
		states("ACPI State", sensorACPI, ipmi.SensorACPIState, ipmi.EventSpecific, board, (*machine).readACPI, acpiWorking, acpiSuspended, acpiSoftOff),
		states("Power Unit", sensorPowerUnit, ipmi.SensorPowerUnit, ipmi.EventSpecific, power, (*machine).readPowerUnit, unitOff, unitPowerLost, unitSoftFailure, unitFailure),
		silenced(states("PS Redundancy", sensorRedundancy, ipmi.SensorPowerUnit, ipmi.EventRedundancy, power, readRedundancy, redundancyFull, redundancyLost)),
		silenced(states("OS Heartbeat", sensorHeartbeat, ipmi.SensorManagement, ipmi.EventSeverity, os, (*machine).readHeartbeat, severityOK, severityWarning, severityCritical)),
		silenced(states("VMware Tools", sensorTools, ipmi.SensorManagement, ipmi.EventEnabled, os, (*machine).readTools, toolsDisabled, toolsEnabled)),
		usage("CPU Usage", sensorCPU, ipmi.SensorProcessor, cpu, (*machine).readCPU),
		usage("Memory Usage", sensorMemory, ipmi.SensorMemory, memory, (*machine).readMemory),
		{
			Name: "Uptime", Number: sensorUptime, Type: ipmi.SensorOtherUnits, Reading: ipmi.EventThreshold, Entity: os,
			Unit: ipmi.UnitDay, Read: reads((*machine).readUptime),
		},
		silenced(states("vCenter", sensorVCenter, ipmi.SensorManagement, ipmi.EventSpecific, controller, (*machine).readVCenter, controllerUnavailable)),
		states("OS Stop", sensorOSStop, ipmi.SensorOSStop, ipmi.EventSpecific, os, readNothing, stopRunTime, stopGraceful),
		states("Restart", sensorRestart, ipmi.SensorRestart, ipmi.EventSpecific, board, readNothing, restartHard, restartOSWarm, restartSystem),
		states("System Event", sensorSystem, ipmi.SensorSystemEvent, ipmi.EventSpecific, board, readNothing, systemReconfigured, systemUndetermined),
	}
}

// states is a sensor that reads states, all of which are events as well.
func states(name string, number uint8, kind ipmi.SensorType, how ipmi.EventType, of ipmi.Entity, read func(*machine) bmc.Reading, offsets ...uint) bmc.Sensor {
	var mask uint16
	for _, o := range offsets {
		mask |= 1 << o
	}
	return bmc.Sensor{Name: name, Number: number, Type: kind, Reading: how, Entity: of, States: mask, Events: mask, Read: reads(read)}
}

// silenced is a sensor whose states are no events.
func silenced(s bmc.Sensor) bmc.Sensor {
	s.Events = 0
	return s
}

// usage is a sensor that reads percents.
func usage(name string, number uint8, kind ipmi.SensorType, of ipmi.Entity, read func(*machine) bmc.Reading) bmc.Sensor {
	return bmc.Sensor{
		Name: name, Number: number, Type: kind, Reading: ipmi.EventThreshold, Entity: of, Percent: true, Read: reads(read),
		Limits: []bmc.Limit{
			{Threshold: ipmi.UpperNonCritical, Value: usageWarning},
			{Threshold: ipmi.UpperCritical, Value: usageCritical},
		},
	}
}

// reads is how a sensor that all VMs have reads that of one of them.
func reads(read func(*machine) bmc.Reading) func(bmc.Machine) bmc.Reading {
	return func(m bmc.Machine) bmc.Reading { return read(m.(*machine)) }
}

func holding(offset uint) bmc.Reading { return bmc.Reading{Available: true, States: 1 << offset} }

// nothingHolds is a reading without any state.
func nothingHolds() bmc.Reading { return bmc.Reading{Available: true} }

// readRedundancy: a VM has no second power supply, and none to lose either.
func readRedundancy(*machine) bmc.Reading { return bmc.Reading{} }

// readNothing is for what has events only.
func readNothing(*machine) bmc.Reading { return nothingHolds() }

func (m *machine) readACPI() bmc.Reading {
	s, err := m.vc().State(m.key)
	switch {
	case err != nil:
		return bmc.Reading{}
	case s.Power == vsphere.PoweredOn:
		return holding(acpiWorking)
	case s.Power == vsphere.Suspended:
		return holding(acpiSuspended)
	default:
		return holding(acpiSoftOff)
	}
}

func (m *machine) readPowerUnit() bmc.Reading {
	s, err := m.vc().State(m.key)
	switch {
	case err != nil:
		return bmc.Reading{}
	case s.Power == vsphere.PoweredOff:
		return holding(unitOff)
	default:
		return nothingHolds()
	}
}

func (m *machine) readHeartbeat() bmc.Reading {
	s, err := m.vc().State(m.key)
	if err != nil || s.Power != vsphere.PoweredOn {
		return bmc.Reading{}
	}
	switch s.Heartbeat {
	case vsphere.HeartbeatGreen:
		return holding(severityOK)
	case vsphere.HeartbeatYellow:
		return holding(severityWarning)
	case vsphere.HeartbeatRed:
		return holding(severityCritical)
	default:
		return bmc.Reading{}
	}
}

func (m *machine) readTools() bmc.Reading {
	s, err := m.vc().State(m.key)
	switch {
	case err != nil || s.Power != vsphere.PoweredOn:
		return bmc.Reading{}
	case s.Tools:
		return holding(toolsEnabled)
	default:
		return holding(toolsDisabled)
	}
}

// readVCenter tells whether what this BMC says of its VM has somebody to vouch
// for it: the connection to vCenter, and vCenter's to the VM's host.
func (m *machine) readVCenter() bmc.Reading {
	if _, err := m.vc().State(m.key); err != nil || !m.vc().Connected() {
		return holding(controllerUnavailable)
	}
	return nothingHolds()
}

func (m *machine) readUptime() bmc.Reading {
	s, err := m.vc().State(m.key)
	if err != nil || s.Power != vsphere.PoweredOn || s.BootTime.IsZero() {
		return bmc.Reading{}
	}
	return bmc.Reading{Available: true, Value: max(0, time.Since(s.BootTime).Hours()/24)}
}

func (m *machine) readCPU() bmc.Reading {
	return m.readStats(func(s vsphere.Stats) (part, whole int) { return s.CPUUsage, s.CPUCapacity })
}

func (m *machine) readMemory() bmc.Reading {
	return m.readStats(func(s vsphere.Stats) (part, whole int) { return s.GuestMemory, s.MemorySize })
}

// readStats reads how much of something is used. Asking for it is what keeps the
// statistics coming.
func (m *machine) readStats(of func(vsphere.Stats) (part, whole int)) bmc.Reading {
	stats, ok := m.vc().Stats(m.key)
	if !ok || !m.onSince(stats.At) {
		return bmc.Reading{}
	}
	part, whole := of(stats)
	if whole <= 0 {
		return bmc.Reading{}
	}
	return bmc.Reading{Available: true, Value: 100 * float64(part) / float64(whole)}
}

// watts is DCMI's power reading.
func (m *machine) watts() (uint16, bool) {
	w, ok := m.vc().Watts(m.key)
	if !ok || !m.onSince(w.At) {
		return 0, false
	}
	return uint16(min(max(w.Draw, 0), 0xFFFF)), true
}

// onSince reports whether the VM is on, and was when something was measured: what
// it used before it was off says nothing of what it uses now.
func (m *machine) onSince(measured time.Time) bool {
	s, err := m.vc().State(m.key)
	return err == nil && s.Power == vsphere.PoweredOn && !measured.Before(s.Since)
}
