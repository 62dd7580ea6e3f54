package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// aStatus has one vCenter that is well and one that is not.
func aStatus() admin.Status {
	now := time.Now()
	return admin.Status{
		Version: "0.1.0", Started: now.Add(-3 * time.Hour),
		VCenters: []admin.VCenter{
			{Name: "vc-lab", Host: "vc-lab.example.net", State: admin.Up, LastAnswer: now.Add(-2 * time.Second), VMs: 3, Commands: 2, Waiting: 9,
				Notices: []string{"the role lacks VirtualMachine.Config.Settings on web1: a boot device cannot be set"}},
			{Name: "vc-dmz", Host: "vc-dmz.example.net", State: admin.Down, LastError: "connection refused", InsecureTLS: true},
		},
		Pools:   []admin.Pool{{Name: "lab-v4", Interface: "ens192.120", Addresses: 190, InUse: 2, Held: 1, Quarantined: 4, Reserved: 5, Waiting: 6}},
		Tenants: []admin.Tenant{{Name: "lab-a", BMCs: 3, Ready: 2, Waiting: 1}},
	}
}

func TestStatus(t *testing.T) {
	socket := daemon(t, lab())
	code, stdout, stderr := command(t, none, "--socket", socket, "status")
	if code != exitFailed {
		t.Errorf("exit code %d, want %d: something is wrong", code, exitFailed)
	}
	if want := "bmc-gateway: degraded: vCenter vc-lab has 1 notice; vCenter vc-dmz is down; tenant lab-a: 1 of 3 BMCs do not answer\n"; stderr != want {
		t.Errorf("standard error %q, want %q", stderr, want)
	}
	want := []string{
		"bmc-gateway 0.1.0, up 3h",
		"VCENTER HOST STATE LAST ANSWER VMS CALLS WAITING TLS LAST ERROR",
		"vc-lab vc-lab.example.net up 2s ago 3 2 9 verified -",
		"vc-dmz vc-dmz.example.net down - 0 0 0 NOT VERIFIED connection refused",
		"vc-lab: the role lacks VirtualMachine.Config.Settings on web1: a boot device cannot be set",
		"POOL INTERFACE ADDRESSES IN USE HELD QUARANTINED RESERVED WAITING",
		"lab-v4 ens192.120 190 2 1 4 5 6",
		"TENANT BMCS READY WAITING ERROR MAINTENANCE REMOVALS HELD",
		"lab-a 3 2 1 0 0 0",
	}
	if diff := cmp.Diff(want, squeeze(strings.Split(stdout, "\n"))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWellIsNotDegraded(t *testing.T) {
	s := aStatus()
	s.VCenters, s.Tenants[0].Waiting = s.VCenters[:1], 0
	s.VCenters[0].Notices = nil
	if problems := degraded(s); len(problems) != 0 {
		t.Errorf("got %q", problems)
	}
	s.State.Failure = "no space left on device"
	if problems := degraded(s); len(problems) != 1 || !strings.Contains(problems[0], s.State.Failure) {
		t.Errorf("a full disk: got %q", problems)
	}
}
