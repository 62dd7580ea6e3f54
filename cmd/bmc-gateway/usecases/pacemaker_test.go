package usecases

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/export"
	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/lab"
)

var pacemaker = program{name: "pacemakerd", debian: "pacemaker"}

// TestPacemaker has a real cluster of two nodes fence one of them, and a third
// machine, through the gateway.
func TestPacemaker(t *testing.T) {
	t.Parallel()
	u := begin(t, "Pacemaker", pacemaker, program{name: "corosync", debian: "corosync"}, program{name: "pcs", debian: "pcs"},
		program{name: "crm_mon", debian: "pacemaker-cli-utils"}, program{name: "nsenter", debian: "util-linux"}, fenceIPMILAN, ipmitool)
	if os.Geteuid() != 0 {
		missing(t, "Pacemaker", "the namespaces of its nodes need root")
	}
	l := lab.Start(t, lab.Config{Name: "pacemaker", Tenants: []lab.Tenant{{Name: "cluster", VMs: 3}}})
	survivor, victim, other := l.VM(0), l.VM(1), l.VM(2)
	c := newCluster(t, l, survivor, victim)
	t.Cleanup(func() {
		if t.Failed() {
			c.log(t, survivor)
			c.log(t, victim)
		}
	})
	script := exportPacemaker(t, l, c)
	_ = u.step(t, "two nodes become a cluster", func(t *testing.T) {
		c.boot(t, survivor)
		c.boot(t, victim)
		c.shows(t, survivor, "Online: [ "+survivor+" "+victim+" ]")
	}) && u.step(t, "pcs stonith create, as exported; the devices start", func(t *testing.T) {
		c.must(t, survivor, script)
		for _, vm := range []string{survivor, victim, other} {
			c.shows(t, survivor, "fence-"+vm+" (stonith:fence_ipmilan): Started")
		}
	}) && u.step(t, "stonith_admin --list, --query", func(t *testing.T) {
		if out := c.must(t, survivor, "stonith_admin --list "+other); !strings.Contains(out, "fence-"+other) || strings.Contains(out, "fence-"+victim) {
			t.Errorf("%s is to be fenced by %q", other, out)
		}
		c.must(t, survivor, "stonith_admin --query fence-"+victim)
	}) && u.step(t, "stonith_admin --fence, --unfence", func(t *testing.T) {
		c.must(t, survivor, "stonith_admin --fence "+other)
		wantPower(t, l, other, off)
		c.must(t, survivor, "stonith_admin --unfence "+other)
		wantPower(t, l, other, on)
	}) && u.step(t, "stonith_admin --reboot", func(t *testing.T) {
		stop := watchPower(l, other)
		c.must(t, survivor, "stonith_admin --reboot "+other)
		if !stop() {
			t.Errorf("%s was never off", other)
		}
		wantPower(t, l, other, on)
	}) && u.step(t, "a node crashes and is fenced", func(t *testing.T) {
		stop := watchPower(l, victim)
		c.nodes[victim].crash()
		c.shows(t, survivor, "OFFLINE: [ "+victim+" ]")
		if !stop() {
			t.Errorf("the cluster goes on, and %s was never off", victim)
		}
		wantPower(t, l, victim, on)
		if out := c.must(t, survivor, "stonith_admin --history "+victim); !strings.Contains(out, "reboot of "+victim+" successful") {
			t.Errorf("history: %s", out)
		}
	}) && u.step(t, "the node comes back", func(t *testing.T) {
		c.boot(t, victim)
		c.shows(t, survivor, "Online: [ "+survivor+" "+victim+" ]")
	}) && u.step(t, "pcs stonith update", func(t *testing.T) {
		// A fence that cannot succeed is to fail within seconds, for the next step.
		// Under Pacemaker the agent ignores its power_timeout.
		c.must(t, survivor, "pcs stonith update fence-"+victim+" pcmk_reboot_timeout=15 pcmk_reboot_retries=1")
		c.must(t, survivor, "pcs stonith update fence-"+survivor+" pcmk_delay_base=5s")
		c.must(t, survivor, "crm_resource --wait --timeout=60s")
		c.shows(t, survivor, "fence-"+victim+" (stonith:fence_ipmilan): Started")
	}) && u.step(t, "it crashes while vCenter is gone: the cluster waits", func(t *testing.T) {
		l.VCenter.Down()
		c.nodes[victim].crash()
		c.shows(t, survivor, "Node "+victim+": UNCLEAN (offline)")
		c.shows(t, survivor, "Failed Fencing Actions: * reboot of "+victim)
		c.shows(t, survivor, "Node "+victim+": UNCLEAN (offline)")
		wantPower(t, l, victim, on)
	}) && u.step(t, "vCenter comes back: it is fenced", func(t *testing.T) {
		stop := watchPower(l, victim)
		if err := l.VCenter.Up(); err != nil {
			t.Error(err)
		}
		c.shows(t, survivor, "OFFLINE: [ "+victim+" ]")
		if !stop() {
			t.Errorf("the cluster goes on, and %s was never off", victim)
		}
	})
}

// wantPower polls nothing: what the cluster believes has to be so.
func wantPower(t *testing.T, l *lab.Lab, vm string, want types.VirtualMachinePowerState) {
	t.Helper()
	if got := l.VCenter.Power(vm); got != want {
		t.Errorf("vCenter has %s %s, want %s", vm, got, want)
	}
}

// exportPacemaker is what "export pacemaker" writes, and the files that it says
// are to be there.
func exportPacemaker(t *testing.T, l *lab.Lab, c *cluster) string {
	t.Helper()
	var hosts []export.Host
	for _, b := range l.Gateway.BMCs() {
		hosts = append(hosts, export.Host{BMC: b, Account: "operator", Privilege: "operator"})
	}
	var script strings.Builder
	if err := export.Write(&script, "pacemaker", hosts); err != nil {
		t.Fatal(err)
	}
	secret := hosts[0].SecretName()
	c.write(t, "secrets/"+secret+".password", lab.Password, 0o600)
	c.write(t, "secrets/"+secret, fmt.Sprintf("#!/bin/sh\ncat /etc/pacemaker/%s.password\n", secret), 0o700)
	return script.String()
}
