package vsphere

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// A tenant that comes while the watch goes on gets its folder and its tag at once;
// the others notice nothing.
func TestWantWhileWatching(t *testing.T) {
	for _, tt := range []struct {
		name   string
		before Wanted
	}{
		{"nothing before", Wanted{}},
		{"others before", Wanted{Folders: []Folder{{Path: "/DC0/vm/first"}}, Tags: []string{"bmc/first"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, 3)
			for _, folder := range []string{"first", "second"} {
				_, err := l.CreateFolder("/DC0/vm/" + folder)
				must(t, err)
			}
			must(t, l.MoveToFolder("/DC0/vm/second", "lab-02"))
			must(t, l.Tag("bmc/first", "lab-01"))
			must(t, l.Tag("bmc/second", "lab-03"))
			l.ready(func(c *Config) {
				c.Folders, c.Tags = tt.before.Folders, tt.before.Tags
				c.Freshness, c.TagInterval = time.Hour, time.Hour // nothing comes by itself
			})
			had := l.v.Source(inventory.Selector{Folders: paths(tt.before.Folders), Tags: tt.before.Tags})
			l.eventually("what was wanted before", func() error { _, err := had.List(t.Context()); return err })
			l.ResetCalls()

			both := Wanted{
				Folders: append(tt.before.Folders[:len(tt.before.Folders):len(tt.before.Folders)], Folder{Path: "/DC0/vm/second"}),
				Tags:    append(tt.before.Tags[:len(tt.before.Tags):len(tt.before.Tags)], "bmc/second"),
			}
			late := l.v.Source(inventory.Selector{Folders: []string{"/DC0/vm/second"}, Tags: []string{"bmc/second"}})
			if _, err := late.List(t.Context()); err == nil {
				t.Error("a folder that was never looked at has members")
			}
			must(t, l.v.Want(both))
			l.eventually("what is wanted now", func() error {
				if _, err := had.List(t.Context()); err != nil {
					t.Fatalf("what was wanted before: %v", err)
				}
				_, err := late.List(t.Context())
				return err
			})
			l.selected(inventory.Selector{Folders: []string{"/DC0/vm/second"}, Tags: []string{"bmc/second"}}, "lab-02", "lab-03")
			for _, method := range []string{"CreatePropertyCollector", "Login"} {
				if n := l.Calls()[method]; n > 0 {
					t.Errorf("%s was called %d times: the watch has begun anew", method, n)
				}
			}

			// And back: what nobody wants is given back.
			must(t, l.v.Want(tt.before))
			l.eventually("the folder is given back", func() error {
				if l.Calls()["DestroyPropertyFilter"] == 0 {
					return errors.New("its filter is there")
				}
				if _, err := late.List(t.Context()); err == nil {
					return errors.New("its members are known")
				}
				return nil
			})
			if _, err := had.List(t.Context()); err != nil {
				t.Errorf("what was wanted before: %v", err)
			}
		})
	}
}

func paths(folders []Folder) (all []string) {
	for _, f := range folders {
		all = append(all, f.Path)
	}
	return all
}

func TestWantRefusesNonsense(t *testing.T) {
	l := newLab(t, 1).ready()
	before := l.v.wants.now()
	err := l.v.Want(Wanted{Folders: []Folder{{Path: "relative"}}, Tags: []string{"no category"}})
	if err == nil || !strings.Contains(err.Error(), `"relative"`) || !strings.Contains(err.Error(), `"no category"`) {
		t.Errorf("got %v, want an error that names both", err)
	}
	if l.v.wants.now() != before {
		t.Error("nonsense is wanted now")
	}
}

// Shares may change while commands wait: nobody loses a place.
func TestSharesChange(t *testing.T) {
	d := newDispatcher(Limits{Rate: 0.001, Burst: 1}.withDefaults(), []TenantShare{{Tenant: "a"}, {Tenant: "gone"}, {Tenant: "idle"}}, nil)
	t.Cleanup(d.close)
	must(t, d.queueUp(&ticket{command: &Command{tenant: "a"}, turn: make(chan struct{})})) // takes the only token
	waits := &ticket{command: &Command{tenant: "gone"}, turn: make(chan struct{})}
	must(t, d.queueUp(waits))
	d.mu.Lock()
	d.lineOf("idle")
	d.mu.Unlock()

	d.share([]TenantShare{{Tenant: "a", Weight: 3, Rate: 7, Burst: 9}})
	_, waiting := d.load()
	if _, there := waiting["idle"]; there || waiting["gone"] != 1 {
		t.Errorf("waiting by tenant: %v; want the one command of \"gone\", and \"idle\" no more", waiting)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	l := d.lineOf("a")
	if b := d.buckets[l]; l.weight != 3 || b.Limit() != 7 || b.Burst() != 9 {
		t.Errorf("the share is weight %v, %v a second, burst %d", l.weight, b.Limit(), b.Burst())
	}
	if stranger := d.lineOf("gone"); stranger.tenant != "" {
		t.Errorf("a tenant that is gone has the line of %q", stranger.tenant)
	}
}
