package vsphere

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
	"github.com/vmware/govmomi/vim25/types"
)

const tagLook = "POST tag-association list-attached-objects-on-tags"

// looked waits for the first look at the tags.
func (l *lab) looked() {
	l.t.Helper()
	l.eventually("a look at the tags", func() error {
		if l.Calls()[tagLook] == 0 {
			return errors.New("none yet")
		}
		return nil
	})
}

// A tag is seen at once, although the next look would be in an hour: vCenter says
// that there is something to see. That costs one look, and nothing while nothing
// is said.
func TestTagEventsAreHints(t *testing.T) {
	l := newLab(t, 2)
	must(t, l.Tag("bmc/acme"))
	l.ready(func(c *Config) {
		c.Tags, c.TagInterval, c.TagHintGap = []string{"bmc/acme"}, time.Hour, time.Millisecond
	})
	sel := inventory.Selector{Tags: []string{"bmc/acme"}}
	l.selected(sel)
	l.ResetCalls()
	must(t, l.Tag("bmc/acme", "lab-01"))
	l.selected(sel, "lab-01")
	if n := l.Calls()[tagLook]; n != 1 {
		t.Errorf("%d looks at the tags, want 1", n)
	}
	must(t, l.Untag("bmc/acme", "lab-01"))
	l.selected(sel)

	// Also in the next session, and for a tag that is new.
	l.KillSessions()
	l.eventually("another session", func() error {
		if l.Calls()["CreateCollectorForEvents"] == 0 {
			return errors.New("not yet")
		}
		return nil
	})
	must(t, l.Tag("bmc/acme", "lab-02"))
	l.selected(sel, "lab-02")
}

// A script that tags a thousand VMs is looked after every now and then.
func TestTagEventsByTheThousand(t *testing.T) {
	l := newLab(t, 2)
	must(t, l.Tag("bmc/acme"))
	l.ready(func(c *Config) {
		c.Tags, c.TagInterval, c.TagHintGap = []string{"bmc/acme"}, time.Hour, time.Second
	})
	l.looked()
	l.ResetCalls()
	began := time.Now()
	for range 200 {
		must(t, l.Tag("bmc/acme", "lab-01"))
		must(t, l.Untag("bmc/acme", "lab-01"))
	}
	must(t, l.Tag("bmc/acme", "lab-02"))
	l.selected(inventory.Selector{Tags: []string{"bmc/acme"}}, "lab-02")
	// One for each second begun, and the one that a hint before them had ordered.
	if n, most := l.Calls()[tagLook], int(time.Since(began)/time.Second)+2; n > most {
		t.Errorf("%d looks at the tags in %v, want %d at most", n, time.Since(began), most)
	}
}

// Without events, for want of a privilege or of a free collector, tags are looked
// at each TagInterval, and the watch does not mind.
func TestTagsWithoutEvents(t *testing.T) {
	for name, fault := range map[string]types.BaseMethodFault{
		"no privilege": &types.NoPermission{}, "no free collector": &types.InvalidState{},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, 1)
			must(t, l.Tag("bmc/acme"))
			l.Inject(vspheretest.Fault{Method: "CreateCollectorForEvents", Fault: fault})
			l.ready(func(c *Config) { c.Tags = []string{"bmc/acme"} })
			sel := inventory.Selector{Tags: []string{"bmc/acme"}}
			l.selected(sel)
			must(t, l.Tag("bmc/acme", "lab-01"))
			l.selected(sel, "lab-01")
			if soap, _ := l.logins(); soap != 2 {
				t.Errorf("%d logins, want the two of the start", soap)
			}
		})
	}
}

// What the watch holds for its hints is given back when it is built anew.
func TestTagEventsLeaveNothingBehind(t *testing.T) {
	l := newLab(t, 1)
	must(t, l.Tag("bmc/acme"))
	l.Inject(vspheretest.Fault{Method: "WaitForUpdatesEx", Fault: &types.RequestCanceled{}, Times: 3})
	l.ready(func(c *Config) { c.Tags = []string{"bmc/acme"} })
	l.eventually("one collector", func() error {
		by := l.Calls()
		made, gone := by["CreateCollectorForEvents"], by["DestroyCollector"]
		if made != 4 || gone != 3 {
			return fmt.Errorf("%d made, %d given back", made, gone)
		}
		return nil
	})
}
