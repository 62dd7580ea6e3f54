package ipmi

// An ACPISystemState is the system's part of the ACPI power state (section 20.7).
type ACPISystemState uint8

// The system states that a virtual machine has, and "no change" of Set ACPI Power State.
const (
	ACPIWorking        ACPISystemState = 0x00 // S0/G0
	ACPISuspendToDisk  ACPISystemState = 0x04 // S4
	ACPISoftOff        ACPISystemState = 0x05 // S5/G2
	ACPISystemNoChange ACPISystemState = 0x7F
)

// An ACPIDeviceState is the device's part of the ACPI power state (section 20.7).
type ACPIDeviceState uint8

// The device states that a virtual machine has, and "no change" of Set ACPI Power State.
const (
	ACPIDeviceOn       ACPIDeviceState = 0x00 // D0
	ACPIDeviceOff      ACPIDeviceState = 0x03 // D3
	ACPIDeviceNoChange ACPIDeviceState = 0x7F
)

const (
	acpiSet       = 0x80
	acpiStateMask = 0x7F
)

// ParseSetACPIRequest reads the request of Set ACPI Power State (section 20.6):
//
//	[0] bit 7 set, bits 6:0 system state  [1] bit 7 set, bits 6:0 device state
//
// A state that is not to be set is "no change". The error is a CompletionCode.
func ParseSetACPIRequest(data []byte) (ACPISystemState, ACPIDeviceState, error) {
	if len(data) != 2 {
		return 0, 0, InvalidLength
	}
	system, device := ACPISystemNoChange, ACPIDeviceNoChange
	if data[0]&acpiSet != 0 {
		system = ACPISystemState(data[0] & acpiStateMask)
	}
	if data[1]&acpiSet != 0 {
		device = ACPIDeviceState(data[1] & acpiStateMask)
	}
	return system, device, nil
}

// AppendACPI appends the two bytes of Get ACPI Power State after the completion
// code (section 20.7): the system state and the device state.
func AppendACPI(dst []byte, system ACPISystemState, device ACPIDeviceState) []byte {
	return append(dst, byte(system)&acpiStateMask, byte(device)&acpiStateMask)
}
