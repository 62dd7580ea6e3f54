package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

func (f fixed) Maintenance() []admin.Maintenance {
	if len(f) == 0 {
		return nil
	}
	now := time.Now()
	return []admin.Maintenance{
		{Tenant: "lab-a", VM: "web1", Reason: "new disks", Since: now.Add(-3 * time.Minute), Until: time.Unix(1795500000, 0)},
		{Tenant: "lab-b", Silent: true, Since: now.Add(-2 * time.Hour)},
	}
}

func (f fixed) ChangeMaintenance(c admin.MaintenanceChange, _ admin.Caller) (admin.Maintenance, error) {
	switch c.Target {
	case "nobody":
		return admin.Maintenance{}, fmt.Errorf("%s: %w", c.Target, admin.ErrNotFound)
	case "full":
		return admin.Maintenance{}, fmt.Errorf("%w: the disk is full", admin.ErrRefused)
	}
	m := admin.Maintenance{Tenant: c.Tenant, VM: c.Target, Silent: c.Silent}
	if c.Seconds > 0 {
		m.Until = time.Now().Add(time.Duration(c.Seconds)*time.Second + 30*time.Second)
	}
	return m, nil
}

func TestMaintenance(t *testing.T) {
	socket := daemon(t, lab())
	code, stdout, stderr := command(t, none, "--socket", socket, "maintenance")
	want := []string{
		"TENANT VM ANSWERS SINCE UNTIL REASON",
		"lab-a web1 reads 3m ago 2026-11-24T06:00:00Z new disks",
		"lab-b all nothing 2h ago it is ended -",
	}
	if diff := cmp.Diff(want, squeeze(strings.Split(stdout, "\n"))); diff != "" || code != 0 || stderr != "" {
		t.Errorf("exit code %d, standard error %q, (-want +got):\n%s", code, stderr, diff)
	}
	if _, stdout, _ = command(t, none, "--socket", socket, "maintenance", "-o", "json"); !strings.Contains(stdout, `"kind": "MaintenanceList"`) {
		t.Errorf("got %s", stdout)
	}
	if _, stdout, _ = command(t, none, "--socket", daemon(t, fixed{}), "maintenance"); stdout != "nothing is in maintenance\n" {
		t.Errorf("got %q", stdout)
	}
}

func TestChangeMaintenance(t *testing.T) {
	tests := []struct {
		name string
		args []string
		code int
		want string // of the standard output, or the standard error
	}{
		{"a VM", []string{"on", "lab-a/web/1"}, 0, "lab-a/web/1 is in maintenance\n"},
		{"a tenant, for a time", []string{"on", "lab-a", "--for", "2h", "--silent"}, 0, "tenant lab-a is in maintenance, silent, 2h left\n"},
		{"off", []string{"off", "lab-a"}, 0, "tenant lab-a is not in maintenance any more\n"},
		{"nobody", []string{"on", "lab-a/nobody"}, 3, "bmc-gateway: nobody: no such BMC\n"},
		{"refused", []string{"on", "lab-a/full"}, 5, "bmc-gateway: refused: the disk is full\n"},
		{"no time", []string{"on", "lab-a", "--for", "0s"}, 2, "bmc-gateway: --for 0s is less than a second\n"},
		{"nothing", []string{"on"}, 2, "bmc-gateway: an argument is missing: bmc-gateway maintenance on TENANT[/VM] [flags]\n"},
	}
	socket := daemon(t, lab())
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			code, stdout, stderr := command(t, none, append([]string{"--socket", socket, "maintenance"}, tt.args...)...)
			if got := stdout + stderr; code != tt.code || got != tt.want {
				t.Errorf("exit code %d, want %d; got\n%swant\n%s", code, tt.code, got, tt.want)
			}
		})
	}
}
