package gateway

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
)

// becomes waits until the BMC is in a state, and returns it.
func (l *lab) becomes(t *testing.T, name string, state admin.State) (b admin.BMC) {
	t.Helper()
	eventually(t, fmt.Sprintf("%s is %s", name, state), func() (err error) {
		b, err = admin.Find(l.gw.BMCs(), name)
		if err == nil && b.State != state {
			err = fmt.Errorf("%s: %s", b.State, b.Reason)
		}
		return err
	})
	return b
}

func (l *lab) maintenance(t *testing.T, c admin.MaintenanceChange) {
	t.Helper()
	if _, err := l.gw.ChangeMaintenance(c, admin.Caller{}); err != nil {
		t.Fatal(err)
	}
}

// TestMaintenance: ipmitool reads, and its commands are refused, until the
// maintenance ends; a restart does not end it.
func TestMaintenance(t *testing.T) {
	vc, l, b, s := oneVM(t, func(*Tenant) {})
	wantStatus(t, s, "on")
	run := func(args ...string) (string, error) {
		t.Helper()
		return ipmitool(t, b, "admin", "admin-of-vc-a", args...)
	}
	refuses := func(when string) {
		t.Helper()
		if out, err := run("power", "off"); err == nil || !strings.Contains(out, "Node busy") {
			t.Errorf("%s: power off: %v, %s", when, err, out)
		}
		if out, _ := run("chassis", "bootdev", "pxe"); !strings.Contains(out, "Node busy") { // it ends with 0 all the same
			t.Errorf("%s: bootdev: %s", when, out)
		}
		if out, err := run("power", "status"); err != nil || !strings.Contains(out, "is on") {
			t.Errorf("%s: power status: %v, %s", when, err, out)
		}
	}
	l.maintenance(t, admin.MaintenanceChange{On: true, Tenant: "vc-a", Target: vm, Reason: "new disks"})
	if b := l.becomes(t, vm, admin.Maintained); b.Reason != "new disks" || b.Maintenance == nil || b.Maintenance.VM != vm {
		t.Errorf("shown as %+v", b)
	}
	if s := l.gw.Status(); s.Tenants[0].Maintenance != 1 || s.Tenants[0].Ready != 0 {
		t.Errorf("status shows %+v", s.Tenants[0])
	}
	refuses("before a restart")
	l.stop()
	l.start(t)
	l.becomes(t, vm, admin.Maintained)
	refuses("after a restart")
	if got := string(vc.Power(vm)); got != "poweredOn" {
		t.Errorf("the VM is %s", got)
	}

	l.maintenance(t, admin.MaintenanceChange{On: true, Tenant: "vc-a", Silent: true})
	if out, err := run("power", "status"); err == nil {
		t.Errorf("silent: power status: %s", out)
	}
	l.maintenance(t, admin.MaintenanceChange{Tenant: "vc-a"})
	refuses("after that of the tenant")
	l.maintenance(t, admin.MaintenanceChange{Tenant: "vc-a", Target: b.VM.InstanceUUID})
	l.ready(t, vm)
	if out, err := run("power", "off"); err != nil {
		t.Errorf("afterwards: power off: %v, %s", err, out)
	}
}

