package ipmi_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// sensorRecords are golden bytes. Do not change a row to make the test pass:
// clients keep the records for years.
var sensorRecords = []struct {
	name   string
	record ipmi.SensorRecord
	want   string
}{
	{
		"a number with two thresholds",
		ipmi.SensorRecord{
			SDRHeader: ipmi.SDRHeader{ID: 3, Type: ipmi.SDRFull}, Name: "CPU Usage", Number: 1,
			Entity: ipmi.Entity{ID: ipmi.EntityProcessor, Instance: 1}, Sensor: ipmi.SensorProcessor, Event: ipmi.EventThreshold,
			Percent: true, Factors: ipmi.Factors{M: 1},
			Thresholds: ipmi.Thresholds{Mask: 0x18, Raw: [6]uint8{0, 0, 0, 80, 95, 0}},
		},
		"0300 51 01 34" + "20 00 01 03 01 41 57 07 01 0000 0030 1800" + "01 00 00 00" + "01 00 00 00 00 00" +
			"00 00 00 00 ff 00" + "00 5f 50 00 00 00" + "00 00 00 00 00" + "c9" + "435055205573616765",
	},
	{
		"a number with factors below zero",
		ipmi.SensorRecord{
			SDRHeader: ipmi.SDRHeader{ID: 4, Type: ipmi.SDRFull}, Name: "Memory", Number: 2,
			Entity: ipmi.Entity{ID: ipmi.EntityMemory, Instance: 1}, Sensor: ipmi.SensorMemory, Event: ipmi.EventThreshold,
			Unit: ipmi.UnitMegabyte, Factors: ipmi.Factors{M: 322, B: -2, BExp: 3, RExp: -1},
		},
		"0400 51 01 31" + "20 00 02 20 01 41 53 0c 01 0000 0000 0000" + "00 48 00 00" + "42 40 fe c0 00 f3" +
			"00 00 00 00 ff 00" + "00 00 00 00 00 00" + "00 00 00 00 00" + "c6" + "4d656d6f7279",
	},
	{
		"states with events",
		ipmi.SensorRecord{
			SDRHeader: ipmi.SDRHeader{ID: 5, Type: ipmi.SDRCompact}, Name: "ACPI State", Number: 3,
			Entity: ipmi.Entity{ID: ipmi.EntitySystemBoard, Instance: 1}, Sensor: ipmi.SensorACPIState, Event: ipmi.EventSpecific,
			States: 0x61, Events: 0x21,
		},
		"0500 51 02 25" + "20 00 03 07 01 43 42 22 6f 2100 0000 6100" + "c0 00 00" + "01 00" + "00 00 00 00 00 00" + "ca" + "41435049205374617465",
	},
	{
		"events alone",
		ipmi.SensorRecord{
			SDRHeader: ipmi.SDRHeader{ID: 0x0106, Type: ipmi.SDREventOnly}, Name: "Event Log", Number: 0xE3,
			Entity: ipmi.Entity{ID: ipmi.EntityController, Instance: 1}, Sensor: ipmi.SensorEventLog, Event: ipmi.EventSpecific,
		},
		"0601 51 03 15" + "20 00 e3 2e 01 10 6f 01 00 00 00" + "c9" + "4576656e74204c6f67",
	},
}

