package gateway

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

func TestOrders(t *testing.T) {
	l, vc, file := auditLab(t, "127.96.10.1-127.96.10.9", nil)
	b := l.ready(t, vm)
	s := login(t, b)
	c := admin.NewClient(l.config.AdminSocket)
	for _, tt := range []struct {
		name    string
		order   admin.Order
		command string
		code    string
		status  string // in the end, over IPMI
	}{
		{"off", admin.Order{Action: "off"}, "Chassis Control off", "00h", "off"},
		{"reset when off", admin.Order{Action: "reset"}, "Chassis Control reset", "D5h", "off"},
		{"boot device", admin.Order{Boot: "pxe"}, "Set System Boot Options pxe, flags 8004000000", "00h", "off"},
		{"on", admin.Order{Action: "on"}, "Chassis Control on", "00h", "on"},
		{"cycle", admin.Order{Action: "cycle"}, "Chassis Control cycle", "00h", "on"},
		{"boot device for all starts", admin.Order{Boot: "disk", Persistent: true}, "Set System Boot Options disk, flags c008000000", "00h", "on"},
		{"none any more", admin.Order{Boot: "none"}, "Set System Boot Options none, flags 0000000000", "00h", "on"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			done, err := c.Order(t.Context(), b.Tenant, b.VM.InstanceUUID, tt.order)
			if err != nil || done.Command != tt.command || done.Code != tt.code || done.Name != vm || done.Policy {
				t.Fatalf("%v, %+v", err, done)
			}
			wantStatus(t, s, tt.status)
			e := audited(t, file, tt.command, commandIs(tt.command))
			if e.Via != admin.ViaSocket || e.UID == nil || int(*e.UID) != os.Getuid() || e.Account != "" || e.Operation != done.Operation || e.Code != done.Code {
				t.Errorf("%+v", e)
			}
		})
	}
	if ids := vc.OperationIDs("PowerOnVM_Task"); len(ids) == 0 {
		t.Error("nothing was switched on")
	}
	if f := bootflags(t, s); f.Valid() {
		t.Errorf("boot flags %v", f)
	}
}

