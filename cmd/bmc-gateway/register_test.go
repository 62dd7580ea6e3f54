package main

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

func (f fixed) Registrations() []admin.Registrations {
	if len(f) == 0 {
		return nil
	}
	return []admin.Registrations{
		{Tenant: "lab-a", VCenter: "vc-nested", Mode: "apply", At: time.Now().Add(-3 * time.Minute), Hosts: []admin.RegisteredHost{
			{Host: "esx01", Ref: "host-1", VM: "esx01", InstanceUUID: "5021", MatchedBy: "service tag, network card",
				Address: netip.MustParseAddr("10.120.8.17"), MAC: "02:00:00:00:00:01", Login: "vc-abc", State: admin.Registered},
			{Host: "hw", Ref: "host-2", State: admin.NoBMC, Reason: "it is no virtual machine"},
		}},
		{Tenant: "lab-b", VCenter: "vc-other", Mode: "disabled", Error: "connection refused"},
	}
}

func (f fixed) RegisterHosts(_ context.Context, r admin.RegistrationRequest, _ admin.Caller) ([]admin.Registrations, error) {
	done := f.Registrations()[:1]
	done[0].DryRun = r.DryRun
	switch {
	case r.Tenant == "nobody":
		return nil, fmt.Errorf("tenant %q: %w", r.Tenant, admin.ErrNotFound)
	case r.Unregister:
		return nil, fmt.Errorf("%w: register.mode is apply", admin.ErrRefused)
	case r.Tenant == "gone":
		return []admin.Registrations{{Tenant: "gone", Error: "connection refused"}}, nil
	case r.Adopt:
		done[0].Hosts[1].State, done[0].Hosts[1].Reason = admin.Failed, "vCenter cannot log in"
	case r.DryRun:
		done[0].Hosts[0].State = admin.WouldRegister
	}
	return done, nil
}

func TestRegisterHosts(t *testing.T) {
	const head = "TENANT HOST VM MATCHED BY BMC MAC STATE REASON"
	tests := []struct {
		name   string
		args   []string
		code   int
		stdout []string
		stderr string
	}{
		{"hosts", nil, 0, []string{head,
			"lab-a esx01 esx01 service tag, network card 10.120.8.17 02:00:00:00:00:01 registered -",
			"lab-a hw - - - - no-bmc it is no virtual machine"}, ""},
		{"dry run", []string{"--dry-run", "-t", "lab-a"}, 0, []string{head,
			"lab-a esx01 esx01 service tag, network card 10.120.8.17 02:00:00:00:00:01 would-register -",
			"lab-a hw - - - - no-bmc it is no virtual machine"}, ""},
		{"one failed", []string{"--adopt"}, 1, []string{head,
			"lab-a esx01 esx01 service tag, network card 10.120.8.17 02:00:00:00:00:01 registered -",
			"lab-a hw - - - - failed vCenter cannot log in"}, "bmc-gateway: 1 of 2 hosts failed or ambiguous\n"},
		{"vCenter gone", []string{"-t", "gone"}, 1, []string{"vCenter has no hosts"}, "bmc-gateway: tenant gone: connection refused\n"},
		{"no tenant", []string{"-t", "nobody"}, 3, nil, "bmc-gateway: tenant \"nobody\": no such BMC\n"},
		{"in the way", []string{"--unregister"}, 5, nil, "bmc-gateway: refused: register.mode is apply\n"},
		{"both", []string{"--unregister", "--adopt"}, 2, nil, "bmc-gateway: --unregister does not go with --adopt or --rotate\n"},
		{"csv", []string{"-o", "csv"}, 0, []string{"TENANT,HOST,VM,MATCHED BY,BMC,MAC,STATE,REASON",
			`lab-a,esx01,esx01,"service tag, network card",10.120.8.17,02:00:00:00:00:01,registered,-`,
			"lab-a,hw,-,-,-,-,no-bmc,it is no virtual machine"}, ""},
	}
	socket := daemon(t, lab())
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			code, stdout, stderr := command(t, none, append([]string{"--socket", socket, "register", "hosts"}, tt.args...)...)
			if code != tt.code || stderr != tt.stderr {
				t.Errorf("exit code %d, want %d, standard error %q, want %q", code, tt.code, stderr, tt.stderr)
			}
			if diff := cmp.Diff(strings.Join(tt.stdout, "\n"), strings.Join(squeeze(strings.Split(stdout, "\n")), "\n")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	_, stdout, _ := command(t, none, "--socket", socket, "register", "hosts", "-o", "json", "--dry-run")
	for _, words := range []string{`"kind": "RegistrationList"`, `"state": "would-register"`, `"dryRun": true`, `"login": "vc-abc"`} {
		if !strings.Contains(stdout, words) {
			t.Errorf("%s is not in %s", words, stdout)
		}
	}
}

func TestRegisterStatus(t *testing.T) {
	socket := daemon(t, lab())
	code, stdout, stderr := command(t, none, "--socket", socket, "register", "status")
	want := []string{
		"TENANT VCENTER MODE LOOKED HOSTS REGISTERED PROBLEM",
		"lab-a vc-nested apply 3m ago 2 1 -",
		"lab-b vc-other disabled never 0 0 connection refused",
		"TENANT HOST VM MATCHED BY BMC MAC STATE REASON",
		"lab-a esx01 esx01 service tag, network card 10.120.8.17 02:00:00:00:00:01 registered -",
		"lab-a hw - - - - no-bmc it is no virtual machine",
	}
	if diff := cmp.Diff(want, squeeze(strings.Split(stdout, "\n"))); diff != "" || code != 0 || stderr != "" {
		t.Errorf("exit code %d, standard error %q, (-want +got):\n%s", code, stderr, diff)
	}
	if _, stdout, _ = command(t, none, "--socket", socket, "register", "status", "-t", "lab-b", "-o", "yaml"); !strings.Contains(stdout, "error: connection refused") || strings.Contains(stdout, "esx01") {
		t.Errorf("got %s", stdout)
	}
	if code, _, _ = command(t, none, "--socket", socket, "register", "status", "-t", "lab-z"); code != 3 {
		t.Errorf("exit code %d for a tenant that registers nothing", code)
	}
	if _, stdout, _ = command(t, none, "--socket", daemon(t, fixed{}), "register", "status"); stdout != "no tenant registers hosts (tenants[].register)\n" {
		t.Errorf("got %q", stdout)
	}
}
