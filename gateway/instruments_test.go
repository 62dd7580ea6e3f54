package gateway

import (
	"encoding/binary"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

const (
	cmdSensorReading = 0x2D
	cmdFRUArea       = 0x10
	cmdReadFRU       = 0x11
	cmdGetSDR        = 0x23
	cmdPOH           = 0x0F
	cmdCycleInterval = 0x0B
	cmdSystemInfo    = 0x59
	cmdIdentify      = 0x04
	cmdDCMIPower     = 0x02
	measuring        = 0x40 // bit of the last byte of a power reading (DCMI 1.5, section 6.6.1)
)

// command sends a command that has to succeed and returns its data.
func command(t *testing.T, s *remote.Session, n ipmi.NetFn, cmd uint8, data ...byte) []byte {
	t.Helper()
	r, err := s.Command(t.Context(), n, cmd, data)
	if err != nil || r.Code != ipmi.Completed {
		t.Fatalf("command %02Xh/%02Xh: %s, %v", uint8(n), cmd, r.Code, err)
	}
	return r.Data
}

// repository reads the sensors that have readings, by number.
func repository(t *testing.T, s *remote.Session) map[uint8]ipmi.SensorRecord {
	t.Helper()
	records := make(map[uint8]ipmi.SensorRecord)
	for id := uint16(0); id != 0xFFFF; {
		data := command(t, s, ipmi.NetFnStorage, cmdGetSDR, 0, 0, byte(id), byte(id>>8), 0, 0xFF)
		id = binary.LittleEndian.Uint16(data)
		r, err := ipmi.ParseSensorRecord(data[2:])
		if err == nil && r.Type != ipmi.SDREventOnly {
			records[r.Number] = r
		}
	}
	return records
}

// readings reads a sensor as a client shows it: "na", a number, or its states.
func reading(t *testing.T, s *remote.Session, r ipmi.SensorRecord) string {
	t.Helper()
	data := command(t, s, ipmi.NetFnSensor, cmdSensorReading, r.Number)
	switch {
	case data[1]&0x20 != 0:
		return "na"
	case r.Event == ipmi.EventThreshold:
		return fmt.Sprintf("%.0f", r.Factors.Value(data[0]))
	default:
		return fmt.Sprintf("%04x", binary.LittleEndian.Uint16(append(data[2:], 0))&0x7FFF)
	}
}

func sensorTable(t *testing.T, s *remote.Session) map[string]string {
	t.Helper()
	got := make(map[string]string)
	for _, r := range repository(t, s) {
		got[r.Name] = reading(t, s, r)
	}
	return got
}

func wantSensors(t *testing.T, s *remote.Session, want map[string]string) {
	t.Helper()
	eventually(t, "sensors", func() error {
		if diff := cmp.Diff(want, sensorTable(t, s)); diff != "" {
			return errors.New("-want +got:\n" + diff)
		}
		return nil
	})
}

func TestSensors(t *testing.T) {
	vc, _, _, s := oneVM(t)
	booted := time.Now().Add(-72 * time.Hour)
	edit := func(change func(*mo.VirtualMachine)) {
		t.Helper()
		if err := vc.Edit(vm, change); err != nil {
			t.Fatal(err)
		}
	}
	if err := vc.SetTools(vm, true); err != nil {
		t.Fatal(err)
	}
	edit(func(vm *mo.VirtualMachine) {
		vm.Runtime.BootTime = &booted
		vm.Runtime.MaxCpuUsage = 4000
		vm.Summary.Config.MemorySizeMB = 2048
		vm.Summary.QuickStats.OverallCpuUsage, vm.Summary.QuickStats.GuestMemoryUsage = 1000, 512
	})
	on := map[string]string{
		"ACPI State": "0001", "Power Unit": "0000", "PS Redundancy": "na", "OS Heartbeat": "0001", "VMware Tools": "0002",
		"CPU Usage": "25", "Memory Usage": "25", "Uptime": "3", "vCenter": "0000",
		"OS Stop": "0000", "Restart": "0000", "System Event": "0000",
	}
	wantSensors(t, s, on)
	edit(func(vm *mo.VirtualMachine) { vm.GuestHeartbeatStatus = types.ManagedEntityStatusRed })
	on["OS Heartbeat"] = "0004"
	wantSensors(t, s, on)
	if err := vc.SetPower(vm, types.VirtualMachinePowerStatePoweredOff); err != nil {
		t.Fatal(err)
	}
	off := map[string]string{
		"ACPI State": "0020", "Power Unit": "0001", "PS Redundancy": "na", "OS Heartbeat": "na", "VMware Tools": "na",
		"CPU Usage": "na", "Memory Usage": "na", "Uptime": "na", "vCenter": "0000",
		"OS Stop": "0000", "Restart": "0000", "System Event": "0000",
	}
	wantSensors(t, s, off)
	if err := vc.SetConnection(vm, types.VirtualMachineConnectionStateDisconnected); err != nil {
		t.Fatal(err)
	}
	off["ACPI State"], off["Power Unit"], off["vCenter"] = "na", "na", "0002"
	wantSensors(t, s, off)
	// What was measured before it was off is not told of the VM that is on again.
	if err := vc.SetConnection(vm, types.VirtualMachineConnectionStateConnected); err != nil {
		t.Fatal(err)
	}
	if err := vc.SetPower(vm, types.VirtualMachinePowerStatePoweredOn); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, s, "on")
	if got := sensorTable(t, s); got["ACPI State"] != "0001" || got["CPU Usage"] != "na" || got["Memory Usage"] != "na" {
		t.Errorf("on again: %v", got)
	}
	cpu := repository(t, s)[sensorCPU]
	if !cpu.Percent || cpu.Thresholds.Raw[ipmi.UpperNonCritical] != usageWarning || cpu.Thresholds.Raw[ipmi.UpperCritical] != usageCritical {
		t.Errorf("CPU Usage: %+v", cpu)
	}
}

