package usecases

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// outageSteps have vCenter slow, then gone, while Ironic looks after its nodes: a
// node whose state nobody knows must never be off.
func (s *ironicStory) outageSteps(t *testing.T) {
	l := s.lab
	told, quiet := l.VM(0), l.VM(1)
	s.ironic.manage(t, told)
	s.ironic.manage(t, quiet)
	s.step(t, "power off that takes vCenter five seconds: off when the VM is, not before", func(t *testing.T) {
		remove := l.VCenter.Inject(vspheretest.Fault{Method: "PowerOffVM_Task", VM: told, InTask: true, Delay: 5 * time.Second, Times: 1})
		defer remove()
		s.ironic.do(t, http.MethodPut, "nodes/"+told+"/states/power", map[string]any{"target": "power off"})
		s.untilOff(t, told)
	})
	s.ironic.power(t, told, "power on", "power on")
	s.step(t, "vCenter does not answer: the power state becomes none, a power failure in maintenance, and is never off", func(t *testing.T) {
		l.VCenter.Stall(true)
		s.watched(t, quiet, "has a power failure", func(n node) bool { return n.Power == nil && n.Maintenance && text(n.Fault) == "power failure" })
	})
	s.step(t, "power off then: an error, and never off", func(t *testing.T) {
		s.ironic.do(t, http.MethodPut, "nodes/"+told+"/states/power", map[string]any{"target": "power off"})
		s.watched(t, told, "has an error", func(n node) bool {
			return n.TargetPower == nil && strings.Contains(text(n.LastError), "Failed to change power state to 'power off'")
		})
		s.isPower(t, told, on)
	})
	s.step(t, "vCenter is back: so is the power state, without anybody's help", func(t *testing.T) {
		l.VCenter.Stall(false)
		for _, vm := range []string{told, quiet} {
			s.watched(t, vm, "is on", func(n node) bool { return text(n.Power) == "power on" && !n.Maintenance })
			s.isPower(t, vm, on)
		}
	})
}

// untilOff waits until Ironic says off. vCenter must then say so as well.
func (s *ironicStory) untilOff(t *testing.T, vm string) {
	t.Helper()
	s.ironic.until(t, vm, "is off", func(n node) bool {
		if text(n.Power) != "power off" {
			return false
		}
		s.isPower(t, vm, off)
		return true
	})
}

// watched waits for a node like until, and minds every state before it.
func (s *ironicStory) watched(t *testing.T, vm, what string, is func(node) bool) {
	t.Helper()
	var seen []string
	eventually(t, vm+" "+what, func() error {
		n := s.ironic.node(t, vm)
		if seen = append(seen, text(n.Power)); text(n.Power) == "power off" {
			t.Errorf("Ironic says off of %s, which is %s: %s", vm, s.lab.VCenter.Power(vm), n)
		}
		if !is(n) {
			return fmt.Errorf("it is %s", n)
		}
		return nil
	})
	t.Logf("%s: %q", vm, slices.Compact(seen))
}
