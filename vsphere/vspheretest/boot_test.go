package vspheretest_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

func TestBootOptionsAreMerged(t *testing.T) {
	v := start(t, vspheretest.Config{VMs: 1})
	c := login(t, v)
	vm := vmOf(c, v, "vc-vm-01")
	devices, err := vm.Device(t.Context())
	must(t, err)
	order := devices.BootOrder([]string{"ethernet", "disk", "cdrom"})
	if len(order) != 3 {
		t.Fatalf("boot order of a new VM's devices has %d items, want network card, disk and CD-ROM", len(order))
	}
	yes, no := types.NewBool(true), types.NewBool(false)
	for _, step := range []struct {
		name   string
		change types.VirtualMachineBootOptions
		fault  types.BaseMethodFault
		want   types.VirtualMachineBootOptions
	}{
		{"order", types.VirtualMachineBootOptions{BootOrder: order}, nil, types.VirtualMachineBootOptions{BootOrder: order}},
		{"delay keeps order", types.VirtualMachineBootOptions{BootDelay: 500}, nil,
			types.VirtualMachineBootOptions{BootOrder: order, BootDelay: 500}},
		{"setup keeps both", types.VirtualMachineBootOptions{EnterBIOSSetup: yes}, nil,
			types.VirtualMachineBootOptions{BootOrder: order, BootDelay: 500, EnterBIOSSetup: yes}},
		{"unknown device", types.VirtualMachineBootOptions{
			BootDelay: 9,
			BootOrder: []types.BaseVirtualMachineBootOptionsBootableDevice{
				&types.VirtualMachineBootOptionsBootableEthernetDevice{DeviceKey: 99999},
			},
		}, &types.InvalidDeviceSpec{}, types.VirtualMachineBootOptions{BootOrder: order, BootDelay: 500, EnterBIOSSetup: yes}},
		{"setup off", types.VirtualMachineBootOptions{EnterBIOSSetup: no}, nil,
			types.VirtualMachineBootOptions{BootOrder: order, BootDelay: 500, EnterBIOSSetup: no}},
		{"bare device clears", types.VirtualMachineBootOptions{BootOrder: devices.BootOrder([]string{object.DeviceTypeNone})}, nil,
			types.VirtualMachineBootOptions{BootDelay: 500, EnterBIOSSetup: no}},
	} {
		t.Run(step.name, func(t *testing.T) {
			task, err := vm.Reconfigure(t.Context(), types.VirtualMachineConfigSpec{BootOptions: &step.change})
			err = finish(t, task, err)
			if step.fault == nil && err != nil || step.fault != nil && !fault.Is(err, step.fault) {
				t.Errorf("error %v, want fault %T", err, step.fault)
			}
			if diff := cmp.Diff(step.want, v.BootOptions("vc-vm-01")); diff != "" {
				t.Errorf("boot options (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSetupIsEnteredOnce(t *testing.T) {
	v := start(t, vspheretest.Config{VMs: 1})
	c := login(t, v)
	must(t, v.SetPower("vc-vm-01", off))
	vm := vmOf(c, v, "vc-vm-01")
	task, err := vm.Reconfigure(t.Context(), types.VirtualMachineConfigSpec{
		Annotation:  "with the simulator's own part",
		BootOptions: &types.VirtualMachineBootOptions{EnterBIOSSetup: types.NewBool(true)},
	})
	must(t, finish(t, task, err))
	if got := v.BootOptions("vc-vm-01").EnterBIOSSetup; got == nil || !*got {
		t.Fatal("enterBIOSSetup is not set")
	}
	task, err = vm.PowerOn(t.Context())
	must(t, finish(t, task, err))
	if got := v.BootOptions("vc-vm-01").EnterBIOSSetup; got == nil || *got {
		t.Error("enterBIOSSetup is still set after power on")
	}
}