// A client that reads power states only costs vCenter no statistics.
func TestPowerStatusCostsNoStatistics(t *testing.T) {
	vc, l, _, s := oneVM(t)
	wantStatus(t, s, "on")
	l.carded(t)
	before := vc.Calls()
	for range 100 {
		status(t, s)
		command(t, s, ipmi.NetFnSensor, cmdSensorReading, sensorACPI)
	}
	after := vc.Calls()
	for _, method := range []string{"RetrievePropertiesEx", "QueryPerf"} {
		if after[method] != before[method] {
			t.Errorf("%d calls of %s", after[method]-before[method], method)
		}
	}
}

func TestFRU(t *testing.T) {
	vc := simulator(t, vspheretest.Config{Name: "vc-a", VMs: 1})
	if err := vc.Edit(vm, func(vm *mo.VirtualMachine) {
		vm.Config.Version, vm.Config.GuestFullName, vm.Config.Firmware = "vmx-21", "VMware ESXi 8.0 or later", "efi"
		vm.Config.Hardware.NumCPU, vm.Config.Hardware.MemoryMB = 4, 16384
		vm.Guest.GuestFullName = "VMware ESXi 8.0.3"
	}); err != nil {
		t.Fatal(err)
	}
	_, b, s := labWith(t, vc)
	size := binary.LittleEndian.Uint16(command(t, s, ipmi.NetFnStorage, cmdFRUArea, 0))
	var image []byte
	for len(image) < int(size) {
		at := len(image)
		image = append(image, command(t, s, ipmi.NetFnStorage, cmdReadFRU, 0, byte(at), byte(at>>8), 16)[1:]...)
	}
	got, err := ipmi.ParseFRU(image)
	if err != nil {
		t.Fatal(err)
	}
	want := ipmi.FRU{
		Chassis: ipmi.FRUChassis{Type: 1, PartNumber: "vmx-21", Serial: b.VM.BIOSUUID},
		Board: ipmi.FRUBoard{
			Manufacturer: "VMware, Inc.", Name: "virtual machine", Serial: b.VM.BIOSUUID, PartNumber: "vmx-21",
			Custom: []string{"4 CPUs", "16384 MB", "EFI"},
		},
		Product: ipmi.FRUProduct{
			Manufacturer: "VMware, Inc.", Name: vm, PartNumber: "vmx-21", Version: "VMware ESXi 8.0 or later",
			Serial: b.VM.InstanceUUID, AssetTag: b.VM.Ref, Custom: []string{"/DC0/vm/" + vm, "vCenter vc-a"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for parameter, want := range map[ipmi.SystemInfoParameter]string{
		ipmi.SystemInfoName: vm, ipmi.SystemInfoPrimaryOS: "VMware ESXi 8.", ipmi.SystemInfoOS: "VMware ESXi 8.",
	} {
		data := command(t, s, ipmi.NetFnApp, cmdSystemInfo, 0, byte(parameter), 0, 0)
		if got := string(data[4 : 4+min(int(data[3]), 14)]); got != want { // revision, set, encoding, length
			t.Errorf("system info %d: %q, want %q", parameter, got, want)
		}
	}
}

func TestTail(t *testing.T) {
	long := "/DC0/vm/a folder with a rather long name/and another one in it/the-vm-01"
	if got := tail(long); len(got) != maxField || got != "..."+long[len(long)-60:] {
		t.Errorf("got %q, %d bytes", got, len(got))
	}
	if got := tail("/DC0/vm/short"); got != "/DC0/vm/short" {
		t.Errorf("got %q", got)
	}
	if got := ascii("zwölf\n"); got != "zw?lf?" {
		t.Errorf("got %q", got)
	}
}

func TestIdentifyIsShown(t *testing.T) {
	_, l, _, s := oneVM(t)
	command(t, s, ipmi.NetFnChassis, cmdIdentify, 0, 1)
	if b := l.ready(t, vm); b.Identify != "on" {
		t.Errorf("identify %q, want on", b.Identify)
	}
	command(t, s, ipmi.NetFnChassis, cmdIdentify, 0)
	if b := l.ready(t, vm); b.Identify != "" {
		t.Errorf("identify %q, want none", b.Identify)
	}
}

func TestPowerReading(t *testing.T) {
	vc, _, _, s := oneVM(t)
	watts := func() (int, bool) {
		t.Helper()
		data := command(t, s, ipmi.NetFnGroup, cmdDCMIPower, ipmi.GroupDCMI, 1, 0, 0)
		return int(binary.LittleEndian.Uint16(data[1:])), data[len(data)-1]&measuring != 0
	}
	if w, active := watts(); active {
		t.Errorf("%d W although nobody has measured", w)
	}
	if err := vc.SetWatts(vm, 42); err != nil {
		t.Fatal(err)
	}
	eventually(t, "42 W", func() error {
		if w, active := watts(); w != 42 || !active {
			return fmt.Errorf("%d W, measuring: %t", w, active)
		}
		return nil
	})
}

func TestCounted(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	for _, tt := range []struct {
		name   string
		before store.BMC
		on     bool
		boot   time.Time
		want   time.Duration
	}{
		{"first seen, start known", store.BMC{}, true, ago(time.Hour), time.Hour},
		{"first seen, start unknown", store.BMC{}, true, time.Time{}, 0},
		{"first seen, off", store.BMC{}, false, time.Time{}, 0},
		{"on all the time", store.BMC{OnTime: time.Hour, On: true, CountedAt: ago(time.Minute)}, true, ago(time.Hour), time.Hour + time.Minute},
		{"on, start unknown", store.BMC{On: true, CountedAt: ago(time.Minute)}, true, time.Time{}, time.Minute},
		{"started since", store.BMC{OnTime: time.Hour, On: true, CountedAt: ago(time.Hour)}, true, ago(time.Minute), time.Hour + time.Minute},
		{"was off, started since", store.BMC{CountedAt: ago(time.Hour)}, true, ago(time.Minute), time.Minute},
		{"was suspended", store.BMC{CountedAt: ago(time.Hour)}, true, ago(2 * time.Hour), 0},
		{"went off", store.BMC{OnTime: time.Hour, On: true, CountedAt: ago(time.Minute)}, false, time.Time{}, time.Hour},
		{"vCenter's clock is ahead", store.BMC{OnTime: time.Hour, CountedAt: ago(time.Minute)}, true, now.Add(time.Minute), time.Hour},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := counted(tt.before, tt.on, tt.boot, now)
			want := store.BMC{OnTime: tt.want, On: tt.on, CountedAt: now}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
