package bmc

import (
	"encoding/hex"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// testSensors are one of each kind, with readings that do not change.
func testSensors() []Sensor {
	says := func(r Reading) func(Machine) Reading { return func(Machine) Reading { return r } }
	return []Sensor{
		{
			Name: "CPU Usage", Number: 1, Type: ipmi.SensorProcessor, Reading: ipmi.EventThreshold,
			Entity: ipmi.Entity{ID: ipmi.EntityProcessor, Instance: 1}, Percent: true,
			Limits: []Limit{{ipmi.UpperNonCritical, 80}, {ipmi.UpperCritical, 95}},
			Read:   says(Reading{Available: true, Value: 90}),
		},
		{
			Name: "Memory", Number: 2, Type: ipmi.SensorMemory, Reading: ipmi.EventThreshold,
			Entity: ipmi.Entity{ID: ipmi.EntityMemory, Instance: 1}, Unit: ipmi.UnitMegabyte, Factors: ipmi.Factors{M: 32},
			Read: says(Reading{}),
		},
		{
			Name: "ACPI State", Number: 3, Type: ipmi.SensorACPIState, Reading: ipmi.EventSpecific,
			Entity: ipmi.Entity{ID: ipmi.EntitySystemBoard, Instance: 1}, States: 0x61, Events: 0x21,
			Read: says(Reading{Available: true, States: 0x8001}),
		},
		{
			Name: "VMware Tools", Number: 4, Type: ipmi.SensorManagement, Reading: ipmi.EventState,
			Entity: ipmi.Entity{ID: ipmi.EntityOS, Instance: 1}, States: 0x03,
			Read: says(Reading{States: 1}),
		},
	}
}

func table(t testing.TB, sensors []Sensor) *SensorTable {
	t.Helper()
	made, err := NewSensorTable(sensors)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// instrumented configures all there is.
func instrumented(t testing.TB) func(*Config) {
	t.Helper()
	fru, err := ipmi.AppendFRU(nil, ipmi.FRU{
		Chassis: ipmi.FRUChassis{Serial: "42 11"},
		Board:   ipmi.FRUBoard{Manufacturer: "VMware, Inc.", Name: "vmx-19"},
		Product: ipmi.FRUProduct{Name: "web-1", AssetTag: "4711"},
	})
	if err != nil {
		t.Fatal(err)
	}
	sensors := table(t, testSensors())
	return func(c *Config) {
		c.Sensors = sensors
		c.SDRTime = time.Unix(0x65E00001, 0)
		c.FRU = fru
		c.AssetTag = "4711"
		c.SystemInfo = SystemInfo{SystemName: "web-1"}
		c.PowerReading = func() (uint16, bool) { return 120, true }
	}
}

// A bodyTest is a request and what it is answered with, in hexadecimal.
type bodyTest struct {
	name  string
	netFn ipmi.NetFn
	cmd   uint8
	data  string
	code  ipmi.CompletionCode
	want  string
}

func testBodies(t *testing.T, change func(*Config), tests []bodyTest) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := login(t, serve(t, change).console(t), admin)
		for _, tt := range tests {
			data, err := hex.DecodeString(tt.data)
			if err != nil {
				t.Fatal(err)
			}
			r, err := s.Command(t.Context(), tt.netFn, tt.cmd, data)
			if err != nil {
				t.Fatalf("%s: %v", tt.name, err)
			}
			if got := hex.EncodeToString(r.Data); r.Code != tt.code || got != tt.want {
				t.Errorf("%s: %v %s, want %v %s", tt.name, r.Code, got, tt.code, tt.want)
			}
		}
	})
}

