package ipmi

import "fmt"

// genericStates are the words for the states of the generic event types (table 42-2),
// by their offset.
var genericStates = map[EventType][]string{
	EventUsage:      {"idle", "active", "busy"},
	EventState:      {"state deasserted", "state asserted"},
	EventPredictive: {"no failure predicted", "failure predicted"},
	EventLimit:      {"limit not exceeded", "limit exceeded"},
	EventSeverity: {"OK", "non-critical", "critical", "non-recoverable", "non-critical again", "critical again",
		"non-recoverable", "monitor", "informational"},
	EventPresence: {"absent", "present"},
	EventEnabled:  {"disabled", "enabled"},
	EventRedundancy: {"fully redundant", "redundancy lost", "redundancy degraded", "not redundant, resources suffice",
		"not redundant, resources suffice again", "not redundant, resources do not suffice",
		"redundancy degraded from full", "redundancy degraded from none"},
}

// specificStates are the words for the states that a sensor type has of its own
// (table 42-3), by their offset.
var specificStates = map[SensorType][]string{
	SensorProcessor: {"IERR", "thermal trip", "self test failed", "hang in POST", "startup failure", "configuration error",
		"uncorrectable error", "present", "disabled", "terminator present", "throttled", "uncorrectable machine check", "correctable machine check"},
	SensorPowerSupply: {"present", "failure", "predictive failure", "input lost", "input lost or out of range",
		"input out of range", "configuration error", "inactive"},
	SensorPowerUnit: {"off", "power cycle", "240 VA power down", "interlock power down", "power lost",
		"soft power control failed", "failure", "predictive failure"},
	SensorMemory: {"correctable error", "uncorrectable error", "parity error", "scrub failed", "device disabled",
		"correctable error logging limit reached", "present", "configuration error", "spare", "throttled", "critical overtemperature"},
	SensorDriveSlot: {"present", "fault", "predictive failure", "hot spare", "consistency check", "in critical array",
		"in failed array", "rebuild in progress", "rebuild aborted"},
	SensorEventLog: {"correctable memory error logging disabled", "event logging disabled", "log cleared",
		"all event logging disabled", "log full", "log almost full", "correctable machine check logging disabled"},
	SensorSystemEvent: {"system reconfigured", "OEM system boot", "undetermined hardware failure",
		"entry added to auxiliary log", "PEF action", "clock synchronized"},
	SensorCriticalInterrupt: {"diagnostic interrupt (NMI)", "bus timeout", "I/O channel check NMI", "software NMI", "PCI PERR",
		"PCI SERR", "fail safe timeout", "correctable bus error", "uncorrectable bus error", "fatal NMI", "fatal bus error", "bus degraded"},
	SensorButton: {"power button pressed", "sleep button pressed", "reset button pressed", "FRU latch open", "FRU service request"},
	SensorRestart: {"started by power up", "started by hard reset", "started by warm reset", "user requested PXE boot",
		"automatic boot to diagnostics", "operating system hard reset", "operating system restart", "system restart"},
	SensorOSBoot: {"booted from A:", "booted from C:", "booted from network", "diagnostics booted", "booted from CD-ROM",
		"booted from ROM", "booted", "OS installation started", "OS installation completed", "OS installation aborted", "OS installation failed"},
	SensorOSStop: {"critical stop while loading", "critical stop", "graceful stop", "graceful shutdown", "soft shutdown by PEF", "agent does not respond"},
	SensorACPIState: {"S0/G0 working", "S1 sleeping", "S2 sleeping", "S3 sleeping", "S4 suspended to disk", "S5/G2 soft off",
		"S4/S5 soft off", "G3 mechanical off", "sleeping", "G1 sleeping", "S5 entered by override", "legacy on", "legacy off", "", "unknown"},
	SensorWatchdog:       {"expired", "hard reset", "power down", "power cycle", "", "", "", "", "interrupt"},
	SensorEntityPresence: {"present", "absent", "disabled"},
	SensorLAN:            {"link lost", "link up"},
	SensorManagement: {"sensor access degraded", "controller access degraded", "controller off line",
		"controller unavailable", "sensor failure", "FRU failure"},
	SensorSessionAudit: {"session activated", "session deactivated", "invalid user name or password", "disabled for invalid passwords"},
	SensorVersionChange: {"hardware changed", "firmware or software changed", "hardware incompatible", "firmware or software incompatible",
		"invalid hardware version", "invalid firmware or software version", "hardware change succeeded", "firmware or software change succeeded"},
}

// StateText says a state of a discrete sensor in words (tables 42-2 and 42-3).
func StateText(sensor SensorType, how EventType, offset uint8) string {
	words := genericStates[how]
	if how == EventSpecific {
		words = specificStates[sensor]
	}
	if int(offset) < len(words) && words[offset] != "" {
		return words[offset]
	}
	return fmt.Sprintf("state %d", offset)
}

// offsetMask is where the offset is in the first byte of event data (table 29-6).
const offsetMask = 0x0F

// Text says in words what an event tells of: a state, or for thresholds which was
// crossed and in which direction (table 42-2).
func (e Event) Text() string {
	offset := e.Data[0] & offsetMask
	if e.Type != EventThreshold {
		return StateText(e.SensorType, e.Type, offset)
	}
	direction := "going low"
	if offset&1 != 0 {
		direction = "going high"
	}
	return Threshold(offset/2).String() + " " + direction
}
