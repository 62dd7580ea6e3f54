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
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// twoTenants is one tenant by tag and one by folder, each on its own vCenter.
func twoTenants(t *testing.T, change ...func(*vsphere.Config)) (*lab, *vspheretest.VCenter, *vspheretest.VCenter) {
	t.Helper()
	a := simulator(t, vspheretest.Config{Name: "vc-a", VMs: 3})
	b := simulator(t, vspheretest.Config{Name: "vc-b", VMs: 3})
	if err := a.Tag("bmc/enabled", "vc-a-vm-01", "vc-a-vm-02"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.CreateFolder("/DC0/vm/Lab"); err != nil {
		t.Fatal(err)
	}
	if err := b.MoveToFolder("/DC0/vm/Lab", "vc-b-vm-01"); err != nil {
		t.Fatal(err)
	}
	l := newLab(t)
	l.addTenant(t, a, inventory.Selector{Tags: []string{"bmc/enabled"}}, "127.7.1.1-127.7.1.9")
	l.addTenant(t, b, inventory.Selector{Folders: []string{"/DC0/vm/Lab"}, Recursive: true}, "127.7.2.1-127.7.2.9")
	for i := range l.config.VCenters {
		for _, c := range change {
			c(&l.config.VCenters[i])
		}
	}
	l.start(t)
	return l, a, b
}

func TestTwoTenantsOnTwoVCenters(t *testing.T) {
	l, a, b := twoTenants(t)
	a1, b1 := l.ready(t, "vc-a-vm-01"), l.ready(t, "vc-b-vm-01")
	l.ready(t, "vc-a-vm-02")
	if got := len(l.gw.BMCs()); got != 3 {
		t.Errorf("got %d BMCs, want 3: %v", got, l.gw.BMCs())
	}

	if code := control(t, login(t, a1), ipmi.ChassisPowerDown); code != ipmi.Completed {
		t.Fatalf("power off: %s", code)
	}
	wantStatus(t, login(t, a1), "off")
	if got := a.Power("vc-a-vm-01"); got != "poweredOff" {
		t.Errorf("vc-a-vm-01 is %s", got)
	}
	if got := status(t, login(t, b1)); got != "on" || b.Power("vc-b-vm-01") != "poweredOn" {
		t.Errorf("the other tenant's VM is %s", got)
	}

	suite, _ := ipmi.CipherSuiteByID(17)
	_, err := dial(t, b1).Login(t.Context(), remote.Login{Suite: suite, User: "admin", Password: "admin-of-vc-a", Privilege: ipmi.User})
	if !errors.Is(err, remote.ErrPassword) {
		t.Errorf("one tenant's account at the other's BMC: %v", err)
	}
}

func TestMembershipFollowsTagsAndFolders(t *testing.T) {
	l, a, b := twoTenants(t)
	kept := l.ready(t, "vc-a-vm-02")

	for name, step := range map[string]struct{ leave, enter func() error }{
		"vc-a-vm-01": {
			func() error { return a.Untag("bmc/enabled", "vc-a-vm-01") },
			func() error { return a.Tag("bmc/enabled", "vc-a-vm-01") },
		},
		"vc-b-vm-01": {
			func() error { return b.MoveToFolder("/DC0/vm", "vc-b-vm-01") },
			func() error { return b.MoveToFolder("/DC0/vm/Lab", "vc-b-vm-01") },
		},
	} {
		before := l.ready(t, name)
		if err := step.leave(); err != nil {
			t.Fatal(err)
		}
		l.gone(t, name)
		if err := step.enter(); err != nil {
			t.Fatal(err)
		}
		if again := l.ready(t, name); again.Address != before.Address || again.MAC != before.MAC {
			t.Errorf("%s had %s %s and has %s %s", name, before.Address, before.MAC, again.Address, again.MAC)
		}
	}
	if again := l.ready(t, "vc-a-vm-02"); again.Address != kept.Address || again.Since != kept.Since {
		t.Errorf("the VM nobody touched was started anew: %+v, %+v", kept, again)
	}
}

func TestLeaseSurvivesRenameAndRegistration(t *testing.T) {
	l, a, _ := twoTenants(t)
	before := l.ready(t, "vc-a-vm-01")
	if err := a.Rename("vc-a-vm-01", "renamed"); err != nil {
		t.Fatal(err)
	}
	after := l.ready(t, "renamed")
	if after.Address != before.Address || after.Since != before.Since {
		t.Errorf("renamed: %s since %s, before %s since %s", after.Address, after.Since, before.Address, before.Since)
	}
	if err := a.Reregister("renamed"); err != nil {
		t.Fatal(err)
	}
	if err := a.Tag("bmc/enabled", "renamed"); err != nil { // a tag hangs on the object, which is a new one
		t.Fatal(err)
	}
	eventually(t, "the new object is known", func() error {
		b := l.ready(t, "renamed")
		if b.VM.Ref == before.VM.Ref {
			return errors.New("still " + b.VM.Ref)
		}
		if b.Address != before.Address {
			t.Fatalf("re-registered: %s, before %s", b.Address, before.Address)
		}
		return nil
	})
	if code := control(t, login(t, after), ipmi.ChassisPowerDown); code != ipmi.Completed {
		t.Errorf("power off by the new object: %s", code)
	}
}

func TestOneVCenterGoneTheOtherServes(t *testing.T) {
	l, a, b := twoTenants(t)
	a1, b1 := l.ready(t, "vc-a-vm-01"), l.ready(t, "vc-b-vm-01")
	a.Down()
	eventually(t, "the loss is known", func() error {
		if s := l.gw.Status(); s.VCenters[0].State == "up" {
			return errors.New("vc-a is up")
		}
		return nil
	})
	if got := status(t, login(t, a1)); got != "on" {
		t.Errorf("from fresh memory: %s", got)
	}
	if code := control(t, login(t, a1), ipmi.ChassisPowerDown); code != ipmi.NodeBusy {
		t.Errorf("power off without a vCenter: %s", code)
	}
	if code := control(t, login(t, b1), ipmi.ChassisPowerDown); code != ipmi.Completed {
		t.Errorf("power off at the other vCenter: %s", code)
	}
	if got := b.Power("vc-b-vm-01"); got != "poweredOff" {
		t.Errorf("vc-b-vm-01 is %s", got)
	}
	if err := a.Up(); err != nil {
		t.Fatal(err)
	}
	again := login(t, a1)
	eventually(t, "power off works again", func() error {
		if code := control(t, again, ipmi.ChassisPowerDown); code != ipmi.Completed {
			return code
		}
		return nil
	})
	if got := a.Power("vc-a-vm-01"); got != "poweredOff" {
		t.Errorf("vc-a-vm-01 is %s", got)
	}
}

// A vCenter that was never reached: the log says why.
func TestWhyVCenterNeverAnswered(t *testing.T) {
	vc := simulator(t, vspheretest.Config{Name: "vc-a", VMs: 1, Password: "another"})
	l := newLab(t)
	l.addTenant(t, vc, inventory.Selector{Tags: []string{"bmc/enabled"}}, "127.7.1.1-127.7.1.9")
	l.start(t)
	eventually(t, "a line", func() error {
		if !strings.Contains(string(l.log.Bytes()), "Login failure") {
			return errors.New("not yet")
		}
		return nil
	})
}

// One vCenter fails, then the other, in each way there is: the tenant of the one that
// does not fail notices nothing.
func TestVCentersFailInTurn(t *testing.T) {
	l, a, b := twoTenants(t, func(c *vsphere.Config) { c.CallTimeout, c.DialTimeout = 4*time.Second, 4*time.Second })
	vms := map[*vspheretest.VCenter]string{a: "vc-a-vm-01", b: "vc-b-vm-01"}
	bmcs := map[*vspheretest.VCenter]admin.BMC{a: l.ready(t, vms[a]), b: l.ready(t, vms[b])}
	sessions := map[*vspheretest.VCenter]*remote.Session{a: login(t, bmcs[a]), b: login(t, bmcs[b])}
	l.ready(t, "vc-a-vm-02")
	type fail func(vc *vspheretest.VCenter) (mend func() error)
	for name, failure := range map[string]fail{
		"refuses connections": func(vc *vspheretest.VCenter) func() error { vc.Down(); return vc.Up },
		"answers nothing": func(vc *vspheretest.VCenter) func() error {
			vc.Stall(true)
			return func() error { vc.Stall(false); return nil }
		},
		"answers 503": func(vc *vspheretest.VCenter) func() error {
			vc.Refuse(503)
			return func() error { vc.Refuse(0); return nil }
		},
	} {
		for failing, well := range map[*vspheretest.VCenter]*vspheretest.VCenter{a: b, b: a} {
			t.Run(failing.Name()+" "+name, func(t *testing.T) {
				session := sessions[well]
				logins := well.Calls()["Login"]
				mend := failure(failing)
				for range 3 {
					for _, do := range []struct {
						action ipmi.ChassisControl
						is     string
					}{{ipmi.ChassisPowerDown, "off"}, {ipmi.ChassisPowerUp, "on"}} {
						if code := control(t, session, do.action); code != ipmi.Completed {
							t.Errorf("%v: %s", do.action, code)
						}
						wantStatus(t, session, do.is)
					}
				}
				now, err := admin.Find(l.gw.BMCs(), vms[well])
				if was := bmcs[well]; err != nil || now.State != admin.Ready || now.Since != was.Since || now.Address != was.Address {
					t.Errorf("the BMC was %+v and is %+v, %v", was, now, err)
				}
				for _, vc := range l.gw.Status().VCenters {
					if vc.Name == well.Name() && vc.State != "up" {
						t.Errorf("%s is %s", vc.Name, vc.State)
					}
				}
				if n := well.Calls()["Login"]; n != logins {
					t.Errorf("%d logins more", n-logins)
				}
				if err := mend(); err != nil {
					t.Fatal(err)
				}
				eventually(t, "it is well again", func() error {
					if got := status(t, sessions[failing]); got != "on" {
						return errors.New(got)
					}
					for _, vc := range l.gw.Status().VCenters {
						if vc.State != "up" || vc.CircuitOpen {
							return fmt.Errorf("%s is %s: %s", vc.Name, vc.State, vc.LastError)
						}
					}
					return nil
				})
			})
		}
	}
}
