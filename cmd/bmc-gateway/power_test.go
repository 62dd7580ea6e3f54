package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// Order protects esxi01 from everything but on, and finds no BMC ready in lab-b.
func (f fixed) Order(_ context.Context, b admin.BMC, o admin.Order, _ admin.Caller) (admin.Outcome, error) {
	done := admin.Outcome{Tenant: b.Tenant, Name: b.Name, InstanceUUID: b.VM.InstanceUUID, Command: o.Action + o.Boot,
		Code: "00h", Result: "ok", Operation: "op-" + b.Name}
	if o.Persistent {
		done.Command += " for ever"
	}
	switch {
	case b.Tenant == "lab-b":
		return done, fmt.Errorf("%s: %w", b.Name, admin.ErrUnready)
	case b.Name == "esxi01" && o.Action != "on" && o.Action != "":
		done.Code, done.Result, done.Policy, done.Error = "D5h", "policy", true, "refused by policy: it is protected"
	}
	return done, nil
}

func (f fixed) ReleasePower(tenant string, _ time.Duration, _ admin.Caller) (bool, error) {
	if tenant != "lab-a" {
		return false, fmt.Errorf("tenant %q: %w", tenant, admin.ErrNoTenant)
	}
	return true, nil
}

func TestPower(t *testing.T) {
	socket := daemon(t, lab())
	headers := "NAME RESULT CODE OPERATION REASON"
	esxi, web := "lab-a/esxi01 ok 00h op-esxi01 -", "lab-a/web1 ok 00h op-web1 -"
	protected := "lab-a/esxi01 policy D5h op-esxi01 refused by policy: it is protected"
	for _, tt := range []struct {
		name string
		args string
		code int
		want []string
		says string
	}{
		{"one", "power on esxi01", 0, []string{headers, esxi}, ""},
		{"one, by address", "power off 10.120.8.18", 0, []string{headers, web}, ""},
		{"two without a word", "power on esxi01 lab-a/web1", 2, nil, "2 BMCs are selected: say --yes if they are meant"},
		{"two", "power on esxi01 lab-a/web1 --yes", 0, []string{headers, esxi, web}, ""},
		{"one, twice", "power on esxi01 lab-a/esxi01", 0, []string{headers, esxi}, ""},
		{"a tenant", "power on -t lab-a -y", 0, []string{headers, esxi, web}, ""},
		{"selected", "power on -l tenant=lab-a,power=off", 0, []string{headers, web}, ""},
		{"all others", "power on -l tenant=lab-a -l power!=off", 0, []string{headers, esxi}, ""},
		{"refused by policy", "power reset esxi01", 5, []string{headers, protected}, "1 of 1 BMC failed, refused by policy"},
		{"some refused", "power off -t lab-a -y", 5, []string{headers, protected, web}, "1 of 2 BMCs failed, refused by policy"},
		{"one that is not ready", "power on lab-b/web1", 1, []string{headers,
			"lab-b/web1 failed - - web1: the BMC is not ready"}, "1 of 1 BMC failed"},
		{"nothing named", "power on", 2, nil, "name a BMC, or select some"},
		{"nothing selected", "power on -l power=suspended", 3, nil, "nothing is selected"},
		{"an unknown selector", "power on -l colour=red", 2, nil, "keys are cluster, interface, name, pool"},
		{"an unknown name", "power on web9", 3, nil, "no such BMC"},
		{"an ambiguous name", "power on web1", 2, nil, "several BMCs"},
		{"status", "power status esxi01 lab-b/web1", 0, []string{"lab-a/esxi01: on", "lab-b/web1: unknown"}, ""},
		{"boot device", "bootdev esxi01 pxe", 0, []string{headers, esxi}, ""},
		{"boot device of a tenant", "bootdev -t lab-a -y disk --persistent", 0, []string{headers, esxi, web}, ""},
		{"no boot device", "bootdev esxi01", 2, nil, `boot device, the last argument, "esxi01" is not one of`},
		{"nothing at all", "bootdev", 2, nil, "an argument is missing: bmc-gateway bootdev"},
		{"release", "power release lab-a --for 1m", 0, []string{"tenant lab-a: power-offs pass for 1m0s; they were refused"}, ""},
		{"release of no tenant", "power release lab-z", 3, nil, "no such tenant"},
		{"release for too long", "power release lab-a --for 48h", 2, nil, "is not from 1s to 24h"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, stdout, stderr := command(t, none, append([]string{"--socket", socket}, strings.Fields(tt.args)...)...)
			if diff := cmp.Diff(tt.want, squeeze(strings.Split(stdout, "\n"))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if code != tt.code || !strings.Contains(stderr, tt.says) || (tt.says == "") != (stderr == "") {
				t.Errorf("exit code %d, want %d; %q, want %q", code, tt.code, stderr, tt.says)
			}
		})
	}
}

func TestPowerJSON(t *testing.T) {
	code, stdout, _ := command(t, none, "--socket", daemon(t, lab()), "power", "off", "-t", "lab-a", "-y", "-o", "json")
	var got struct {
		APIVersion, Kind string
		Items            []admin.Outcome
	}
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || code != 5 || got.Kind != "OutcomeList" || len(got.Items) != 2 ||
		!got.Items[0].Policy || got.Items[1].Code != "00h" {
		t.Errorf("exit code %d, %v, %+v", code, err, got)
	}
}