func TestSensorRecords(t *testing.T) {
	for _, tt := range sensorRecords {
		t.Run(tt.name, func(t *testing.T) {
			got := ipmi.AppendSensorRecord(nil, tt.record)
			if diff := cmp.Diff(unhex(tt.want), got); diff != "" {
				t.Errorf("got % x\n(-want +got):\n%s", got, diff)
			}
			again, err := ipmi.ParseSensorRecord(got)
			want := tt.record
			if want.Type != ipmi.SDRFull {
				want.Factors = ipmi.Factors{}
			}
			if diff := cmp.Diff(want, again); diff != "" || err != nil {
				t.Errorf("read again: error %v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestLocators(t *testing.T) {
	tests := []struct {
		locator ipmi.Locator
		want    string
	}{
		{
			ipmi.Locator{SDRHeader: ipmi.SDRHeader{ID: 1, Type: ipmi.SDRController}, Name: "Virtual BMC", Entity: ipmi.Entity{ID: ipmi.EntityController, Instance: 1}, Support: 0x9F},
			"0100 51 12 16 20 00 20 9f 000000 2e 01 00 cb 5669727475616c20424d43",
		},
		{
			ipmi.Locator{SDRHeader: ipmi.SDRHeader{ID: 2, Type: ipmi.SDRFRU}, Name: "VM", Entity: ipmi.Entity{ID: ipmi.EntitySystemChassis, Instance: 1}},
			"0200 51 11 0d 20 00 80 00 00 10 00 17 01 00 c2 564d",
		},
	}
	for _, tt := range tests {
		got := ipmi.AppendLocator(nil, tt.locator)
		if diff := cmp.Diff(unhex(tt.want), got); diff != "" {
			t.Errorf("%s: got % x\n(-want +got):\n%s", tt.locator.Name, got, diff)
		}
		again, err := ipmi.ParseLocator(got)
		if diff := cmp.Diff(tt.locator, again); diff != "" || err != nil {
			t.Errorf("%s read again: error %v (-want +got):\n%s", tt.locator.Name, err, diff)
		}
	}
}

func TestSensorAnswers(t *testing.T) {
	limits := ipmi.Thresholds{Mask: 0x18, Raw: [6]uint8{0, 0, 0, 80, 95, 0}}
	tests := []struct {
		name string
		got  []byte
		want string
	}{
		{"number", ipmi.AppendSensorReading(nil, ipmi.SensorReading{Raw: 42}), "2a 40 c0"},
		{"number beyond a threshold", ipmi.AppendSensorReading(nil, ipmi.SensorReading{Raw: 90, States: uint16(limits.Crossed(90))}), "5a 40 c8"},
		{"number that is not available", ipmi.AppendSensorReading(nil, ipmi.SensorReading{Unavailable: true}), "00 60 c0"},
		{"states", ipmi.AppendSensorReading(nil, ipmi.SensorReading{Discrete: true, Events: true, States: 0x0120}), "00 c0 20 81"},
		{"states that are not available", ipmi.AppendSensorReading(nil, ipmi.SensorReading{Discrete: true, Unavailable: true}), "00 60 00 80"},
		{"thresholds", ipmi.AppendSensorThresholds(nil, limits), "18 00 00 00 50 5f 00"},
		{"events enabled", ipmi.AppendSensorEventEnable(nil, 0x21), "c0 2100 0000"},
		{"no events", ipmi.AppendSensorEventEnable(nil, 0), "40 0000 0000"},
		{"event status", ipmi.AppendSensorEventStatus(nil, ipmi.SensorReading{Events: true}, 0x20), "c0 2000 0000"},
		{"factors", ipmi.AppendSensorFactors(nil, 7, ipmi.Factors{M: 322, B: -2, BExp: 3, RExp: -1}), "07 42 40 fe c0 00 f3"},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(unhex(tt.want), tt.got); diff != "" {
			t.Errorf("%s: got % x, want %s", tt.name, tt.got, tt.want)
		}
	}
}

func TestCrossed(t *testing.T) {
	both := ipmi.Thresholds{}
	both.Set(ipmi.LowerCritical, 10)
	both.Set(ipmi.UpperCritical, 90)
	for raw, want := range map[uint8]uint8{0: 0x02, 10: 0x02, 11: 0, 89: 0, 90: 0x10, 255: 0x10} {
		if got := both.Crossed(raw); got != want {
			t.Errorf("%d crosses %02x, want %02x", raw, got, want)
		}
	}
}

func TestFactors(t *testing.T) {
	tests := []struct {
		name    string
		factors ipmi.Factors
		raw     uint8
		value   float64
	}{
		{"identity", ipmi.Factors{}, 200, 200},
		{"multiplier", ipmi.Factors{M: 32}, 100, 3200},
		{"offset", ipmi.Factors{M: 1, B: -128}, 0, -128},
		{"exponents", ipmi.Factors{M: 25, B: 4, BExp: 2, RExp: -2}, 10, 6.5},
	}
	for _, tt := range tests {
		if got := tt.factors.Value(tt.raw); math.Abs(got-tt.value) > 1e-9 {
			t.Errorf("%s: %d is %v, want %v", tt.name, tt.raw, got, tt.value)
		}
		if got := tt.factors.Raw(tt.value); got != tt.raw {
			t.Errorf("%s: %v is %d, want %d", tt.name, tt.value, got, tt.raw)
		}
	}
	for _, value := range []float64{-1, math.Inf(-1), math.NaN()} {
		if got := (ipmi.Factors{M: 2}).Raw(value); got != 0 {
			t.Errorf("%v is %d, want the lowest", value, got)
		}
	}
	for _, value := range []float64{511, 1e300, math.Inf(1)} {
		if got := (ipmi.Factors{M: 2}).Raw(value); got != 255 {
			t.Errorf("%v is %d, want the highest", value, got)
		}
	}
}

// TestScale: whatever the range, all of it can be told, to within a step, and
// the steps are no more than two percent coarser than 255 of them need to be.
func TestScale(t *testing.T) {
	for _, highest := range []float64{0.5, 1, 100, 255, 256, 1000, 4096, 65536, 262144, 1e6, 3.3e7, 2.5e9} {
		f := ipmi.Scale(highest)
		if !f.Valid() {
			t.Errorf("%v: factors %+v do not fit", highest, f)
		}
		step := f.Value(1)
		if f.Value(255) < highest*(1-1e-9) {
			t.Errorf("%v: 255 is only %v", highest, f.Value(255))
		}
		if step > highest/255*1.02 && step != 1 {
			t.Errorf("%v: steps of %v, though %v would do", highest, step, highest/255)
		}
		for i := range 100 {
			value := highest * float64(i) / 99
			if got := f.Value(f.Raw(value)); math.Abs(got-value) > step*0.500001 {
				t.Errorf("%v of %v is told as %v, steps of %v", value, highest, got, step)
			}
		}
	}
	for _, nonsense := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		if f := ipmi.Scale(nonsense); f != (ipmi.Factors{M: 1}) {
			t.Errorf("%v: factors %+v", nonsense, f)
		}
	}
}
