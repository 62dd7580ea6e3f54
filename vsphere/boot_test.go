package vsphere

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
	"github.com/google/go-cmp/cmp"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

func device(key int32) types.VirtualDevice { return types.VirtualDevice{Key: key} }

func nic(key int32) *types.VirtualVmxnet3 {
	n := new(types.VirtualVmxnet3)
	n.Key = key
	return n
}

var bootDevices = []types.BaseVirtualDevice{
	nic(4001),
	&types.VirtualDisk{VirtualDevice: device(2000)},
	nic(4000),
	&types.VirtualCdrom{VirtualDevice: device(3001)},
	&types.VirtualCdrom{VirtualDevice: device(3000)},
	&types.VirtualDisk{VirtualDevice: device(2001)},
	&types.VirtualKeyboard{VirtualDevice: device(600)},
}

var (
	nic0, nic1   = BootItem{"ethernet", 4000}, BootItem{"ethernet", 4001}
	disk0, disk1 = BootItem{"disk", 2000}, BootItem{"disk", 2001}
	cdrom        = BootItem{Kind: "cdrom"}
)

func TestWithDevice(t *testing.T) {
	tests := []struct {
		name      string
		before    []BootItem
		dev       BootDevice
		want      []BootItem
		wantSetup bool
	}{
		{"network in key order", nil, BootNetwork, []BootItem{nic0, nic1}, false},
		{"disks before what was", []BootItem{nic0}, BootDisk, []BootItem{disk0, disk1, nic0}, false},
		{"no device twice", []BootItem{disk1, nic1, cdrom}, BootNetwork, []BootItem{nic0, nic1, disk1, cdrom}, false},
		{"one CD-ROM for all drives", []BootItem{disk0}, BootCDROM, []BootItem{cdrom, disk0}, false},
		{"the same again changes nothing", []BootItem{cdrom, disk0}, BootCDROM, []BootItem{cdrom, disk0}, false},
		{"setup leaves the order", []BootItem{disk0, nic0}, BootSetup, []BootItem{disk0, nic0}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			yes := true
			before := types.VirtualMachineBootOptions{
				BootDelay: 5000, BootRetryEnabled: &yes, NetworkBootProtocol: "ipv6", BootOrder: fromItems(tt.before),
			}
			got, err := withDevice(before, bootDevices, tt.dev)
			must(t, err)
			if d := cmp.Diff(tt.want, items(got.BootOrder)); d != "" {
				t.Errorf("order -want +got:\n%s", d)
			}
			if *got.EnterBIOSSetup != tt.wantSetup {
				t.Errorf("EnterBIOSSetup = %v", *got.EnterBIOSSetup)
			}
			if got.BootDelay != 5000 || got.BootRetryEnabled != &yes || got.NetworkBootProtocol != "ipv6" {
				t.Errorf("the rest of the options was lost: %+v", got)
			}
			if d := cmp.Diff(tt.before, items(before.BootOrder)); d != "" {
				t.Errorf("the argument was changed:\n%s", d)
			}
		})
	}
}

func TestWithDeviceMissing(t *testing.T) {
	if _, err := withDevice(types.VirtualMachineBootOptions{}, bootDevices, BootFloppy); !errors.Is(err, ErrState) {
		t.Errorf("err = %v, want ErrState", err)
	}
}

func TestWithConfig(t *testing.T) {
	nameless := []bootable{&types.VirtualMachineBootOptionsBootableDevice{}}
	tests := []struct {
		name string
		kept BootConfig
		want []bootable
	}{
		{"as it was", BootConfig{Order: []BootItem{disk1, nic0, cdrom}}, fromItems([]BootItem{disk1, nic0, cdrom})},
		{"lost devices are left out", BootConfig{Order: []BootItem{{"disk", 9}, {Kind: "floppy"}, nic1}}, fromItems([]BootItem{nic1})},
		{"the firmware's own order is a nameless device", BootConfig{}, nameless},
		{"all devices lost", BootConfig{Order: []BootItem{{"disk", 9}}, EnterSetup: true}, nameless},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := withConfig(types.VirtualMachineBootOptions{BootOrder: fromItems([]BootItem{nic0})}, bootDevices, tt.kept)
			if d := cmp.Diff(tt.want, got.BootOrder); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
			if *got.EnterBIOSSetup != tt.kept.EnterSetup {
				t.Errorf("EnterBIOSSetup = %v, want %v", *got.EnterBIOSSetup, tt.kept.EnterSetup)
			}
		})
	}
	if got := items(nameless); got != nil {
		t.Errorf("a nameless device reads as %v, want nothing", got)
	}
}

