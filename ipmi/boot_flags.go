package ipmi

import "fmt"

// BootFlags are the five bytes of boot option parameter 5 (table 28-14), kept
// raw because clients expect to read back what they wrote:
//
//	[0] bit 7 valid, bit 6 persistent, bit 5 EFI
//	[1] bit 7 clear CMOS, bit 6 lock keyboard, bits 5:2 device, bit 1 blank, bit 0 lock reset
//	[2] locks, verbosity, console redirection  [3] overrides  [4] device instance
type BootFlags [5]byte

const (
	bootValid      = 0x80
	bootPersistent = 0x40
	bootEFI        = 0x20
)

// NewBootFlags are valid flags for a device, as consoles write them.
func NewBootFlags(d BootDevice, persistent bool) BootFlags {
	f := BootFlags{bootValid, uint8(d) << 2}
	if persistent {
		f[0] |= bootPersistent
	}
	return f
}

// Valid says that the flags are to be used at the next boot.
func (f BootFlags) Valid() bool { return f[0]&bootValid != 0 }

// Persistent says that they hold for all boots from now on, not for the next one only.
func (f BootFlags) Persistent() bool { return f[0]&bootPersistent != 0 }

// EFI says that the console wants an EFI boot. A VM's firmware is not changed by it.
func (f BootFlags) EFI() bool { return f[0]&bootEFI != 0 }

// Device is the boot device selector.
func (f BootFlags) Device() BootDevice { return BootDevice(f[1] >> 2 & 0x0F) }

// Cleared returns the flags without their valid bit; persistent goes with it,
// because it has no meaning alone (section 28.12, note on the valid bit).
func (f BootFlags) Cleared() BootFlags {
	f[0] &^= bootValid | bootPersistent
	return f
}

// Marked returns the flags with their valid bit.
func (f BootFlags) Marked() BootFlags {
	f[0] |= bootValid
	return f
}

// String describes the flags in words, "pxe, next boot only".
func (f BootFlags) String() string {
	switch {
	case !f.Valid():
		return "none"
	case f.Persistent():
		return f.Device().String() + ", every boot"
	default:
		return f.Device().String() + ", next boot only"
	}
}

// A BootDevice is a boot device selector (table 28-14, data 2 bits 5:2).
type BootDevice uint8

// The selectors; the others are reserved.
const (
	BootNoOverride   BootDevice = 0x0
	BootPXE          BootDevice = 0x1
	BootDisk         BootDevice = 0x2
	BootDiskSafe     BootDevice = 0x3
	BootDiagnostic   BootDevice = 0x4
	BootCDROM        BootDevice = 0x5
	BootSetup        BootDevice = 0x6
	BootRemoteFloppy BootDevice = 0x7
	BootRemoteCDROM  BootDevice = 0x8
	BootRemoteMedia  BootDevice = 0x9
	BootRemoteDisk   BootDevice = 0xB
	BootFloppy       BootDevice = 0xF
)

// Reserved says that the selector has no meaning in the specification.
func (d BootDevice) Reserved() bool {
	return d == 0xA || d == 0xC || d == 0xD || d == 0xE || d > BootFloppy
}

// String returns the word ipmitool has for the device.
func (d BootDevice) String() string {
	switch d {
	case BootNoOverride:
		return "none"
	case BootPXE:
		return "pxe"
	case BootDisk:
		return "disk"
	case BootDiskSafe:
		return "safe"
	case BootDiagnostic:
		return "diag"
	case BootCDROM:
		return "cdrom"
	case BootSetup:
		return "bios"
	case BootRemoteFloppy:
		return "remote floppy"
	case BootRemoteCDROM:
		return "remote cdrom"
	case BootRemoteMedia:
		return "remote media"
	case BootRemoteDisk:
		return "remote disk"
	case BootFloppy:
		return "floppy"
	default:
		return fmt.Sprintf("boot device %d", uint8(d))
	}
}
