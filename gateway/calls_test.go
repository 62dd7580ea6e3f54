package gateway

import (
	"testing"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// standing are the calls of the watch, of the tag poll and of the look for events,
// and what keeps sessions open, which go on whether anybody asks for a power status
// or not.
var standing = map[string]bool{
	"WaitForUpdatesEx": true,
	"ReadNextEvents":   true,
	"GetCurrentTime":   true,
	// Each hour, and once soon after the start.
	"FetchUserPrivilegeOnEntities":                       true,
	"POST tag-association list-attached-objects-on-tags": true,
}

func TestPowerStatusCostsVCenterNothing(t *testing.T) {
	vc := simulator(t, vspheretest.Config{Name: "vc-a", VMs: 1})
	if err := vc.Tag("bmc/enabled", "vc-a-vm-01"); err != nil {
		t.Fatal(err)
	}
	l := newLab(t)
	l.addTenant(t, vc, inventory.Selector{Tags: []string{"bmc/enabled"}}, "127.7.3.1-127.7.3.9")
	l.start(t)
	b := l.ready(t, "vc-a-vm-01")
	l.listening(t, vc.Calls)
	l.carded(t) // the last of what a start asks for

	vc.ResetCalls()
	c := dial(t, b)
	for range 200 { // each as a client does it: a session, the status, the end
		s, err := c.Login(t.Context(), administrator(t, b))
		if err != nil {
			t.Fatal(err)
		}
		if got := status(t, s); got != "on" {
			t.Fatal(got)
		}
		if err := s.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for method, n := range vc.Calls() {
		if !standing[method] {
			t.Errorf("200 power status runs called %s %d times", method, n)
		}
	}
}
