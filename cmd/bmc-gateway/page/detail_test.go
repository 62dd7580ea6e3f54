package page

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// One BMC with all that can be known of it.
func TestOneBMC(t *testing.T) {
	f := lab()
	percent := 12.5
	b := &f.bmcs[0]
	b.Boot, b.BootOrder, b.Protected, b.Identify, b.V15 = "pxe, next boot only", "waits for the power off", "name web*", "on", "md5"
	b.Accounts = append(b.Accounts, admin.Account{Name: "tmp-1", Privilege: "operator", Until: at.Add(time.Hour)})
	b.Sessions = []admin.Session{{ID: "0x8f21c001", Account: "operator", Privilege: "operator", From: netip.MustParseAddrPort("10.0.0.9:1234"), OpenedAt: at, LastSeen: at}}
	b.ExtraPorts = []admin.ExtraPort{{Listen: "10.0.0.5:6230", Failure: "address already in use"}}
	b.State, b.Maintenance = admin.Maintained, &admin.Maintenance{Tenant: "lab-a", Reason: "new disks", Until: at.Add(time.Hour)}
	b.VM.Firmware, b.VM.NICs = "efi", []string{"00:50:56:b2:00:01"}
	f.status.VCenters[0].State, f.status.VCenters[0].LastAnswer = admin.Down, at
	f.detail = admin.Detail{
		Commands: []admin.Command{
			{Time: at, Times: 3, Command: "Get Chassis Status", Account: "operator", From: netip.MustParseAddr("10.0.0.9"), Code: "00h", Result: "ok"},
			{Time: at, Times: 1, Command: "Chassis Control", Detail: "off", Code: "D5h", Result: "policy", Changes: true},
			{Time: at, Times: 1, Command: "unknown", NetFn: 0x2c, Cmd: 0x3e, Code: "C1h", Result: "unsupported"},
		},
		SEL:      []admin.SELEntry{{ID: 7, Time: at, Sensor: "ACPI State", Text: "S5/G2 soft off", Direction: "asserted"}, {ID: 6, Sensor: "Power Unit", Text: "failure", Direction: "deasserted"}},
		SELTotal: 42,
		Sensors:  []admin.Sensor{{Name: "CPU", Type: "Processor", Available: true, Reading: &percent, Unit: "%", State: "ok"}, {Name: "Tools", State: "unavailable"}},
	}
	_, body := ask(t.Context(), serve(t, f, everybody), http.MethodGet, "/bmcs/lab-a/web1")
	for _, want := range []string{
		"In maintenance with its tenant: new disks, ends", "10.120.8.17", "02:5a:1c:9e:40:11", "pool-lab-a on ens192", "17 3; IPMI 1.5 with md5", "1,234; last",
		"pxe, next boot only", "waits for the power off", "name web*", "efi", "00:50:56:b2:00:01", "vCenter is gone", "last heard", "address already in use",
		`<bdi>tmp-1</bdi>`, "10.0.0.9:1234", "Get Chassis Status", "× 3", "Chassis Control off", "policy (D5h)", ">socket<", "unknown (NetFn 2Ch, command 3Eh)", "unsupported (C1h)",
		"S5/G2 soft off", "failure", "(over)", "And 40 older.", "12.5 %", "unavailable", `<time datetime="2026-11-18T07:02:11Z" title="2026-11-18 07:02:11 UTC">`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no %q in\n%s", want, body)
		}
	}
	if strings.Contains(body, "invalid") {
		t.Errorf("an address that is none is told:\n%s", body)
	}
}

// A name that several BMCs have leads to all of them, and each has a page of its own.
func TestSeveralOfAName(t *testing.T) {
	f := lab()
	f.bmcs[1].Name = "web1"
	h := serve(t, f, everybody)
	resp, _ := ask(t.Context(), h, http.MethodGet, "/bmcs/lab-a/web1")
	if at := resp.Header.Get("Location"); resp.StatusCode != http.StatusSeeOther || at != "/bmcs?q=web1&tenant=lab-a" {
		t.Errorf("%d to %q", resp.StatusCode, at)
	}
	for i := range 2 {
		resp, body := ask(t.Context(), h, http.MethodGet, pathOf(&f.bmcs[i]))
		if resp.StatusCode != http.StatusOK || !strings.Contains(body, f.bmcs[i].MAC) {
			t.Errorf("%s: %d\n%s", pathOf(&f.bmcs[i]), resp.StatusCode, body)
		}
	}
}

// A name is found as it stands in an address.
func TestNamesInAddresses(t *testing.T) {
	for name, path := range map[string]string{
		"a b": "/bmcs/lab-a/a%20b", "50%2f50": "/bmcs/lab-a/50%252f50", "a/b": "/bmcs/lab-a/a%2Fb", "?#": "/bmcs/lab-a/%3F%23", "日本": "/bmcs/lab-a/%E6%97%A5%E6%9C%AC",
	} {
		f := lab()
		f.bmcs[0].Name = name
		if resp, body := ask(t.Context(), serve(t, f, everybody), http.MethodGet, path); resp.StatusCode != http.StatusOK || !strings.Contains(body, f.bmcs[0].MAC) {
			t.Errorf("%q at %s: %d", name, path, resp.StatusCode)
		}
	}
}
