package admin

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// detailOf is what fixed tells of every BMC that is ready.
func detailOf(b BMC) Detail {
	busy := 93.0
	return Detail{
		BMC: b,
		Commands: []Command{{Time: when.Add(time.Minute), Times: 40, Command: "Get Chassis Status", NetFn: 0, Cmd: 1,
			Account: "operator", From: netip.MustParseAddr("10.120.4.9"), Code: "00h", Result: "ok"}},
		SEL: []SELEntry{
			{ID: 2, Sensor: "#48", Text: "record of type E0h"},
			{ID: 1, Time: when, Sensor: "ACPI State", SensorType: "ACPI Power State", Text: "S5/G2 soft off", Direction: "asserted"},
		},
		SELTotal: 2,
		Sensors: []Sensor{
			{Name: "CPU Usage", Number: 6, Type: "Processor", Available: true, Reading: &busy, Unit: "%", State: "upper non-critical"},
			{Name: "Uptime", Number: 8, Type: "Other Units", Unit: "d", State: "unavailable"},
		},
	}
}

func (f fixed) Detail(b BMC) (Detail, error) {
	switch {
	case b.Name == "":
		return Detail{}, fmt.Errorf("%s: %w", b.Tenant, ErrNotFound)
	case b.State == Ready:
		return detailOf(b), nil
	default:
		return Detail{BMC: b}, nil
	}
}

// forgetful does not know any more what it has just listed.
type forgetful struct{ fixed }

func (forgetful) Detail(b BMC) (Detail, error) {
	return Detail{}, fmt.Errorf("%s: %w", b.Name, ErrNotFound)
}

func TestDetail(t *testing.T) {
	path, _ := start(t, lab)
	c := NewClient(path)
	for _, name := range []string{"web 1/a", "5026aaaa", "10.120.8.17"} {
		got, err := c.Detail(t.Context(), "lab-a", name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(detailOf(lab.bmcs[0]), got, cmp.Comparer(sameAddr), cmp.Comparer(sameAddrPort)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if got, err := c.Detail(t.Context(), "lab-b", "db1"); err != nil || got.Reason != lab.bmcs[1].Reason || len(got.SEL)+len(got.Sensors) > 0 {
		t.Errorf("one that waits: %+v, %v", got, err)
	}
	if _, err := c.Detail(t.Context(), "lab-b", "web 1/a"); !errors.Is(err, ErrNotFound) {
		t.Errorf("another tenant's: %v", err)
	}
	path, _ = start(t, forgetful{lab})
	if _, err := NewClient(path).Detail(t.Context(), "lab-a", "5026aaaa"); !errors.Is(err, ErrNotFound) {
		t.Errorf("one that has just gone: %v", err)
	}
}

func sameAddr(a, b netip.Addr) bool         { return a == b }
func sameAddrPort(a, b netip.AddrPort) bool { return a == b }
