package ipmi

const (
	capabilityIntrusion  = 0x01
	capabilityLockout    = 0x02
	capabilityDiagnostic = 0x04
	capabilityInterlock  = 0x08
)

// ChassisCapabilities is the answer to Get Chassis Capabilities (section 28.1):
//
//	[0] bit 3 power interlock, bit 2 diagnostic interrupt, bit 1 front panel lockout, bit 0 intrusion sensor
//	then the addresses of  [1] FRU  [2] SDR  [3] SEL  [4] system management  [5] bridge
//
// All the addresses are the BMC's own, for there is no other controller.
type ChassisCapabilities struct {
	Interlock           bool
	DiagnosticInterrupt bool // the NMI of Chassis Control "diag"
	FrontPanelLockout   bool
	Intrusion           bool
}

// AppendChassisCapabilities appends the six bytes after the completion code.
func AppendChassisCapabilities(dst []byte, c ChassisCapabilities) []byte {
	return append(dst,
		flag(c.Interlock, capabilityInterlock)|flag(c.DiagnosticInterrupt, capabilityDiagnostic)|
			flag(c.FrontPanelLockout, capabilityLockout)|flag(c.Intrusion, capabilityIntrusion),
		AddressBMC, AddressBMC, AddressBMC, AddressBMC, AddressBMC)
}
