package usecases

import (
	"fmt"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/lab"
	"github.com/bmc-gateway/bmc-gateway/gateway"
	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

var (
	ipmipower     = program{name: "ipmipower", debian: "freeipmi-tools"}
	chassisConfig = program{name: "ipmi-chassis-config", debian: "freeipmi-tools"}
)

// The words of MAAS's command lines: what both programs get, and what it commits
// before it powers a machine on. $I is the cipher suite.
const (
	maasLogin = "-W opensesspriv --driver-type LAN_2_0 -h $HP -u operator -p $W $I -l OPERATOR"
	maasPower = "ipmipower " + maasLogin
	maasFile  = `printf 'Section Chassis_Boot_Flags\n        Boot_Flags_Persistent                         No\n` +
		`        BIOS_Boot_Type                                EFI\n        Boot_Device                                   PXE\nEndSection\n' > boot; `
	maasPlainFile = `printf 'Section Chassis_Boot_Flags\n        Boot_Flags_Persistent                         No\n` +
		`        Boot_Device                                   PXE\nEndSection\n' > boot; `
	maasCommit = "ipmi-chassis-config " + maasLogin + " --commit --filename boot 2>&1; "
	maasOn     = maasPower + " --cycle --on-if-off"
)

// TestMAAS replays MAAS's power driver, with each cipher suite that it offers.
func TestMAAS(t *testing.T) {
	t.Parallel()
	l := lab.Start(t, lab.Config{Name: "maas", Prefix: "node", Tenants: []lab.Tenant{{Name: "maas", VMs: 5}, {Name: "narrow", VMs: 1}},
		Edit: func(c *gateway.Config) {
			c.Tenants[0].IPMI.CipherSuites = []ipmi.CipherSuiteID{17, 3, 8, 12}
			for n := range c.Tenants {
				c.Tenants[n].Power.BootRestoreAfter = 20 * time.Second
			}
		}})
	for n, suite := range []struct{ name, option string }{
		{"suite 17", "-I 17"}, {"suite 3", "-I 3"}, {"suite 8", "-I 8"}, {"suite 12", "-I 12"}, {"freeipmi's own suite", ""},
	} {
		t.Run(suite.name, func(t *testing.T) {
			t.Parallel()
			u := begin(t, "MAAS, "+suite.name, ipmipower, chassisConfig)
			u.replay(t, l, l.VM(n), []string{"I=" + suite.option}, maasDay)
		})
	}
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		u := begin(t, "MAAS, refused", ipmipower)
		u.replay(t, l, l.VM(5), []string{"I=-I 17"}, maasRefused)
	})
}

// maasDay is a machine's life. Its guest can only shut down once it runs, so that
// comes first.
var maasDay = []replay{
	{name: "query", line: maasPower + " --stat", want: []string{": on"}},
	{name: "soft off, by the guest", line: maasPower + " --soft", want: []string{": ok"}, power: off},
	{name: "query, off", line: maasPower + " --stat", want: []string{": off"}},
	{name: "on, with PXE: a VM that is off starts", line: maasFile + maasCommit + maasOn, want: []string{": ok"}, not: maasTrouble, power: on, boots: "ethernet"},
	{name: "on, with PXE: a VM that runs is cycled", line: maasPlainFile + maasCommit + maasOn, want: []string{": ok"}, not: maasTrouble, power: on, boots: "ethernet"},
	{name: "off", line: maasPower + " --off", want: []string{": ok"}, power: off},
}

var (
	maasTrouble = []string{"timeout", "invalid", "Failed", "cannot"}
	maasStates  = []string{": on", ": off"}
)

// maasRefused are the errors that MAAS knows by their words.
var maasRefused = []replay{
	{name: "a wrong password: password invalid", line: maasPower + " -p wrong-password --stat", want: []string{"password invalid"}, not: maasStates},
	{name: "an unknown user: password invalid, as for one that there is", line: maasPower + " -u nobody --stat", want: []string{"password invalid"}, not: maasStates},
	{name: "a user's account: privilege level cannot be obtained for this user", line: maasFile + "ipmi-chassis-config " + maasLogin + " -u user --commit --filename boot",
		want: []string{"privilege level cannot be obtained for this user"}, not: maasStates},
	{name: "a user's account and a query: ipmipower says nothing", line: maasPower + " -u user --stat", not: maasStates},
	{name: "a K_g that the BMC has not: k_g invalid", line: maasPower + " -k 0x0102 --stat", want: []string{"k_g invalid"}, not: maasStates},
	{name: "a suite that the BMC has not: cipher suite id unavailable", line: "I='-I 12'; " + maasPower + " --stat", want: []string{"cipher suite id unavailable"}, not: maasStates},
	{name: "IPMI 1.5, which is off", line: "ipmipower --driver-type LAN -h $HP -u operator -p $W -l OPERATOR --stat",
		want: []string{"authentication type unavailable for attempted privilege level"}, not: maasStates},
}

// TestMAASWithoutVCenter: a machine whose state nobody knows is not off.
func TestMAASWithoutVCenter(t *testing.T) {
	t.Parallel()
	u := begin(t, "MAAS, vCenter gone", ipmipower)
	l := lab.Start(t, lab.Config{Name: "gone", Prefix: "node", Tenants: []lab.Tenant{{Name: "maas", VMs: 1}},
		Edit: func(c *gateway.Config) { c.VCenters[0].Freshness = 5 * time.Second }})
	l.VCenter.Down()
	vm := l.VM(0)
	lab.Until(t, "the gateway knows nothing of "+vm, func() error {
		if power := l.BMC(vm).Power; power != admin.PowerUnknown {
			return fmt.Errorf("it says %s", power)
		}
		return nil
	})
	u.replay(t, l, vm, []string{"I=-I 17"}, []replay{
		{name: "query: no state, and never off", line: maasPower + " --stat", not: maasStates},
		{name: "off: no word of success", line: maasPower + " --off", not: []string{": ok", ": off"}},
	})
	if err := l.VCenter.Up(); err != nil {
		t.Fatal(err)
	}
	isPower(t, l, vm, on)
	u.replay(t, l, vm, []string{"I=-I 17"}, []replay{
		{name: "vCenter is back: on, as before", line: maasPower + " --stat", want: []string{": on"}, power: on},
	})
}
