package vsphere

import "fmt"

// A BootDevice is a kind of device a VM can be told to boot from first.
type BootDevice uint8

// The boot devices. The zero value is none.
const (
	_           BootDevice = iota
	BootNetwork            // all network cards, in key order
	BootDisk               // all disks, in key order
	BootCDROM
	BootFloppy
	BootSetup // the firmware's setup, once: vSphere's enterBIOSSetup
)

// String returns vSphere's word for the device.
func (d BootDevice) String() string {
	switch d {
	case BootNetwork:
		return "ethernet"
	case BootDisk:
		return "disk"
	case BootCDROM:
		return "cdrom"
	case BootFloppy:
		return "floppy"
	case BootSetup:
		return "setup"
	default:
		return fmt.Sprintf("BootDevice(%d)", uint8(d))
	}
}

// A BootConfig is how a VM boots, in the form that is kept to be put back.
type BootConfig struct {
	Order      []BootItem `json:"order,omitempty"` // empty: the firmware's own order
	EnterSetup bool       `json:"enter_setup,omitempty"`
}

// A BootItem is one device of a boot order.
type BootItem struct {
	Kind string `json:"kind"`          // "ethernet", "disk", "cdrom" or "floppy"
	Key  int32  `json:"key,omitempty"` // device key; 0 for cdrom and floppy
}
