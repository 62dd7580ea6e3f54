package gateway

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// names are the five VMs of the tests below.
func names() (all []string) {
	for n := 1; n <= 5; n++ {
		all = append(all, fmt.Sprintf("vc-a-vm-%02d", n))
	}
	return all
}

// guardedLab serves five VMs that have the tag and lie in the folder; a sixth is
// nobody's.
func guardedLab(t *testing.T, sel inventory.Selector) (*lab, *vspheretest.VCenter) {
	t.Helper()
	vc := simulator(t, vspheretest.Config{Name: "vc-a", VMs: 6})
	if _, err := vc.CreateFolder("/DC0/vm/Lab"); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(vc.Tag("bmc/enabled", names()...), vc.MoveToFolder("/DC0/vm/Lab", names()...)); err != nil {
		t.Fatal(err)
	}
	l := newLab(t)
	l.addTenant(t, vc, sel, "127.7.11.1-127.7.11.9").Guard = inventory.Guard{
		Answers: 3, After: 300 * time.Millisecond, Share: 25, Minimum: 3, Window: time.Minute, Hold: time.Hour,
	}
	l.start(t)
	return l, vc
}

// held waits until the removal of n BMCs is held.
func (l *lab) held(t *testing.T, n int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d removals are held", n), func() error {
		s := l.gw.Status()
		if len(s.Tenants) == 0 || s.Tenants[0].Held != n {
			return fmt.Errorf("tenants are %+v", s.Tenants)
		}
		return nil
	})
}

// logs waits for a line.
func (l *lab) logs(t *testing.T, text string) {
	t.Helper()
	eventually(t, "the log says "+text, func() error {
		if !strings.Contains(string(l.log.Bytes()), text) {
			return errors.New("not yet")
		}
		return nil
	})
}

// What goes wrong in a vCenter, and what its gateway's clients notice of it.
func TestMistakesInVCenterTakeNoBMCDown(t *testing.T) {
	byTag := inventory.Selector{Tags: []string{"bmc/enabled"}}
	byFolder := inventory.Selector{Folders: []string{"/DC0/vm/Lab"}, Recursive: true}
	for _, tt := range []struct {
		name    string
		sel     inventory.Selector
		mistake func(*vspheretest.VCenter) (heal func() error, err error)
		held    int    // 0: the answer is an error, and the log says so
		power   string // what status says meanwhile
	}{
		{"the role was taken away", byTag, func(vc *vspheretest.VCenter) (func() error, error) {
			show := vc.HideVMs()
			return func() error { show(); return nil }, nil
		}, 5, ipmi.NodeBusy.String()},
		{"the role was taken away, by folder", byFolder, func(vc *vspheretest.VCenter) (func() error, error) {
			show := vc.HideVMs()
			return func() error { show(); return nil }, nil
		}, 5, ipmi.NodeBusy.String()},
		{"all were untagged", byTag, func(vc *vspheretest.VCenter) (func() error, error) {
			return func() error { return vc.Tag("bmc/enabled", names()...) }, vc.Untag("bmc/enabled", names()...)
		}, 5, "on"},
		{"the tag category was deleted", byTag, func(vc *vspheretest.VCenter) (func() error, error) {
			return func() error { return vc.Tag("bmc/enabled", names()...) }, vc.DeleteCategory("bmc")
		}, 0, "on"},
		{"the tag category was deleted and made again", byTag, func(vc *vspheretest.VCenter) (func() error, error) {
			heal := func() error { return vc.Tag("bmc/enabled", names()...) }
			return heal, errors.Join(vc.DeleteCategory("bmc"), vc.Tag("bmc/enabled"))
		}, 5, "on"},
		{"the folder was emptied", byFolder, func(vc *vspheretest.VCenter) (func() error, error) {
			return func() error { return vc.MoveToFolder("/DC0/vm/Lab", names()...) }, vc.MoveToFolder("/DC0/vm", names()...)
		}, 5, "on"},
		{"most were moved away", byFolder, func(vc *vspheretest.VCenter) (func() error, error) {
			some := names()[:4]
			return func() error { return vc.MoveToFolder("/DC0/vm/Lab", some...) }, vc.MoveToFolder("/DC0/vm", some...)
		}, 4, "on"},
		{"the folder was renamed", byFolder, func(vc *vspheretest.VCenter) (func() error, error) {
			return func() error { return vc.RenameFolder("/DC0/vm/Other", "Lab") }, vc.RenameFolder("/DC0/vm/Lab", "Other")
		}, 0, "on"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, vc := guardedLab(t, tt.sel)
			before := make(map[string]admin.BMC)
			for _, name := range names() {
				before[name] = l.ready(t, name)
			}
			open := login(t, before[names()[0]])
			wantStatus(t, open, "on")

			heal, err := tt.mistake(vc)
			if err != nil {
				t.Fatal(err)
			}
			if tt.held > 0 {
				l.held(t, tt.held)
			} else {
				l.logs(t, "inventory unknown")
			}
			if got := len(l.gw.BMCs()); got != len(before) {
				t.Errorf("%d BMCs of %d", got, len(before))
			}
			wantStatus(t, open, tt.power)
			wantStatus(t, login(t, before[names()[1]]), tt.power)

			if err := heal(); err != nil {
				t.Fatal(err)
			}
			for name, was := range before {
				if now := l.ready(t, name); now.Address != was.Address {
					t.Errorf("%s had %s and has %s", name, was.Address, now.Address)
				}
			}
			wantStatus(t, open, "on")
		})
	}
}

