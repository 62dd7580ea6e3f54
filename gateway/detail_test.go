package gateway

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// detail asks for a BMC in detail, which there must be.
func (l *lab) detail(t *testing.T, b admin.BMC) admin.Detail {
	t.Helper()
	d, err := l.gw.Detail(b)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDetailHasTheEventLog(t *testing.T) {
	vc, l, b, _ := oneVM(t)
	l.listening(t, vc.Calls)
	if err := vc.Post(vm, func(e types.VmEvent) types.BaseEvent { return &types.VmMigratedEvent{VmEvent: e} }); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a migration", func() error {
		if n := l.detail(t, b).SELTotal; n != 1 {
			return fmt.Errorf("%d entries", n)
		}
		return nil
	})
	if err := vc.SetPower(vm, types.VirtualMachinePowerStatePoweredOff); err != nil {
		t.Fatal(err)
	}
	want := []admin.SELEntry{
		{ID: 2, Sensor: "ACPI State", SensorType: "ACPI Power State", Text: "S5/G2 soft off", Direction: "asserted"},
		{ID: 1, Sensor: "System Event", SensorType: "System Event", Text: "moved to another host", Direction: "asserted"},
	}
	eventually(t, "both entries", func() error {
		d := l.detail(t, b)
		for i := range d.SEL {
			if time.Since(d.SEL[i].Time) > time.Minute {
				return fmt.Errorf("entry of %s", d.SEL[i].Time)
			}
			d.SEL[i].Time = time.Time{}
		}
		if diff := cmp.Diff(want, d.SEL); diff != "" || d.SELTotal != 2 {
			return fmt.Errorf("%d entries, -want +got:\n%s", d.SELTotal, diff)
		}
		return nil
	})
}

// Whoever looks at the sensors keeps the statistics coming, and never waits for them.
func TestDetailHasTheSensors(t *testing.T) {
	vc, l, b, _ := oneVM(t)
	if err := vc.Edit(vm, func(vm *mo.VirtualMachine) {
		vm.Runtime.MaxCpuUsage = 4000
		vm.Summary.QuickStats.OverallCpuUsage = 3960
	}); err != nil {
		t.Fatal(err)
	}
	sensors := func() map[string]admin.Sensor {
		all := make(map[string]admin.Sensor)
		for _, s := range l.detail(t, b).Sensors {
			all[s.Name] = s
		}
		return all
	}
	first := sensors()
	if s := first["CPU Usage"]; s.Available || s.Reading != nil || s.State != "unavailable" || s.Unit != "%" {
		t.Errorf("before anybody has measured: %+v", s)
	}
	if s := first["ACPI State"]; !s.Available || s.Reading != nil || s.State != "S0/G0 working" || s.Type != "ACPI Power State" {
		t.Errorf("ACPI State: %+v", s)
	}
	if s := first["vCenter"]; s.State != "ok" {
		t.Errorf("vCenter: %+v", s)
	}
	eventually(t, "99 % CPU", func() error {
		s := sensors()["CPU Usage"]
		if s.Reading == nil || *s.Reading != 99 || s.State != "upper non-critical, upper critical" {
			return fmt.Errorf("%+v", s)
		}
		return nil
	})
}

func TestDetailOfNoBMC(t *testing.T) {
	_, l, b, _ := oneVM(t)
	other := b
	other.VM.InstanceUUID = "50000000-0000-0000-0000-000000000000"
	elsewhere := b
	elsewhere.Tenant = "nobody"
	for _, b := range []admin.BMC{other, elsewhere} {
		if _, err := l.gw.Detail(b); !errors.Is(err, admin.ErrNotFound) {
			t.Errorf("%s %s: %v", b.Tenant, b.VM.InstanceUUID, err)
		}
	}
	// What is told is as it is now, and not as it was when it was asked for.
	b.State, b.Reason, b.Sessions = admin.Error, "old", nil
	if d := l.detail(t, b); d.State != admin.Ready || d.Reason != "" || len(d.Sessions) != 1 {
		t.Errorf("%+v", d.BMC)
	}
}

