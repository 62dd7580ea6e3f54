package usecases

import (
	"strings"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/lab"
)

var fenceIPMILAN = program{name: "fence_ipmilan", debian: "fence-agents"}

// TestFence drives the fence agent as Pacemaker and VDSM do: options on its
// standard input, and what counts is its exit code.
func TestFence(t *testing.T) {
	t.Parallel()
	u := begin(t, "fencing", fenceIPMILAN, program{name: "ipmitool", debian: "ipmitool"})
	l := lab.Start(t, lab.Config{Name: "fence", Tenants: []lab.Tenant{{Name: "cluster", VMs: 1}}})
	u.step(t, "status of a VM that is on", func(t *testing.T) {
		b := l.Bench(t, l.VM(0))
		out, code := b.Shell(t.Context(), `printf 'ip=%s\nipport=%s\nusername=operator\npassword=%s\nlanplus=1\nprivlvl=operator\naction=status\n' $H $P $W | fence_ipmilan`)
		if code != 0 || !strings.Contains(out, "Status: ON") {
			t.Errorf("exit code %d, said %q", code, out)
		}
	})
}
