package vsphere

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/vmware/govmomi/vim25/types"
)

type bootable = types.BaseVirtualMachineBootOptionsBootableDevice

// withDevice returns a copy of the boot options that tries dev first and then
// what they tried before, each device once. ErrNoDevice when the VM has no such
// device. It always returns a whole copy: a server may take what is left out for
// cleared.
func withDevice(now types.VirtualMachineBootOptions, devices []types.BaseVirtualDevice, dev BootDevice) (types.VirtualMachineBootOptions, error) {
	setup := dev == BootSetup
	now.EnterBIOSSetup = &setup
	if setup {
		return now, nil
	}
	first := bootItems(devices, dev)
	if len(first) == 0 {
		return now, fmt.Errorf("%w: %s", ErrNoDevice, dev)
	}
	order := first
	for _, item := range items(now.BootOrder) {
		if !slices.Contains(order, item) {
			order = append(order, item)
		}
	}
	now.BootOrder = fromItems(order)
	return now, nil
}

// withConfig returns a copy of the boot options with what b kept put back.
// Devices that the VM has lost since are left out.
func withConfig(now types.VirtualMachineBootOptions, devices []types.BaseVirtualDevice, b BootConfig) types.VirtualMachineBootOptions {
	var have []BootItem
	for _, dev := range []BootDevice{BootNetwork, BootDisk, BootCDROM, BootFloppy} {
		have = append(have, bootItems(devices, dev)...)
	}
	var order []BootItem
	for _, item := range b.Order {
		if slices.Contains(have, item) {
			order = append(order, item)
		}
	}
	now.BootOrder = fromItems(order)
	if len(order) == 0 {
		// An empty list leaves the order as it is; one nameless device clears it.
		now.BootOrder = []bootable{&types.VirtualMachineBootOptionsBootableDevice{}}
	}
	now.EnterBIOSSetup = &b.EnterSetup
	return now
}

// bootItems returns the VM's devices of a kind in key order. CD-ROM and floppy
// have no key: the firmware takes the first with something in it.
func bootItems(devices []types.BaseVirtualDevice, dev BootDevice) []BootItem {
	var found []BootItem
	for _, d := range devices {
		switch d := d.(type) {
		case types.BaseVirtualEthernetCard:
			if dev == BootNetwork {
				found = append(found, BootItem{Kind: "ethernet", Key: d.GetVirtualEthernetCard().Key})
			}
		case *types.VirtualDisk:
			if dev == BootDisk {
				found = append(found, BootItem{Kind: "disk", Key: d.Key})
			}
		case *types.VirtualCdrom:
			if dev == BootCDROM && len(found) == 0 {
				found = append(found, BootItem{Kind: "cdrom"})
			}
		case *types.VirtualFloppy:
			if dev == BootFloppy && len(found) == 0 {
				found = append(found, BootItem{Kind: "floppy"})
			}
		}
	}
	slices.SortFunc(found, func(a, b BootItem) int { return cmp.Compare(a.Key, b.Key) })
	return found
}

// items turns vSphere's boot order into ours; the nameless device that clears an
// order is none.
func items(order []bootable) []BootItem {
	var list []BootItem
	for _, d := range order {
		switch d := d.(type) {
		case *types.VirtualMachineBootOptionsBootableEthernetDevice:
			list = append(list, BootItem{Kind: "ethernet", Key: d.DeviceKey})
		case *types.VirtualMachineBootOptionsBootableDiskDevice:
			list = append(list, BootItem{Kind: "disk", Key: d.DeviceKey})
		case *types.VirtualMachineBootOptionsBootableCdromDevice:
			list = append(list, BootItem{Kind: "cdrom"})
		case *types.VirtualMachineBootOptionsBootableFloppyDevice:
			list = append(list, BootItem{Kind: "floppy"})
		}
	}
	return list
}

func fromItems(list []BootItem) []bootable {
	var order []bootable
	for _, item := range list {
		switch item.Kind {
		case "ethernet":
			order = append(order, &types.VirtualMachineBootOptionsBootableEthernetDevice{DeviceKey: item.Key})
		case "disk":
			order = append(order, &types.VirtualMachineBootOptionsBootableDiskDevice{DeviceKey: item.Key})
		case "cdrom":
			order = append(order, &types.VirtualMachineBootOptionsBootableCdromDevice{})
		case "floppy":
			order = append(order, &types.VirtualMachineBootOptionsBootableFloppyDevice{})
		}
	}
	return order
}