func TestOrdersThatCannotBeGiven(t *testing.T) {
	l, _, _ := auditLab(t, "127.96.11.1-127.96.11.1", nil)
	b := l.ready(t, vm)
	c := admin.NewClient(l.config.AdminSocket)
	for _, tt := range []struct {
		name        string
		tenant, bmc string
		order       admin.Order
		says        string
		notFound    bool
	}{
		{"no such action", b.Tenant, b.Name, admin.Order{Action: "explode"}, "no such action", false},
		{"nothing", b.Tenant, b.Name, admin.Order{}, "no such action", false},
		{"two things", b.Tenant, b.Name, admin.Order{Action: "on", Boot: "pxe"}, "at once", false},
		{"none for ever", b.Tenant, b.Name, admin.Order{Boot: "none", Persistent: true}, "no boot device", false},
		{"no such BMC", b.Tenant, "nobody", admin.Order{Action: "on"}, "no such BMC", true},
		{"no such tenant", "nobody", b.Name, admin.Order{Action: "on"}, "no such BMC", true},
		{"a BMC that waits for an address", b.Tenant, "vc-a-vm-02", admin.Order{Action: "on"}, "is not ready", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := c.Order(t.Context(), tt.tenant, tt.bmc, tt.order)
			if err == nil || !strings.Contains(err.Error(), tt.says) || errors.Is(err, admin.ErrNotFound) != tt.notFound {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestProtectedVMs(t *testing.T) {
	vc := simulator(t, vspheretest.Config{Name: "vc-a", VMs: 3})
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(vc.Tag("bmc/protected", "vc-a-vm-02"))
	must(vc.SetAttribute("vc-a-vm-03", "bmc.protected", "true"))
	l := newLab(t)
	tenant := l.addTenant(t, vc, inventory.Selector{Names: []string{"*"}}, "127.96.12.1-127.96.12.9")
	tenant.Protect = Protect{Names: []string{"*-01"}, Tags: []string{"bmc/protected"}}
	l.start(t)
	for name, by := range map[string]string{"vc-a-vm-01": "name *-01", "vc-a-vm-02": "tag bmc/protected", "vc-a-vm-03": "its attribute"} {
		t.Run(by, func(t *testing.T) {
			b := l.ready(t, name)
			if b.Protected != by {
				t.Errorf("protected by %q", b.Protected)
			}
			s := login(t, b)
			for _, c := range []ipmi.ChassisControl{ipmi.ChassisPowerDown, ipmi.ChassisPowerCycle, ipmi.ChassisHardReset, ipmi.ChassisSoftOff, ipmi.ChassisDiagnostic} {
				if code := control(t, s, c); code != ipmi.NotInPresentState {
					t.Errorf("%s: %v", c, code)
				}
			}
			if code := control(t, s, ipmi.ChassisPowerUp); code != ipmi.Completed {
				t.Errorf("on: %v", code)
			}
			wantStatus(t, s, "on")
			done, err := admin.NewClient(l.config.AdminSocket).Order(t.Context(), b.Tenant, name, admin.Order{Action: "off"})
			if err != nil || !done.Policy || done.Result != "policy" || !strings.Contains(done.Error, "is protected by "+by) {
				t.Errorf("%v, %+v", err, done)
			}
		})
	}
	if ids := vc.OperationIDs("PowerOffVM_Task"); len(ids) != 0 {
		t.Errorf("vCenter was asked: %q", ids)
	}
}

// TestMassPowerOff: of ten BMCs five go off, no sixth, whoever asks; until an
// operator says that it is meant.
func TestMassPowerOff(t *testing.T) {
	vc := simulator(t, vspheretest.Config{Name: "vc-a", VMs: 10})
	l := newLab(t)
	tenant := l.addTenant(t, vc, inventory.Selector{Names: []string{"*"}}, "127.96.13.1-127.96.13.19")
	tenant.Fuse = Fuse{Share: 50, Within: time.Hour, Minimum: 5}
	l.start(t)
	var names []string
	for i := range 10 {
		names = append(names, fmt.Sprintf("vc-a-vm-%02d", i+1))
		l.ready(t, names[i])
	}
	c := admin.NewClient(l.config.AdminSocket)
	off := func(name string) admin.Outcome {
		t.Helper()
		done, err := c.Order(t.Context(), "vc-a", name, admin.Order{Action: "off"})
		if err != nil {
			t.Fatal(err)
		}
		return done
	}
	for i, name := range names[:5] {
		if d := off(name); d.Result != "ok" {
			t.Fatalf("number %d: %+v", i+1, d)
		}
	}
	if code := control(t, login(t, l.ready(t, names[5])), ipmi.ChassisHardReset); code != ipmi.NotInPresentState {
		t.Errorf("the sixth, over IPMI: %v", code)
	}
	if d := off(names[6]); !d.Policy || !strings.Contains(d.Error, "power release") {
		t.Errorf("the seventh: %+v", d)
	}
	if d := off(names[0]); d.Result != "ok" {
		t.Errorf("one that is off: %+v", d)
	}
	if held := l.gw.Status().Tenants[0].PowerHeldSince; held.IsZero() || !l.gw.snapshot().Tenants[0].PowerHeld {
		t.Error("status and metric do not tell")
	}
	if r, err := c.ReleasePower(t.Context(), "vc-a", time.Minute); err != nil || !r.WasHeld {
		t.Errorf("release: %+v, %v", r, err)
	}
	if d := off(names[6]); d.Result != "ok" {
		t.Errorf("after the operator's word: %+v", d)
	}
	if _, err := c.ReleasePower(t.Context(), "nobody", time.Minute); !errors.Is(err, admin.ErrNotFound) {
		t.Errorf("release of no tenant: %v", err)
	}
	events, _ := l.gw.Events().Since(0)
	var told []string
	for _, e := range events {
		if e.Kind == admin.EventTenant || e.Command == "power release" {
			told = append(told, e.Text)
		}
	}
	want := []string{"too many BMCs were to be powered off at once; further ones are refused", "power-offs are permitted again", "power release for 1m0s"}
	if !slices.Equal(told, want) {
		t.Errorf("events %q", told)
	}
}

func TestOperatorsAreAudited(t *testing.T) {
	l, _, file := auditLab(t, "127.96.14.1-127.96.14.9", nil)
	b := l.ready(t, vm)
	c := admin.NewClient(l.config.AdminSocket)
	free := netip.MustParseAddr("127.96.14.9")
	if _, err := c.ChangeLease(t.Context(), admin.LeaseChange{Verb: admin.ReserveLease, Tenant: b.Tenant, Address: free}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.ConfirmRemovals(t.Context(), b.Tenant, "00000000"); err == nil {
		t.Fatal("nothing was held, and it was confirmed")
	}
	for command, ok := range map[string]bool{"lease reserve 127.96.14.9": true, "removals confirm 00000000": false} {
		e := audited(t, file, command, commandIs(command))
		if e.Via != admin.ViaSocket || e.UID == nil || int(*e.UID) != os.Getuid() || e.Tenant != b.Tenant || (e.Result == "ok") != ok || (e.Error == "") != ok {
			t.Errorf("%s: %+v", command, e)
		}
	}
}
