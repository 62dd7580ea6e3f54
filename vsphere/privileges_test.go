package vsphere

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
	"github.com/google/go-cmp/cmp"
	"github.com/vmware/govmomi/vim25/types"
)

const (
	powerOn  = "VirtualMachine.Interact.PowerOn"
	settings = "VirtualMachine.Config.Settings"
	nmi      = "VirtualMachine.Interact.GuestControl"
)

// selects makes the VMs of a folder somebody's.
func selects(folder string) func(*Config) {
	return func(c *Config) {
		c.Folders = append(c.Folders, Folder{Path: folder, Recursive: true})
		c.Selectors = append(c.Selectors, inventory.Selector{Folders: []string{folder}, Recursive: true, ExcludeNames: []string{"*-not"}})
	}
}

// lacks waits for a check and returns what it found, a word for each.
func (l *lab) lacks() (all []string) {
	l.t.Helper()
	l.eventually("a check of the privileges", func() error {
		if p := l.v.Privileges(); p.Checked.IsZero() {
			return errors.Join(errors.New("none yet"), p.Err)
		}
		return nil
	})
	for _, m := range l.v.Privileges().Missing {
		all = append(all, m.Privilege+" on "+strings.Join(m.Objects, " "))
	}
	return all
}

func TestMissingPrivileges(t *testing.T) {
	tests := []struct {
		name string
		deny [][2]string // privilege, object
		cfg  func(*Config)
		want []string
	}{
		{name: "none"},
		{name: "on one VM", deny: [][2]string{{powerOn, "lab-02"}}, want: []string{powerOn + " on lab-02"}},
		{name: "everywhere", deny: [][2]string{{settings, ""}, {powerOn, "lab-01"}},
			want: []string{powerOn + " on lab-01", settings + " on /DC0/vm/empty lab-01 lab-02"}},
		{name: "on a folder without VMs yet", deny: [][2]string{{powerOn, "/DC0/vm/empty"}}, want: []string{powerOn + " on /DC0/vm/empty"}},
		{name: "on a VM nobody wants", deny: [][2]string{{powerOn, "lab-not"}, {powerOn, "outside"}}},
		{name: "where everybody only reads", deny: [][2]string{{powerOn, ""}, {"System.Read", "lab-01"}},
			cfg: func(c *Config) { c.ReadOnly = true }, want: []string{"System.Read on lab-01"}},
	}
	for _, tt := range tests {
		for _, by := range []string{"user", "session"} {
			t.Run(tt.name+", by "+by, func(t *testing.T) {
				l := newLab(t, 0)
				for _, vm := range []string{"lab-01", "lab-02", "lab-not"} {
					must(t, l.AddVM(vm, "tenant"))
				}
				must(t, l.AddVM("outside", ""))
				_, err := l.CreateFolder("empty")
				must(t, err)
				for _, d := range tt.deny {
					l.Deny(d[0], d[1])
				}
				if by == "session" {
					l.Inject(vspheretest.Fault{Method: "FetchUserPrivilegeOnEntities", Fault: &types.NotImplemented{}})
				}
				l.ready(selects("/DC0/vm/tenant"), selects("/DC0/vm/empty"), func(c *Config) {
					if tt.cfg != nil {
						tt.cfg(c)
					}
				})
				if diff := cmp.Diff(tt.want, l.lacks()); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				if n := len(l.v.Status().Notices); n != len(tt.want) {
					t.Errorf("%d notices, want %d", n, len(tt.want))
				}
			})
		}
	}
}

// What the check says is what the verb gets.
func TestMissingPrivilegeRefusesTheVerb(t *testing.T) {
	l := newLab(t, 1)
	for _, p := range []string{powerOn, "VirtualMachine.Interact.PowerOff", "VirtualMachine.Interact.Reset", settings, nmi} {
		l.Deny(p, "/DC0/vm")
	}
	l.ready(selects("/DC0/vm"))
	if got := l.lacks(); len(got) != 5 {
		t.Errorf("the check found %q", got)
	}
	key := l.key("lab-01")
	verbs := map[string]func() error{
		"power on":  func() error { return l.v.PowerOn(t.Context(), key) },
		"power off": func() error { return l.v.PowerOff(t.Context(), key) },
		"reset":     func() error { return l.v.Reset(t.Context(), key) },
		"soft off":  func() error { return l.v.Shutdown(t.Context(), key) },
		"boot":      func() error { return l.v.SetBootDevice(t.Context(), key, BootNetwork) },
		"NMI":       func() error { return l.v.NMI(t.Context(), key) },
	}
	for name, verb := range verbs {
		if err := verb(); !errors.Is(err, ErrDenied) {
			t.Errorf("%s: %v, want ErrDenied", name, err)
		}
	}
	// What most do without is no notice.
	if n := l.v.Status().Notices; len(n) != 4 || slices.ContainsFunc(n, func(s string) bool { return strings.Contains(s, nmi) }) {
		t.Errorf("notices %q", n)
	}
}

// A thousand VMs cost ten calls an hour, and a check that fails keeps what is known.
func TestPrivilegesAreAskedInBatches(t *testing.T) {
	l := newLab(t, 250)
	l.Deny(powerOn, "lab-250")
	l.ready(selects("/DC0/vm"))
	if got := l.lacks(); len(got) != 1 || got[0] != powerOn+" on lab-250" {
		t.Errorf("missing %q", got)
	}
	if n := l.Calls()["FetchUserPrivilegeOnEntities"]; n != 3 {
		t.Errorf("%d calls for 250 VMs, want 3", n)
	}
	l.Inject(vspheretest.Fault{Method: "FetchUserPrivilegeOnEntities", Fault: &types.SystemError{}, Times: 1})
	entities, _ := l.v.entities(t.Context())
	if p := l.v.checkPrivileges(t.Context(), entities); p.Err == nil || len(p.Missing) != 1 {
		t.Errorf("err %v, missing %v, want the error and what was known", p.Err, p.Missing)
	}
}

func TestPrivilegesAreAskedAgain(t *testing.T) {
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	same, other := fingerprint([]entity{{name: "lab-01"}}), fingerprint([]entity{{name: "lab-02"}})
	tests := []struct {
		name  string
		plan  rightsPlan
		about uint64
		first time.Duration // after which it is due; a second before it is not
	}{
		{"all is well", rightsPlan{asked: at, about: same}, same, time.Hour},
		{"something is missing", rightsPlan{asked: at, about: same, failing: true}, same, 5 * time.Minute},
		{"there are other VMs", rightsPlan{asked: at, about: same}, other, time.Minute},
		{"other VMs, and something is missing", rightsPlan{asked: at, about: same, failing: true}, other, time.Minute},
	}
	for _, tt := range tests {
		if tt.plan.due(at.Add(tt.first-time.Second), tt.about) || !tt.plan.due(at.Add(tt.first), tt.about) {
			t.Errorf("%s: not due after %v exactly", tt.name, tt.first)
		}
	}
	if !(rightsPlan{}).due(at, same) {
		t.Error("the first is not due")
	}
}

func TestMissingPrivilegeInASentence(t *testing.T) {
	m := MissingPrivilege{Privilege: powerOn, Without: "power on is refused"}
	for i := range 5 {
		m.Objects = append(m.Objects, fmt.Sprint("vm", i))
	}
	if got, want := m.String(), "the role lacks "+powerOn+" on vm0, vm1, vm2 and 2 more: power on is refused"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