// TestSensorBodies: do not change a row to make the test pass, clients depend
// on them.
func TestSensorBodies(t *testing.T) {
	const fn = ipmi.NetFnSensor
	testBodies(t, instrumented(t), []bodyTest{
		{"number beyond a threshold", fn, 0x2D, "01", 0, "5a" + "40" + "c8"},
		{"number that is not available", fn, 0x2D, "02", 0, "00" + "60" + "c0"},
		{"states, without those that cannot be", fn, 0x2D, "03", 0, "00" + "c0" + "0180"},
		{"states that are not available", fn, 0x2D, "04", 0, "00" + "60" + "0080"},
		{"unknown sensor", fn, 0x2D, "05", ipmi.NotPresent, ""},
		{"source of events", fn, 0x2D, "e0", ipmi.NotPresent, ""},
		{"reserved sensor", fn, 0x2D, "ff", ipmi.NotPresent, ""},
		{"no sensor", fn, 0x2D, "", ipmi.InvalidLength, ""},
		{"thresholds", fn, 0x27, "01", 0, "18" + "000000" + "505f00"},
		{"no thresholds", fn, 0x27, "02", 0, "00" + "000000" + "000000"},
		{"thresholds of states", fn, 0x27, "03", ipmi.IllegalForSensor, ""},
		{"set thresholds", fn, 0x26, "0108000000500000", ipmi.IllegalForSensor, ""},
		{"set thresholds of nothing", fn, 0x26, "0908000000500000", ipmi.NotPresent, ""},
		{"hysteresis", fn, 0x25, "01ff", 0, "0000"},
		{"hysteresis of states", fn, 0x25, "03ff", ipmi.IllegalForSensor, ""},
		{"set hysteresis", fn, 0x24, "01ff0101", ipmi.IllegalForSensor, ""},
		{"events of a number", fn, 0x29, "01", 0, "40" + "0000" + "0000"},
		{"events of states", fn, 0x29, "03", 0, "c0" + "2100" + "0000"},
		{"set events", fn, 0x28, "03c0", ipmi.IllegalForSensor, ""},
		{"event status", fn, 0x2B, "03", 0, "c0" + "0100" + "0000"},
		{"event status of a number", fn, 0x2B, "01", 0, "40" + "0000" + "0000"},
		{"factors", fn, 0x23, "0210", 0, "10" + "200000000000"},
		{"factors of states", fn, 0x23, "0310", ipmi.IllegalForSensor, ""},
		{"type", fn, 0x2F, "03", 0, "226f"},
		{"event receiver", fn, 0x01, "", 0, "2000"},
		{"PEF capabilities", fn, 0x10, "", 0, "510000"},
		{"PEF revision", fn, 0x13, "810000", 0, "11"},
		{"PEF control", fn, 0x13, "010000", 0, "1100"},
		{"PEF filters", fn, 0x13, "050000", 0, "1100"},
		{"PEF policies", fn, 0x13, "080000", 0, "1100"},
		{"PEF GUID", fn, 0x13, "0a0000", 0, "11" + "00" + strings.Repeat("00", 16)},
		{"PEF filter", fn, 0x13, "060100", ipmi.ParameterUnsupported, ""},
		{"last processed event", fn, 0x15, "", 0, "ffffffff" + "ffff" + "0000" + "0000"},
		{"device SDRs", fn, 0x20, "", ipmi.InvalidCommand, ""},
	})
}

func TestStorageBodies(t *testing.T) {
	const fn = ipmi.NetFnStorage
	testBodies(t, instrumented(t), []bodyTest{
		{"FRU area", fn, 0x10, "00", 0, "5000" + "00"},
		{"FRU area of another device", fn, 0x10, "01", ipmi.NotPresent, ""},
		{"FRU header", fn, 0x11, "00000008", 0, "08" + "01000103070000f4"},
		{"FRU, more than is left", fn, 0x11, "004c00ff", 0, "04" + "00000089"},
		{"FRU, beyond the end", fn, 0x11, "00500001", ipmi.OutOfRange, ""},
		{"FRU of another device", fn, 0x11, "01000008", ipmi.NotPresent, ""},
		{"FRU, too short", fn, 0x11, "0000", ipmi.InvalidLength, ""},
		{"write FRU", fn, 0x12, "00000001", ipmi.FRUWriteProtected, ""},
		{"write FRU of another device", fn, 0x12, "01000001", ipmi.NotPresent, ""},

		{"SDR repository", fn, 0x20, "", 0, "51" + "0b00" + "0000" + "0100e065" + "0100e065" + "03"},
		{"SDR allocation", fn, 0x21, "", 0, "8c01" + "0100" + "0000" + "0000" + "39"},
		{"SDR reservation", fn, 0x22, "", 0, "0100"},
		{"first SDR", fn, 0x23, "0000" + "0000" + "0005", 0, "0200" + "0100511216"},
		{"SDR by its ID", fn, 0x23, "0000" + "0200" + "0005", 0, "0300" + "020051111a"},
		{"last SDR", fn, 0x23, "0000" + "ffff" + "0004", 0, "ffff" + "0b005103"},
		{"part of an SDR", fn, 0x23, "0100" + "0100" + "0502", 0, "0200" + "2000"},
		{"part of an SDR without reservation", fn, 0x23, "0000" + "0100" + "0502", 0, "0200" + "2000"},
		{"part of an SDR with another reservation", fn, 0x23, "0200" + "0100" + "0502", ipmi.ReservationInvalid, ""},
		{"SDR, beyond its end", fn, 0x23, "0000" + "0100" + "ff01", ipmi.OutOfRange, ""},
		{"no such SDR", fn, 0x23, "0000" + "0c00" + "00ff", ipmi.NotPresent, ""},
		{"add SDR", fn, 0x24, "00", ipmi.InvalidCommand, ""},
		{"clear SDRs", fn, 0x27, "0100434c52aa", ipmi.InvalidCommand, ""},

		{"SEL", fn, 0x40, "", 0, "51" + "0000" + "0040" + "ffffffff" + "ffffffff" + "0b"},
		{"SEL allocation", fn, 0x41, "", 0, "0004" + "1000" + "0004" + "0004" + "01"},
		{"entry of an empty SEL", fn, 0x43, "0000" + "0000" + "00ff", ipmi.NotPresent, ""},
		{"last entry of an empty SEL", fn, 0x43, "0000" + "ffff" + "00ff", ipmi.NotPresent, ""},
		{"SEL UTC offset", fn, 0x5C, "", 0, "0000"},
		{"set SEL UTC offset to UTC", fn, 0x5D, "0000", 0, ""},
		{"set another SEL UTC offset", fn, 0x5D, "3c00", ipmi.NotInPresentState, ""},
		{"set another SEL time", fn, 0x49, "00000000", ipmi.NotInPresentState, ""},
	})
}

