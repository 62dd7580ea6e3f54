package ipmi

// A RestorePolicy is what the system does when power returns (section 28.2).
type RestorePolicy uint8

// The power restore policies.
const (
	RestoreStayOff  RestorePolicy = 0
	RestorePrevious RestorePolicy = 1
	RestoreAlwaysOn RestorePolicy = 2
	RestoreUnknown  RestorePolicy = 3
)

// An IdentifyState is what the chassis' identify light does (section 28.2).
type IdentifyState uint8

// The identify states.
const (
	IdentifyOff        IdentifyState = 0
	IdentifyTimed      IdentifyState = 1
	IdentifyIndefinite IdentifyState = 2
)

const (
	chassisStatusSize = 3

	chassisOn           = 0x01
	chassisOverload     = 0x02
	chassisInterlock    = 0x04
	chassisFault        = 0x08
	chassisControlFault = 0x10

	lastEventIPMI = 0x10

	identifySupported = 0x40
)

// A ChassisStatus is the answer to Get Chassis Status (section 28.2):
//
//	[0] bits 6:5 restore policy, bit 4 control fault, bit 3 fault, bit 2 interlock, bit 1 overload, bit 0 on
//	[1] last power event: bit 4 turned on by a command  [2] bit 6 identify supported, bits 5:4 identify state
//
// A fourth byte about front panel buttons is optional and not sent: a VM has none.
type ChassisStatus struct {
	On            bool
	Overload      bool
	Interlock     bool
	Fault         bool // main power
	ControlFault  bool // the system did not follow a power command
	RestorePolicy RestorePolicy

	LastOnByIPMI bool // the last power-on came from an IPMI command

	IdentifySupported bool // false: Identify is not sent
	Identify          IdentifyState
}

// AppendChassisStatus appends the three bytes after the completion code.
func AppendChassisStatus(dst []byte, s ChassisStatus) []byte {
	state := byte(s.RestorePolicy&3)<<5 | flag(s.ControlFault, chassisControlFault) | flag(s.Fault, chassisFault) |
		flag(s.Interlock, chassisInterlock) | flag(s.Overload, chassisOverload) | flag(s.On, chassisOn)
	var misc byte
	if s.IdentifySupported {
		misc = identifySupported | byte(s.Identify&3)<<4
	}
	return append(dst, state, flag(s.LastOnByIPMI, lastEventIPMI), misc)
}

// ParseChassisStatus reads the data after the completion code, with or without
// the optional fourth byte.
func ParseChassisStatus(b []byte) (ChassisStatus, error) {
	if len(b) < chassisStatusSize {
		return ChassisStatus{}, ErrShort
	}
	s := ChassisStatus{
		On:                b[0]&chassisOn != 0,
		Overload:          b[0]&chassisOverload != 0,
		Interlock:         b[0]&chassisInterlock != 0,
		Fault:             b[0]&chassisFault != 0,
		ControlFault:      b[0]&chassisControlFault != 0,
		RestorePolicy:     RestorePolicy(b[0] >> 5 & 3),
		LastOnByIPMI:      b[1]&lastEventIPMI != 0,
		IdentifySupported: b[2]&identifySupported != 0,
	}
	if s.IdentifySupported {
		s.Identify = IdentifyState(b[2] >> 4 & 3)
	}
	return s, nil
}