// The JSON form lies in state files: do not change the test.
func TestBootConfigJSON(t *testing.T) {
	b := BootConfig{Order: []BootItem{nic0, cdrom}, EnterSetup: true}
	const want = `{"order":[{"kind":"ethernet","key":4000},{"kind":"cdrom"}],"enter_setup":true}`
	got, err := json.Marshal(b)
	must(t, err)
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	var back BootConfig
	must(t, json.Unmarshal(got, &back))
	if d := cmp.Diff(b, back); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func TestSetAndRestoreBoot(t *testing.T) {
	l := newLab(t, 1).ready()
	key := l.key("lab-01")
	yes := true
	must(t, l.Edit("lab-01", func(vm *mo.VirtualMachine) {
		vm.Config.BootOptions = &types.VirtualMachineBootOptions{BootDelay: 3000, BootRetryEnabled: &yes}
	}))
	original, err := l.v.Boot(t.Context(), key)
	must(t, err)
	if len(original.Order) != 0 || original.EnterSetup {
		t.Fatalf("a new VM boots %+v", original)
	}

	must(t, l.v.SetBootDevice(t.Context(), key, BootNetwork))
	must(t, l.v.SetBootDevice(t.Context(), key, BootDisk))
	got, err := l.v.Boot(t.Context(), key)
	must(t, err)
	var kinds []string
	for _, item := range got.Order {
		kinds = append(kinds, item.Kind)
		if item.Key == 0 {
			t.Errorf("%+v has no device key", item)
		}
	}
	if d := cmp.Diff([]string{"disk", "ethernet"}, kinds); d != "" {
		t.Errorf("order -want +got:\n%s", d)
	}
	if o := l.BootOptions("lab-01"); o.BootDelay != 3000 || o.BootRetryEnabled == nil || !*o.BootRetryEnabled {
		t.Errorf("the rest of the options was lost: %+v", o)
	}

	must(t, l.v.SetBootDevice(t.Context(), key, BootSetup))
	if got, err := l.v.Boot(t.Context(), key); err != nil || !got.EnterSetup || len(got.Order) != 2 {
		t.Errorf("with setup: %+v, %v", got, err)
	}
	must(t, l.v.RestoreBoot(t.Context(), key, original))
	got, err = l.v.Boot(t.Context(), key)
	must(t, err)
	if d := cmp.Diff(original, got); d != "" {
		t.Errorf("restored -want +got:\n%s", d)
	}
}

func TestBootFailures(t *testing.T) {
	l := newLab(t, 1).ready()
	key := l.key("lab-01")
	must(t, l.v.SetBootDevice(t.Context(), key, BootNetwork))
	before := l.BootOptions("lab-01")

	if err := l.v.SetBootDevice(t.Context(), key, BootFloppy); !errors.Is(err, ErrState) {
		t.Errorf("no such device: %v, want ErrState", err)
	}
	l.Inject(vspheretest.Fault{Method: "ReconfigVM_Task", InTask: true, Fault: &types.InvalidPowerState{ExistingState: "poweredOn"}, Times: 1})
	if err := l.v.SetBootDevice(t.Context(), key, BootDisk); !errors.Is(err, ErrState) {
		t.Errorf("refused while on: %v, want ErrState", err)
	}
	if d := cmp.Diff(before, l.BootOptions("lab-01")); d != "" {
		t.Errorf("the order was touched:\n%s", d)
	}

	// A reconfiguration that has not ended is not done.
	l.Inject(vspheretest.Fault{Method: "ReconfigVM_Task", InTask: true, Delay: 2 * time.Second, Times: 1})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := l.v.SetBootDevice(ctx, key, BootDisk); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("under way: %v, want the deadline", err)
	}
}
