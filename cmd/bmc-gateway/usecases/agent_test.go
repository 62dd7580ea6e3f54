package usecases

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/lab"
)

var (
	fenceIPMILAN = program{name: "fence_ipmilan", debian: "fence-agents"}
	ipmitool     = program{name: "ipmitool", debian: "ipmitool"}
)

const (
	on  = types.VirtualMachinePowerStatePoweredOn
	off = types.VirtualMachinePowerStatePoweredOff
)

// errNotYet is for what is polled.
var errNotYet = errors.New("not yet")

// A verdict is what a fence agent said of a VM.
type verdict struct {
	out  string
	code int // 0: done, or on; 2: off; 1: failed
}

// fence runs a fence agent with options, "name=value" and spaces between them,
// on its standard input, as Pacemaker and VDSM do. They come after what every
// call needs, and the last word on an option counts. Their power_timeout is for
// busy machines: it is also the time that ipmitool has for one call.
func fence(t *testing.T, b *lab.Bench, agent, options string) verdict {
	t.Helper()
	words := "ip=$H ipport=$P username=operator password=$W lanplus=1 privlvl=operator power_wait=1 power_timeout=60 " + options
	out, code := b.Shell(t.Context(), `printf '%s\n' `+words+" | "+agent)
	t.Logf("%s %s: exit code %d\n%s", agent, options, code, out)
	return verdict{out, code}
}

// want checks the agent's word, and that it is the truth: whoever is told "off"
// mounts the disks of the VM somewhere else.
func (v verdict) want(t *testing.T, l *lab.Lab, vm string, code int, says string, power types.VirtualMachinePowerState) {
	t.Helper()
	if got := l.VCenter.Power(vm); got != power {
		t.Errorf("vCenter has %s %s, want %s", vm, got, power)
	}
	if v.code != code || !strings.Contains(v.out, says) {
		t.Errorf("exit code %d and %q, want %d and %q", v.code, v.out, code, says)
	}
}

// switchOff is somebody who powers the VM off in vCenter.
func switchOff(t *testing.T, l *lab.Lab, vm string) {
	t.Helper()
	if err := l.VCenter.SetPower(vm, off); err != nil {
		t.Fatal(err)
	}
	lab.Until(t, vm+" is known to be off", func() error {
		if got := l.BMC(vm).Power; got != "off" {
			return fmt.Errorf("the gateway says %q", got)
		}
		return nil
	})
}

// watchPower looks at a VM until stop, which reports whether it was ever off.
func watchPower(l *lab.Lab, vm string) (stop func() (wasOff bool)) {
	quit := make(chan struct{})
	var wg sync.WaitGroup
	seen := false
	wg.Go(func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			if l.VCenter.Power(vm) == off {
				seen = true
				return
			}
			select {
			case <-quit:
				return
			case <-tick.C:
			}
		}
	})
	return func() bool {
		close(quit)
		wg.Wait()
		return seen
	}
}
