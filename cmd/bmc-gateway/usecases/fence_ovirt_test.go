package usecases

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/lab"
)

// VDSM asks 18 times, every 10 s, whether the host has become what it was told
// to become; here every second.
const (
	vdsmTries    = 18
	vdsmInterval = time.Second
)

// ovirtHosts are the power management settings of hosts: type, and the options
// that the engine adds or the administrator gives. The engine calls fence_ipmilan
// for ilo3, ilo4 and drac7, too.
var ovirtHosts = []struct {
	name    string
	options string
	refused bool
}{
	{name: "ipmilan, as exported", options: "lanplus=1 cipher=17 privlvl=operator"},
	{name: "ipmilan", options: "lanplus=1 cipher=17 privlvl=OPERATOR power_wait=4 retry_on=2"},
	{name: "ilo3 and ilo4", options: "privlvl=operator lanplus=1 power_wait=4"},
	{name: "drac7", options: "privlvl=OPERATOR lanplus=1 delay=1"},
	{name: "ipmilan on POWER, whose suite 1 is off", options: "lanplus=1 cipher=1 privlvl=operator power_wait=4 power_timeout=2", refused: true},
}

// TestOVirt is what VDSM does for the engine with a host that does not respond:
// stop it, wait until it is off, start it, wait until it is on.
func TestOVirt(t *testing.T) {
	t.Parallel()
	u := begin(t, "oVirt's fencing", fenceIPMILAN, ipmitool)
	l := lab.Start(t, lab.Config{Name: "ovirt", Tenants: []lab.Tenant{{Name: "hosts", VMs: len(ovirtHosts)}}})
	for n, h := range ovirtHosts {
		vm := l.VM(n)
		if h.refused {
			u.parallel(t, h.name+": refused", func(t *testing.T) {
				vdsm(t, l, vm, "off", h.options).want(t, l, vm, 1, "", on)
			})
			continue
		}
		u.parallel(t, h.name+": restart", func(t *testing.T) {
			vdsm(t, l, vm, "off", h.options).want(t, l, vm, 0, "Success: Powered OFF", off)
			vdsmAwait(t, l, vm, h.options, off)
			vdsm(t, l, vm, "on", h.options).want(t, l, vm, 0, "Success: Powered ON", on)
			vdsmAwait(t, l, vm, h.options, on)
		})
	}
}

// vdsm calls the agent with the words that VDSM uses, which are old ones.
func vdsm(t *testing.T, l *lab.Lab, vm, action, options string) verdict {
	t.Helper()
	b := l.Bench(t, vm)
	words := "agent=fence_ipmilan ipaddr=$H login=operator action=" + action + " passwd=$W ipport=$P power_timeout=60 " + options
	out, code := b.Shell(t.Context(), `printf '%s\n' `+words+" | fence_ipmilan")
	t.Logf("%s %s: exit code %d\n%s", action, options, code, out)
	return verdict{out, code}
}

// vdsmAwait asks for the status until it is the wanted one.
func vdsmAwait(t *testing.T, l *lab.Lab, vm, options string, want types.VirtualMachinePowerState) {
	t.Helper()
	tick := time.NewTicker(vdsmInterval)
	defer tick.Stop()
	for range vdsmTries {
		v := vdsm(t, l, vm, "status", options)
		code := map[types.VirtualMachinePowerState]int{on: 0, off: 2}[l.VCenter.Power(vm)]
		v.want(t, l, vm, code, "Status: ", l.VCenter.Power(vm))
		if l.VCenter.Power(vm) == want {
			return
		}
		<-tick.C
	}
	t.Errorf("after %d looks %s is not %s", vdsmTries, vm, want)
}

// TestOVirtPort: VDSM hands the port of a host's power management on as "port",
// which fence_ipmilan does not know. Where it is not 623 it has to be an option.
func TestOVirtPort(t *testing.T) {
	t.Parallel()
	if !fenceIPMILAN.installed() {
		missing(t, "oVirt's fencing", "fence_ipmilan is not installed")
	}
	b := &lab.Bench{Home: t.TempDir()}
	b.Env = lab.Environment(b.Home)
	line := func(option string) string {
		return fmt.Sprintf(`printf '%%s\n' ipaddr=127.62.0.0 login=a passwd=b lanplus=1 verbose=1 action=status ipmitool_path=/bin/echo %s | fence_ipmilan`, option)
	}
	if out, _ := b.Shell(t.Context(), line("port=16623")); !strings.Contains(out, "-p 623 ") {
		t.Errorf("port=16623 is understood by now: %s", out)
	}
	if out, _ := b.Shell(t.Context(), line("ipport=16623")); !strings.Contains(out, "-p 16623") {
		t.Errorf("ipport=16623 is not understood: %s", out)
	}
}