func TestMaintenanceRefused(t *testing.T) {
	b := newBench(t, "127.7.22.1-127.7.22.9", "a")
	b.build()
	defer b.stop()
	twin := virtual(2, "bmc/a")
	twin.Name = "vm1"
	b.tell(0, virtual(1, "bmc/a"), twin)
	for _, tt := range []struct {
		name   string
		change admin.MaintenanceChange
		want   error
	}{
		{"no such tenant", admin.MaintenanceChange{On: true, Tenant: "b"}, admin.ErrNotFound},
		{"no such VM", admin.MaintenanceChange{On: true, Tenant: "a", Target: "vm9"}, admin.ErrNotFound},
		{"two of the name", admin.MaintenanceChange{On: true, Tenant: "a", Target: "vm1"}, admin.ErrAmbiguous},
		{"off where none is", admin.MaintenanceChange{Tenant: "a", Target: "vm1"}, admin.ErrNotFound},
		{"off of a tenant where none is", admin.MaintenanceChange{Tenant: "a"}, admin.ErrNotFound},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := b.gw.ChangeMaintenance(tt.change, admin.Caller{}); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
	if got := b.gw.Maintenance(); len(got) > 0 {
		t.Errorf("in maintenance are %+v", got)
	}
	_, err := b.gw.ChangeMaintenance(admin.MaintenanceChange{Tenant: "a", Target: "vm1"}, admin.Caller{})
	if err == nil || !strings.Contains(err.Error(), "a/vm1 is not in maintenance of its own") {
		t.Errorf("off of a VM: %v", err)
	}
	m, err := b.gw.ChangeMaintenance(admin.MaintenanceChange{On: true, Tenant: "a", Seconds: 3600}, admin.Caller{})
	if err != nil || m.Until.Sub(m.Since) != time.Hour {
		t.Errorf("for an hour: %+v, %v", m, err)
	}
}

// TestMaintenanceBegunAnew as the earlier one ends is not ended with that.
func TestMaintenanceBegunAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st, err := store.Open(filepath.Join(t.TempDir(), "state.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		m := newMaintenances(st, quiet(), nil)
		now := time.Now()
		if err := m.set(store.Maintenance{Tenant: "a", Since: now, Until: now.Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
		isOver := func(one store.Maintenance) bool { return over(one, now) }
		if _, ended, err := m.end(scope{tenant: "a"}, isOver); ended || err != nil {
			t.Errorf("ended %t, %v", ended, err)
		}
		if left, err := st.Maintenances(); len(left) != 1 || err != nil || m.mode("a", inventory.Key{}) != bmc.ReadOnly {
			t.Errorf("%+v is stored, %v; the mode is %v", left, err, m.mode("a", inventory.Key{}))
		}
	})
}

// TestMaintenanceEndsByItself, to the second, and is then forgotten on the disk too.
func TestMaintenanceEndsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st, err := store.Open(filepath.Join(t.TempDir(), "state.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		m := newMaintenances(st, quiet(), nil)
		go m.run(t.Context())
		synctest.Wait()
		key := inventory.Key{VCenter: "vc", VM: "vm"}
		now := time.Now()
		for _, one := range []store.Maintenance{
			{Tenant: "a", Key: key, Since: now, Until: now.Add(time.Hour)},
			{Tenant: "a", Silent: true, Since: now, Until: now.Add(time.Minute)},
			{Tenant: "b", Since: now},
		} {
			if err := m.set(one); err != nil {
				t.Fatal(err)
			}
		}
		for _, step := range []struct {
			after time.Duration
			a, b  bmc.Mode
			left  int
		}{
			{0, bmc.Silent, bmc.ReadOnly, 3},
			{time.Minute - time.Nanosecond, bmc.Silent, bmc.ReadOnly, 3},
			{time.Minute, bmc.ReadOnly, bmc.ReadOnly, 2},
			{time.Hour, bmc.Normal, bmc.ReadOnly, 1},
			{1000 * time.Hour, bmc.Normal, bmc.ReadOnly, 1},
		} {
			time.Sleep(time.Until(now.Add(step.after)))
			synctest.Wait()
			if got := []bmc.Mode{m.mode("a", key), m.mode("b", key)}; !cmp.Equal(got, []bmc.Mode{step.a, step.b}) {
				t.Errorf("after %s: modes %v, want %v and %v", step.after, got, step.a, step.b)
			}
			if left, err := st.Maintenances(); len(left) != step.left || err != nil {
				t.Errorf("after %s: %d are stored, %v; want %d", step.after, len(left), err, step.left)
			}
		}
	})
}
