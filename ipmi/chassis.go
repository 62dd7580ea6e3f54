package ipmi

import "fmt"

// A ChassisControl is the action of the Chassis Control command (section 28.3).
type ChassisControl uint8

// The actions.
const (
	ChassisPowerDown  ChassisControl = 0
	ChassisPowerUp    ChassisControl = 1
	ChassisPowerCycle ChassisControl = 2
	ChassisHardReset  ChassisControl = 3
	ChassisDiagnostic ChassisControl = 4
	ChassisSoftOff    ChassisControl = 5
)

// String returns the word ipmitool has for the action.
func (c ChassisControl) String() string {
	switch c {
	case ChassisPowerDown:
		return "off"
	case ChassisPowerUp:
		return "on"
	case ChassisPowerCycle:
		return "cycle"
	case ChassisHardReset:
		return "reset"
	case ChassisDiagnostic:
		return "diag"
	case ChassisSoftOff:
		return "soft"
	default:
		return fmt.Sprintf("chassis control %d", uint8(c))
	}
}

// ParseChassisControl reads the request of Chassis Control: one byte, bits 3:0
// the action. The error is a CompletionCode.
func ParseChassisControl(data []byte) (ChassisControl, error) {
	if len(data) != 1 {
		return 0, InvalidLength
	}
	c := ChassisControl(data[0] & 0x0F)
	if c > ChassisSoftOff {
		return 0, InvalidField
	}
	return c, nil
}
