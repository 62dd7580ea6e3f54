package bmc

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

func TestEventLog(t *testing.T) {
	b := newBMC(t, instrumented(t)).bmc
	if latest, total := b.EventLog(2); len(latest) != 0 || total != 0 {
		t.Errorf("of an empty log: %v, %d", latest, total)
	}
	at := time.Unix(0x65E00001, 0)
	foreign := ownEvent(3, ipmi.SensorTemperature, 0, nothingMore, nothingMore)
	foreign.Generator = 0x0081 // a program's; its sensor 3 is not ours
	for _, e := range []ipmi.Event{testEvent(1), ownEvent(sourceLog, ipmi.SensorEventLog, logClearedOffset, nothingMore, nothingMore), foreign, ownEvent(0x99, 0xC0, 0, 0, 0)} {
		if err := b.Log(e, at); err != nil {
			t.Fatal(err)
		}
	}
	oem := ipmi.SELRecord{2: ipmi.SELTypeOEM}
	if _, err := b.sel.add(oem, at); err != nil {
		t.Fatal(err)
	}
	latest, total := b.EventLog(10)
	if total != 5 || len(latest) != 5 || latest[0].Record.Type() != ipmi.SELTypeOEM || latest[4].Record.ID() != 1 {
		t.Fatalf("%d of %d: %v", len(latest), total, latest)
	}
	var names []string
	for _, e := range latest {
		names = append(names, e.Sensor)
	}
	if diff := cmp.Diff([]string{"", "", "", "Event Log", "ACPI State"}, names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if latest, total := b.EventLog(2); total != 5 || len(latest) != 2 || latest[1].Record.ID() != 4 {
		t.Errorf("the latest two: %v of %d", latest, total)
	}
}

func TestSensorsNow(t *testing.T) {
	got := newBMC(t, instrumented(t)).bmc.Sensors()
	want := []SensorNow{
		{Name: "CPU Usage", Number: 1, Type: ipmi.SensorProcessor, Unit: "%", Numeric: true, Reading: Reading{Available: true, Value: 90}, States: []string{"upper non-critical"}},
		{Name: "Memory", Number: 2, Type: ipmi.SensorMemory, Unit: "MB", Numeric: true},
		{Name: "ACPI State", Number: 3, Type: ipmi.SensorACPIState, Reading: Reading{Available: true, States: 0x8001}, States: []string{"S0/G0 working"}},
		{Name: "VMware Tools", Number: 4, Type: ipmi.SensorManagement, Reading: Reading{States: 1}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := newBMC(t, nil).bmc.Sensors(); len(got) != 0 {
		t.Errorf("of a BMC without sensors: %v", got)
	}
}