// One VM that is untagged, and one that is deleted, lose their BMC without anybody's
// word; so does a held set after an operator's.
func TestRemovalsThatAreMeant(t *testing.T) {
	l, vc := guardedLab(t, inventory.Selector{Tags: []string{"bmc/enabled"}})
	for _, name := range names() {
		l.ready(t, name)
	}
	if err := vc.Untag("bmc/enabled", names()[4]); err != nil {
		t.Fatal(err)
	}
	l.gone(t, names()[4])
	if held := l.gw.Removals(); len(held) != 0 {
		t.Errorf("held: %+v", held)
	}
	for _, name := range names()[1:4] {
		if err := vc.RemoveVM(name); err != nil {
			t.Fatal(err)
		}
	}
	l.held(t, 3)
	set := l.gw.Removals()[0]
	done, err := admin.NewClient(l.config.AdminSocket).ConfirmRemovals(t.Context(), set.Tenant, set.ID)
	if err != nil || done.Confirmed != 3 {
		t.Errorf("%+v, %v", done, err)
	}
	for _, name := range names()[1:4] {
		l.gone(t, name)
	}
	if got := l.gw.BMCs(); len(got) != 1 || got[0].State != admin.Ready {
		t.Errorf("left: %+v", got)
	}
}

// A restart while all is held: the BMCs come up again, answer and are still held.
func TestRestartOfTheGatewayWhileAllIsHeld(t *testing.T) {
	l, vc := guardedLab(t, inventory.Selector{Tags: []string{"bmc/enabled"}})
	before := make(map[string]admin.BMC)
	for _, name := range names() {
		before[name] = l.ready(t, name)
	}
	show := vc.HideVMs()
	l.held(t, 5)
	l.stop()
	l.start(t)
	l.held(t, 5)
	for name, was := range before {
		now, err := admin.Find(l.gw.BMCs(), name)
		if err != nil || now.Address != was.Address || now.VM.BIOSUUID != was.VM.BIOSUUID {
			t.Errorf("%s: %v, had %s and has %s", name, err, was.Address, now.Address)
		}
	}
	s := login(t, before[names()[2]])
	wantStatus(t, s, ipmi.NodeBusy.String())
	show()
	for _, name := range names() {
		l.ready(t, name)
	}
	wantStatus(t, s, "on")
}
