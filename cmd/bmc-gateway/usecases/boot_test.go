package usecases

import (
	"fmt"
	"testing"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/lab"
)

// firstBoot is the kind of the device that a VM's boot order begins with; empty:
// it has none, and the firmware its own.
func firstBoot(l *lab.Lab, vm string) string {
	order := l.VCenter.BootOptions(vm).BootOrder
	if len(order) == 0 {
		return ""
	}
	switch order[0].(type) {
	case *types.VirtualMachineBootOptionsBootableEthernetDevice:
		return "ethernet"
	case *types.VirtualMachineBootOptionsBootableDiskDevice:
		return "disk"
	case *types.VirtualMachineBootOptionsBootableCdromDevice:
		return "cdrom"
	default:
		return "another"
	}
}

// wantBoot waits until a VM's boot order begins with a device.
func wantBoot(t *testing.T, l *lab.Lab, vm, device string) {
	t.Helper()
	eventually(t, fmt.Sprintf("%s boots from %q", vm, device), func() error {
		if got := firstBoot(l, vm); got != device {
			return fmt.Errorf("it boots from %q first", got)
		}
		return nil
	})
}