func TestDCMIBodies(t *testing.T) {
	const fn = ipmi.NetFnGroup
	testBodies(t, instrumented(t), []bodyTest{
		{"capabilities", fn, 0x01, "dc01", 0, "dc" + "010502" + "000100"},
		{"mandatory capabilities", fn, 0x01, "dc02", 0, "dc" + "010502" + "0004" + "000000"},
		{"no such capabilities", fn, 0x01, "dc06", ipmi.InvalidField, "dc"},
		{"PICMG's command of that number", fn, 0x01, "00", ipmi.InvalidCommand, "00"},
		{"average power", fn, 0x02, "dc020000", ipmi.InvalidField, "dc"},
		{"power limit", fn, 0x03, "dc0000", ipmi.NoPowerLimit, "dc" + strings.Repeat("00", 13)},
		{"set power limit", fn, 0x04, "dc00", ipmi.InvalidCommand, "dc"},
		{"length of the asset tag", fn, 0x06, "dc0000", 0, "dc" + "04"},
		{"asset tag", fn, 0x06, "dc0010", 0, "dc" + "04" + "34373131"},
		{"too much asset tag", fn, 0x06, "dc0011", ipmi.OutOfRange, "dc"},
		{"set asset tag", fn, 0x08, "dc000131", ipmi.NotInPresentState, "dc"},
		{"controller ID", fn, 0x09, "dc0010", 0, "dc" + "05" + "7765622d31"},
		{"set controller ID", fn, 0x0A, "dc000131", ipmi.NotInPresentState, "dc"},
		{"temperature sensors", fn, 0x07, "dc01400000", 0, "dc" + "0000"},
		{"temperatures", fn, 0x10, "dc01400000", 0, "dc" + "0000"},
		{"thermal limit", fn, 0x0C, "dc4001", ipmi.InvalidCommand, "dc"},
	})
}

// TestWithoutInstruments: what there is not is told so, never made up.
func TestWithoutInstruments(t *testing.T) {
	testBodies(t, nil, []bodyTest{
		{"sensor", ipmi.NetFnSensor, 0x2D, "01", ipmi.NotPresent, ""},
		{"FRU area", ipmi.NetFnStorage, 0x10, "00", ipmi.NotPresent, ""},
		{"FRU", ipmi.NetFnStorage, 0x11, "00000008", ipmi.NotPresent, ""},
		{"SDR repository", ipmi.NetFnStorage, 0x20, "", 0, "51" + "0600" + "0000" + "ffffffff" + "ffffffff" + "03"},
		{"power", ipmi.NetFnGroup, 0x02, "dc010000", ipmi.InvalidCommand, "dc"},
		{"power limit", ipmi.NetFnGroup, 0x03, "dc0000", ipmi.InvalidCommand, "dc"},
		{"capabilities", ipmi.NetFnGroup, 0x01, "dc01", 0, "dc" + "010502" + "000000"},
		{"asset tag", ipmi.NetFnGroup, 0x06, "dc0010", 0, "dc" + "00"},
		{"controller ID", ipmi.NetFnGroup, 0x09, "dc0010", 0, "dc" + "10" + hex.EncodeToString([]byte("DCMI020000000001"))},
	})
}

