package gateway

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

const (
	vendor = "VMware, Inc."
	// maxField is the longest text of a FRU area in bytes (FRU Information Storage
	// Definition 1.0, section 13).
	maxField = 63
	// pathWithin is how long the start of a BMC waits for the names of folders.
	pathWithin = 2 * time.Second
)

// fru is the inventory of a VM as it is when its BMC starts. path may be empty.
//
//	chassis  hardware version, BIOS UUID
//	board    hardware version, BIOS UUID, CPUs, memory, firmware
//	product  name, hardware version, configured system, instance UUID, managed object, path, vCenter
func fru(vm inventory.VM, facts vsphere.Facts, efi bool, path, vcenter string) ipmi.FRU {
	firmware := "BIOS"
	if efi {
		firmware = "EFI"
	}
	f := ipmi.FRU{
		Chassis: ipmi.FRUChassis{PartNumber: facts.Hardware, Serial: vm.BIOSUUID},
		Board: ipmi.FRUBoard{
			Manufacturer: vendor, Name: "virtual machine", Serial: vm.BIOSUUID, PartNumber: facts.Hardware,
			Custom: []string{fmt.Sprintf("%d CPUs", facts.CPUs), fmt.Sprintf("%d MB", facts.MemoryMB), firmware},
		},
		Product: ipmi.FRUProduct{
			Manufacturer: vendor, Name: ascii(vm.Name), PartNumber: facts.Hardware, Version: ascii(facts.OS),
			Serial: vm.Key.VM, AssetTag: vm.Ref,
			Custom: []string{"vCenter " + ascii(vcenter)},
		},
	}
	if path != "" {
		f.Product.Custom = append([]string{tail(ascii(path))}, f.Product.Custom...)
	}
	return f
}

// ascii replaces what a FRU area cannot hold.
func ascii(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
}

// tail cuts a path that is too long at its front: its end says which VM it is.
func tail(path string) string {
	const cut = "..."
	if len(path) <= maxField {
		return path
	}
	return cut + path[len(path)-maxField+len(cut):]
}

// describeVM fills in what the BMC tells of its VM. What vCenter does not say now
// is left out.
func (t *tenant) describeVM(c *bmc.Config, ep *endpoint) error {
	facts, err := t.vc().Facts(ep.vm().Key)
	t.logIf(err, "the VM's configuration is not known", ep)
	state, _ := t.vc().State(ep.vm().Key)
	ctx, cancel := context.WithTimeout(context.Background(), pathWithin)
	defer cancel()
	path, err := t.vc().Path(ctx, ep.vm().Key)
	t.logIf(err, "the VM's inventory path is not known", ep)
	if c.FRU, err = ipmi.AppendFRU(nil, fru(ep.vm(), facts, state.EFI, path, t.config().VCenter)); err != nil {
		return err
	}
	c.AssetTag = ascii(ep.vm().Name)[:min(len(ascii(ep.vm().Name)), maxField)]
	c.SystemInfo = bmc.SystemInfo{
		SystemName:      ep.vm().Name,
		FirmwareVersion: "bmc-gateway " + t.version.Text,
		PrimaryOS:       facts.OS,
		OS:              func() string { return guestOS(t.vc(), ep.machine.key) },
	}
	return nil
}

// guestOS is the system that runs, as VMware Tools found it.
func guestOS(vc *vsphere.VCenter, key inventory.Key) string {
	facts, err := vc.Facts(key)
	if err != nil {
		return ""
	}
	return facts.GuestOS
}
