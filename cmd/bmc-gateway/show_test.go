package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestShow(t *testing.T) {
	socket := daemon(t, lab())
	want := []string{
		"Name: lab-a/esxi01",
		"Status: ready (since 2026-11-18T07:02:11Z)",
		"Power: on, for 2h",
		"Address: 10.120.8.17 on ens192, pool lab-v4",
		"BMC MAC: 02:5a:1c:9e:40:11",
		"Port: 623/udp",
		"vCenter: vc-lab",
		"VM: esxi01 vm-42 uuid 5026aaaa-01",
		"BIOS UUID: 4221bbbb-01",
		"Network cards: 00:50:56:80:00:01 00:50:56:80:00:02",
		"Selected by: tag bmc/enabled",
		"Accounts: admin (administrator) operator (operator)",
		"Cipher suites: 17 3",
		"Boot override: network, next boot", "Boot order: waits until the VM is off to be changed",
		"Requests: 12, the last 1h ago",
		"Sessions:",
		"ID ACCOUNT PRIVILEGE FROM SUITE IDLE OPENED",
		"0x008f21c0 operator operator 10.120.4.9:51244 17 1s 2026-11-18T07:02:11Z",
	}
	for name, ask := range map[string]string{
		"by tenant and name": "lab-a/esxi01", "by name": "esxi01", "by address": "10.120.8.17", "by UUID": "5026AAAA-01",
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := command(t, none, "--socket", socket, "show", ask)
			if code != 0 {
				t.Fatalf("exit code %d: %s", code, stderr)
			}
			if diff := cmp.Diff(want, squeeze(strings.Split(stdout, "\n"))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestShowOfOneThatWaits(t *testing.T) {
	socket := daemon(t, lab())
	code, stdout, _ := command(t, none, "--socket", socket, "show", "lab-b/web1")
	for _, want := range []string{"pending", "address pool exhausted", "none yet", "unknown"} {
		if code != 0 || !strings.Contains(stdout, want) {
			t.Errorf("exit code %d, %q is not in\n%s", code, want, stdout)
		}
	}
	for _, absent := range []string{"Sessions:", "Boot override:", "BMC MAC:"} {
		if strings.Contains(stdout, absent) {
			t.Errorf("%q without a value in\n%s", absent, stdout)
		}
	}
}

func TestShowJSON(t *testing.T) {
	socket := daemon(t, lab())
	_, stdout, _ := command(t, none, "--socket", socket, "show", "esxi01", "-o", "json")
	var one struct{ Kind, Name, Boot string }
	if err := json.Unmarshal([]byte(stdout), &one); err != nil || one.Kind != "BMCDetail" || one.Name != "esxi01" || one.Boot == "" {
		t.Errorf("%v, %+v", err, one)
	}
	_, stdout, _ = command(t, none, "--socket", socket, "show", "esxi01", "lab-b/web1", "-o", "json")
	var two struct {
		Kind  string
		Items []struct{ Name string }
	}
	if err := json.Unmarshal([]byte(stdout), &two); err != nil || two.Kind != "BMCDetailList" || len(two.Items) != 2 {
		t.Errorf("%v, %+v", err, two)
	}
}