// Every event of vCenter has words that are not a number.
func TestSELTextOfEveryEvent(t *testing.T) {
	var texts []string
	for kind := vsphere.EventPoweredOn; kind <= vsphere.EventQuestion; kind++ {
		e, ok := selEvent(kind)
		if !ok {
			t.Fatalf("%s has no entry", kind)
		}
		text := selEntry(bmc.LogEntry{Record: e.Record(7, 1), Sensor: "x"}).Text
		if text == "" || text == fmt.Sprintf("state %d", e.Data[0]&0x0F) {
			t.Errorf("%s: %q", kind, text)
		}
		texts = append(texts, text)
	}
	for _, want := range []string{"moved to another host", "waits for an answer in vCenter", "S5/G2 soft off"} {
		if !slices.Contains(texts, want) {
			t.Errorf("none says %q: %q", want, texts)
		}
	}
}

func TestSELEntry(t *testing.T) {
	foreign := ipmi.Event{Generator: 0x0041, SensorType: ipmi.SensorTemperature, Sensor: 0x30, Type: ipmi.EventThreshold, Deasserted: true, Data: [3]byte{0x59, 90, 80}}
	for name, tt := range map[string]struct {
		entry bmc.LogEntry
		want  admin.SELEntry
	}{
		"a client's event": {bmc.LogEntry{Record: foreign.Record(4, 1700000000)},
			admin.SELEntry{ID: 4, Time: time.Unix(1700000000, 0).UTC(), Sensor: "#48", SensorType: "Temperature", Text: "upper critical going high", Direction: "deasserted"}},
		"a vendor's record with a time": {bmc.LogEntry{Record: ipmi.SELRecord{2: ipmi.SELTypeOEMTimed}.Stamped(5, 1700000000)},
			admin.SELEntry{ID: 5, Time: time.Unix(1700000000, 0).UTC(), Text: "record of type C0h"}},
		"a vendor's record without": {bmc.LogEntry{Record: ipmi.SELRecord{2: ipmi.SELTypeOEM}.Stamped(6, 1700000000)},
			admin.SELEntry{ID: 6, Text: "record of type E0h"}},
	} {
		if diff := cmp.Diff(tt.want, selEntry(tt.entry)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Who did what lately: over IPMI with account and address, at the socket without.
func TestDetailHasTheCommands(t *testing.T) {
	_, l, b, s := oneVM(t)
	for range 3 {
		status(t, s)
	}
	if code := control(t, s, ipmi.ChassisPowerDown); code != ipmi.Completed {
		t.Fatal(code)
	}
	wantStatus(t, s, "off")
	if _, err := l.gw.Order(t.Context(), b, admin.Order{Action: "on"}, admin.Caller{}); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range l.detail(t, b).Commands {
		if time.Since(c.Time) > time.Minute {
			t.Errorf("%s at %s", c.Command, c.Time)
		}
		if c.Command == "Get Chassis Status" {
			if c.Times < 4 || c.Account != "admin" || c.From.String() != "127.0.0.1" || c.Changes {
				t.Errorf("%+v", c)
			}
			continue
		}
		if c.Changes {
			got = append(got, fmt.Sprintf("%s %s %s by %q from %s %d/%d", c.Command, c.Detail, c.Code+" "+c.Result, c.Account, c.From, c.NetFn, c.Cmd))
		}
	}
	want := []string{
		`Chassis Control on 00h ok by "" from invalid IP 0/2`,
		`Chassis Control off 00h ok by "admin" from 127.0.0.1 0/2`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// While vCenter answers nothing, a look at a BMC is answered from memory.
func TestDetailWaitsForNobody(t *testing.T) {
	vc, l, b, _ := oneVM(t)
	l.carded(t)
	remove := vc.Inject(vspheretest.Fault{Delay: time.Minute})
	defer remove()
	began := time.Now()
	for range 100 {
		if d := l.detail(t, b); len(d.Sensors) == 0 || d.Sensors[0].Name != "ACPI State" {
			t.Fatalf("sensors %+v", d.Sensors)
		}
	}
	if took := time.Since(began); took > 20*time.Second { // one call that was waited for takes a minute
		t.Errorf("a hundred looks took %v", took)
	}
}