// TestPowerReading: what is not known now is told to be not measured.
func TestPowerReading(t *testing.T) {
	known := true
	change := func(c *Config) { c.PowerReading = func() (uint16, bool) { return 120, known } }
	synctest.Test(t, func(t *testing.T) {
		s := login(t, serve(t, change).console(t), user)
		ask := func() string {
			r := command(t, s, ipmi.NetFnGroup, 0x02, []byte{ipmi.GroupDCMI, 1, 0, 0}, ipmi.Completed)
			return hex.EncodeToString(append(r.Data[:9:9], r.Data[13:]...)) // without the time
		}
		if got, want := ask(), "dc"+"7800780078007800"+"00000000"+"40"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		known = false
		if got, want := ask(), "dc"+"0000000000000000"+"00000000"+"00"; got != want {
			t.Errorf("unknown: got %s, want %s", got, want)
		}
	})
}

// TestRepositoryIsTheSame for the same configuration: clients do not read it again.
func TestRepositoryIsTheSame(t *testing.T) {
	a, b := newBMC(t, instrumented(t)).bmc, newBMC(t, instrumented(t)).bmc
	if diff := cmp.Diff(a.repository, b.repository); diff != "" || len(a.repository) != 2+len(testSensors())+len(sources()) {
		t.Errorf("%d records (-one +other):\n%s", len(a.repository), diff)
	}
	for i, record := range a.repository {
		if h, _, err := ipmi.ParseSDR(record); err != nil || int(h.ID) != firstSDR+i {
			t.Errorf("record %d: %+v, error %v", i, h, err)
		}
	}
}

func TestSensorsAreChecked(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Sensor)
		want   string
	}{
		{"short name", func(s *Sensor) { s.Name = "x" }, `bmc: sensor "x": a name has 2 to 16 bytes`},
		{"long name", func(s *Sensor) { s.Name = strings.Repeat("x", 17) }, `bmc: sensor "xxxxxxxxxxxxxxxxx": a name has 2 to 16 bytes`},
		{"number 0", func(s *Sensor) { s.Number = 0 }, `bmc: sensor "ACPI State": number 0 is not 1 to 223`},
		{"number of the BMC's", func(s *Sensor) { s.Number = 0xE0 }, `bmc: sensor "ACPI State": number 224 is not 1 to 223`},
		{"number twice", func(s *Sensor) { s.Number = 1 }, `bmc: sensor "ACPI State": more than one has number 1`},
		{"nothing to read", func(s *Sensor) { s.Read = nil }, `bmc: sensor "ACPI State": nothing reads it`},
		{"no kind", func(s *Sensor) { s.Reading = 0 }, `bmc: sensor "ACPI State": reading type 00h is not one of the specification`},
		{"factors", func(s *Sensor) { s.Factors.M = 512 }, `bmc: sensor "ACPI State": factors {M:512 B:0 BExp:0 RExp:0} do not fit their fields`},
		{"event that is no state", func(s *Sensor) { s.Events = 2 }, `bmc: sensor "ACPI State": states 0061h and events 0002h do not go together`},
		{"limit of states", func(s *Sensor) { s.Limits = []Limit{{}} }, `bmc: sensor "ACPI State": states have no limits`},
	}
	for _, tt := range tests {
		sensors := testSensors()
		tt.change(&sensors[2])
		if _, err := NewSensorTable(sensors); err == nil || err.Error() != tt.want {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
	}
}

func TestInstrumentsAreChecked(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"asset tag", func(c *Config) { c.AssetTag = strings.Repeat("x", 64) }, "bmc: asset tag of 64 bytes: at most 63"},
		{"FRU", func(c *Config) { c.FRU = make([]byte, 0x10000) }, "bmc: FRU of 65536 bytes: at most 65535"},
	}
	for _, tt := range tests {
		config := testConfig(t)
		tt.change(&config)
		if _, err := New(config, &fakeMachine{}); err == nil || err.Error() != tt.want {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
	}
}
