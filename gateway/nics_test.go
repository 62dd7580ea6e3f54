package gateway

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// carded waits until the network cards of all VMs that have a BMC are known: the last
// of what a start asks for of each.
func (l *lab) carded(t *testing.T) {
	t.Helper()
	within(t, 5*time.Minute, "network cards", func() error {
		for _, b := range l.gw.BMCs() {
			if len(b.VM.NICs) == 0 {
				return fmt.Errorf("none of %s", b.Name)
			}
		}
		return nil
	})
}

func TestBMCTellsNetworkCards(t *testing.T) {
	vc, l, _, _ := oneVM(t)
	l.carded(t)
	var want []string
	if err := vc.Edit(vm, func(vm *mo.VirtualMachine) {
		for _, d := range vm.Config.Hardware.Device {
			if d, ok := d.(types.BaseVirtualEthernetCard); ok {
				want = append(want, d.GetVirtualEthernetCard().MacAddress)
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	b := l.ready(t, vm)
	if b.VM.Firmware != "bios" {
		t.Errorf("firmware %q", b.VM.Firmware)
	}
	if err := vc.Edit(vm, func(vm *mo.VirtualMachine) { vm.Config.Firmware = "efi" }); err != nil {
		t.Fatal(err)
	}
	eventually(t, "EFI", func() error {
		if got := l.ready(t, vm).VM.Firmware; got != "efi" {
			return fmt.Errorf("firmware %q", got)
		}
		return nil
	})
	if len(want) != 1 || !slices.Equal(b.VM.NICs, want) {
		t.Errorf("got %q, want %q", b.VM.NICs, want)
	}
}
