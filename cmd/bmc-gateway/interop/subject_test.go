package interop

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/lab"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
)

// A still is a Machine that does at once what it is told.
type still struct {
	mu    sync.Mutex
	power bmc.PowerState
	boot  ipmi.BootFlags
}

func (s *still) Power() (bmc.PowerState, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.power, nil
}

func (s *still) Control(_ context.Context, c ipmi.ChassisControl) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch c {
	case ipmi.ChassisPowerDown, ipmi.ChassisSoftOff:
		s.power = bmc.Off
	default:
		s.power = bmc.On
	}
	return nil
}

func (s *still) Boot() ipmi.BootFlags {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.boot
}

func (s *still) SetBoot(_ context.Context, f ipmi.BootFlags, _ time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.boot = f
	return nil
}

// newSubject returns the BMC of the recorded conversations. Everything that it
// could say differently another time is fixed, its random numbers too. The
// function it returns names the last command it answered.
func newSubject(t *testing.T) (*bmc.BMC, func() string) {
	t.Helper()
	guid, err := ipmi.GUID("8063b57d-0619-4ef5-a0d7-30e2445c8154")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	last := "nothing"
	config := bmc.Config{
		Accounts: lab.Accounts(),
		Suites:   subjectSuites(t),
		GUID:     guid,
		LAN: bmc.LAN{
			Address: netip.MustParseAddr("127.0.0.1"), PrefixLength: 8, MAC: [6]byte{2, 0, 0, 0, 0, 1}, Port: lab.StandardPort,
		},
		Firmware:          [2]uint8{1, 23},
		MaxSessions:       8,
		BootFlagsValidFor: time.Minute,
		Rand:              rand.NewChaCha8([32]byte([]byte("the subject's own random numbers"))),
		Events: bmc.Events{
			Request: func(command string, code ipmi.CompletionCode, _ time.Duration) {
				mu.Lock()
				defer mu.Unlock()
				last = command + ": " + code.String()
			},
			Panicked: func(v any, stack []byte) { t.Errorf("panic: %v\n%s", v, stack) },
		},
	}
	equip(t, &config)
	b, err := bmc.New(config, &still{power: bmc.On})
	if err != nil {
		t.Fatal(err)
	}
	return b, func() string {
		mu.Lock()
		defer mu.Unlock()
		return last
	}
}

func subjectSuites(t *testing.T) []ipmi.CipherSuite {
	t.Helper()
	var suites []ipmi.CipherSuite
	for _, id := range []ipmi.CipherSuiteID{17, 3} {
		s, err := ipmi.CipherSuiteByID(id)
		if err != nil {
			t.Fatal(err)
		}
		suites = append(suites, s)
	}
	return suites
}

// equip gives the subject instruments: one of each kind, with readings that stay.
func equip(t *testing.T, c *bmc.Config) {
	t.Helper()
	fru, err := ipmi.AppendFRU(nil, ipmi.FRU{
		Chassis: ipmi.FRUChassis{PartNumber: "vmx-21", Serial: "0001"},
		Board:   ipmi.FRUBoard{Manufacturer: "VMware, Inc.", Name: "virtual machine", Serial: "0001"},
		Product: ipmi.FRUProduct{Manufacturer: "VMware, Inc.", Name: "node-01", Serial: "0002", AssetTag: "vm-1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	reading := func(r bmc.Reading) func(bmc.Machine) bmc.Reading { return func(bmc.Machine) bmc.Reading { return r } }
	c.FRU, c.AssetTag = fru, "node-01"
	c.SDRTime = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	c.SystemInfo = bmc.SystemInfo{SystemName: "node-01", FirmwareVersion: "1.23", PrimaryOS: "other"}
	c.PowerReading = func() (uint16, bool) { return 42, true }
	c.V15 = bmc.V15MD5AndPassword
	c.Sensors, err = bmc.NewSensorTable([]bmc.Sensor{
		{
			Name: "CPU Usage", Number: 1, Type: ipmi.SensorProcessor, Reading: ipmi.EventThreshold, Percent: true,
			Entity: ipmi.Entity{ID: ipmi.EntityProcessor, Instance: 1}, Read: reading(bmc.Reading{Available: true, Value: 12}),
			Limits: []bmc.Limit{{Threshold: ipmi.UpperNonCritical, Value: 90}, {Threshold: ipmi.UpperCritical, Value: 95}},
		},
		{
			Name: "ACPI State", Number: 2, Type: ipmi.SensorACPIState, Reading: ipmi.EventSpecific, States: 0x61, Events: 0x61,
			Entity: ipmi.Entity{ID: ipmi.EntitySystemBoard, Instance: 1}, Read: reading(bmc.Reading{Available: true, States: 1}),
		},
		{
			Name: "Redundancy", Number: 3, Type: ipmi.SensorPowerUnit, Reading: ipmi.EventRedundancy, States: 3,
			Entity: ipmi.Entity{ID: ipmi.EntityPowerUnit, Instance: 1}, Read: reading(bmc.Reading{}),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
}
