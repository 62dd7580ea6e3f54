package ipmi

import "fmt"

// sensorTypes are the words of table 42-3.
var sensorTypes = map[SensorType]string{
	SensorTemperature:       "Temperature",
	SensorVoltage:           "Voltage",
	SensorCurrent:           "Current",
	SensorProcessor:         "Processor",
	SensorPowerSupply:       "Power Supply",
	SensorPowerUnit:         "Power Unit",
	SensorOtherUnits:        "Other Units",
	SensorMemory:            "Memory",
	SensorDriveSlot:         "Drive Slot",
	SensorEventLog:          "Event Logging",
	SensorSystemEvent:       "System Event",
	SensorCriticalInterrupt: "Critical Interrupt",
	SensorButton:            "Button",
	SensorRestart:           "System Boot Initiated",
	SensorOSBoot:            "OS Boot",
	SensorOSStop:            "OS Stop",
	SensorACPIState:         "ACPI Power State",
	SensorWatchdog:          "Watchdog",
	SensorEntityPresence:    "Entity Presence",
	SensorLAN:               "LAN",
	SensorManagement:        "Management Subsystem Health",
	SensorSessionAudit:      "Session Audit",
	SensorVersionChange:     "Version Change",
}

// String returns the specification's name of the type.
func (t SensorType) String() string {
	if word, ok := sensorTypes[t]; ok {
		return word
	}
	return fmt.Sprintf("sensor type %02Xh", uint8(t))
}

// String returns the unit as it stands behind a number; empty: there is none.
func (u Unit) String() string {
	switch u {
	case UnitNone:
		return ""
	case UnitDegreesC:
		return "°C"
	case UnitWatts:
		return "W"
	case UnitHertz:
		return "Hz"
	case UnitSecond:
		return "s"
	case UnitMinute:
		return "min"
	case UnitHour:
		return "h"
	case UnitDay:
		return "d"
	case UnitMegabyte:
		return "MB"
	case UnitGigabyte:
		return "GB"
	default:
		return fmt.Sprintf("unit %d", uint8(u))
	}
}

// String returns the threshold's name.
func (t Threshold) String() string {
	switch t {
	case LowerNonCritical:
		return "lower non-critical"
	case LowerCritical:
		return "lower critical"
	case LowerNonRecoverable:
		return "lower non-recoverable"
	case UpperNonCritical:
		return "upper non-critical"
	case UpperCritical:
		return "upper critical"
	case UpperNonRecoverable:
		return "upper non-recoverable"
	default:
		return fmt.Sprintf("threshold %d", uint8(t))
	}
}
