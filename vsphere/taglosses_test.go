package vsphere

import (
	"errors"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// A single look-up that leaves a VM out takes no tag off it: the next ones, which
// come at once, have to say the same.
func TestTagIsLostAfterSeveralLooks(t *testing.T) {
	l := newLab(t, 3)
	must(t, l.Tag("bmc/acme", "lab-01", "lab-02"))
	l.ready(func(c *Config) {
		c.Tags, c.TagInterval, c.TagHintGap = []string{"bmc/acme"}, time.Hour, time.Second
	})
	sel := inventory.Selector{Tags: []string{"bmc/acme"}}
	l.selected(sel, "lab-01", "lab-02")
	l.ResetCalls()
	must(t, l.Untag("bmc/acme", "lab-01"))
	l.looked()
	must(t, l.Tag("bmc/acme", "lab-01"))
	l.selected(sel, "lab-01", "lab-02")
	noMoreLooks := func() {
		l.eventually("no more looks", func() error {
			before := l.Calls()[tagLook]
			pause(t.Context(), 1500*time.Millisecond)
			if l.Calls()[tagLook] != before {
				return errors.New("they go on")
			}
			return nil
		})
	}
	noMoreLooks()
	l.selected(sel, "lab-01", "lab-02")

	l.ResetCalls()
	must(t, l.Untag("bmc/acme", "lab-01"))
	must(t, l.Tag("bmc/acme", "lab-03")) // what is new is believed at once
	l.selected(sel, "lab-01", "lab-02", "lab-03")
	l.selected(sel, "lab-02", "lab-03")
	if n := l.Calls()[tagLook]; n < lossAnswers || n > lossAnswers+1 {
		t.Errorf("%d looks, want %d, or one more for the second change", n, lossAnswers)
	}
	noMoreLooks()
}

// What is kept of a look-up that lost something, and for how long.
func TestKeepTagged(t *testing.T) {
	m := newMemory(time.Minute, nil)
	m.open("vc")
	m.byRef["vm-1"], m.byRef["vm-2"] = new(record), new(record)
	look := func(refs ...string) tagging {
		set := make(map[string]bool)
		for _, ref := range refs {
			set[ref] = true
		}
		return tagging{vcenter: "vc", at: time.Now(), refs: map[string]map[string]bool{"bmc/acme": set}}
	}
	m.setTags(look("vm-1", "vm-2", "vm-gone"))
	var losses map[bearer]int
	for n, step := range []struct {
		found []string
		kept  bool
	}{{nil, true}, {nil, true}, {[]string{"vm-1"}, true}, {nil, true}, {nil, true}, {nil, false}} {
		found := look(append(step.found, "vm-2")...)
		losses = m.keepTagged(found, losses)
		m.setTags(found)
		if got := m.tags.refs["bmc/acme"]; got["vm-1"] != step.kept || !got["vm-2"] || got["vm-gone"] {
			t.Errorf("look %d: %v, want vm-1 %t", n+1, got, step.kept)
		}
	}
}
