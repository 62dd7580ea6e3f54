package export

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"net/netip"
	"os/exec"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

const evil = `it's "x"; $(touch /tmp/evil) #`

func hosts() []Host {
	of := func(tenant, name, address string, port uint16, suites ...int) Host {
		return Host{BMC: admin.BMC{
			Tenant: tenant, Name: name, Address: netip.MustParseAddr(address), Port: port, MAC: "02:5a:1c:9e:40:11",
			CipherSuites: suites, VM: admin.VM{InstanceUUID: "5026aaaa-01", BIOSUUID: "4221bbbb-01"},
		}, Account: "operator", Privilege: "operator"}
	}
	return []Host{
		of("lab-b", "ocp-1", "10.0.0.3", 6230, 3),
		of("lab-a", "Web 1", "10.0.0.1", 623, 17, 3),
		of("lab-a", "web-1", "2001:db8::1", 6231, 17),
		of("lab-a", evil, "10.0.0.4", 623),
		{BMC: admin.BMC{Tenant: "lab-a", Name: "pending"}, Account: "operator", Privilege: "operator"},
	}
}

func written(t *testing.T, format string, list []Host) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, format, list); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "pending") {
		t.Error("a BMC without an address is in it")
	}
	return b.String()
}

func withSecrets() []Host {
	list := hosts()
	for i := range list {
		list[i].Secret = `p'w"d$1`
	}
	return list
}

// What is YAML for its reader must be so for us, whatever a VM is called.
func TestYAML(t *testing.T) {
	for _, format := range []string{"ansible", "metal3", "openshift", "ironic", "ovirt", "ipmi-exporter"} {
		for name, list := range map[string][]Host{"by reference": hosts(), "with secrets": withSecrets(), "empty": nil} {
			text := written(t, format, list)
			dec := yaml.NewDecoder(strings.NewReader(text))
			for {
				var v any
				if err := dec.Decode(&v); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatalf("%s %s: %v\n%s", format, name, err, text)
				}
			}
			if has := strings.Contains(text, `p'w\"d$1`); has != (name == "with secrets") {
				t.Errorf("%s %s: password in it: %t\n%s", format, name, has, text)
			}
		}
	}
}

func TestAnsible(t *testing.T) {
	var v struct {
		All struct {
			Children map[string]struct {
				Hosts map[string]map[string]any
			}
		}
	}
	if err := yaml.Unmarshal([]byte(written(t, "ansible", hosts())), &v); err != nil {
		t.Fatal(err)
	}
	if got := v.All.Children["lab-a"].Hosts[evil]["ipmi_host"]; got != "10.0.0.4" {
		t.Errorf("got %v", got)
	}
	if got := v.All.Children["lab-b"].Hosts["ocp-1"]["ipmi_password"]; got != "{{ lookup('env', 'LAB_B_OPERATOR') }}" {
		t.Errorf("got %v", got)
	}
}

func TestMetal3(t *testing.T) {
	text := written(t, "metal3", hosts())
	for _, want := range []string{
		"address: ipmi://10.0.0.1?privilegelevel=OPERATOR", "address: ipmi://[2001:db8::1]:6231?privilegelevel=OPERATOR",
		"name: web-1\n", "name: web-1-2\n", "credentialsName: lab-b-operator",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if n := strings.Count(text, "kind: Secret"); n != 2 {
		t.Errorf("%d secrets, want one for each tenant's account", n)
	}
}

func TestPrometheus(t *testing.T) {
	for _, list := range [][]Host{hosts(), nil} {
		var groups []struct {
			Targets []string
			Labels  map[string]string
		}
		if err := json.Unmarshal([]byte(written(t, "prometheus", list)), &groups); err != nil {
			t.Fatal(err)
		}
		if want := max(len(list)-1, 0); len(groups) != want {
			t.Errorf("%d groups, want %d", len(groups), want)
		}
	}
}

func TestCSV(t *testing.T) {
	rows, err := csv.NewReader(strings.NewReader(written(t, "csv", hosts()))).ReadAll()
	if err != nil || len(rows) != 5 {
		t.Fatalf("%v, %v", rows, err)
	}
	if rows[2][1] != evil || rows[2][2] != "10.0.0.4" {
		t.Errorf("got %q", rows[2])
	}
}

// A shell runs what is written, with programs that print their arguments.
func TestShell(t *testing.T) {
	for format, program := range map[string]string{"pacemaker": "pcs", "maas": "maas"} {
		script := program + `() { for a; do printf '%s\n' "$a"; done; }; PROFILE=p BOOT_MAC_WEB_1=aa BOOT_MAC_WEB_1_2=ab ` +
			`BOOT_MAC_IT_S__X_____TOUCH__TMP_EVIL=ac BOOT_MAC_OCP_1=ad` + "\n" + written(t, format, withSecrets())
		out, err := exec.CommandContext(t.Context(), "sh", "-c", script).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s\n%s", format, err, out, script)
		}
		want := map[string][]string{
			"pacemaker": {"ip=10.0.0.4", "pcmk_host_list=" + evil, `password=p'w"d$1`, "cipher=3", "ipport=6230", "fence-ocp-1"},
			"maas":      {"power_parameters_power_pass=p'w\"d$1", "power_parameters_power_address=10.0.0.4", "mac_addresses=ad"},
		}[format]
		for _, line := range want {
			if !strings.Contains("\n"+string(out), "\n"+line+"\n") {
				t.Errorf("%s: no argument %q in\n%s", format, line, out)
			}
		}
	}
}

func TestPowerCLI(t *testing.T) {
	text := written(t, "powercli", withSecrets())
	for _, want := range []string{`BmcIpAddress = '10.0.0.4'`, `-Name 'it''s "x"; $(touch /tmp/evil) #'`, `= 'p''w"d$1'`} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

func TestUnknownFormat(t *testing.T) {
	if err := Write(io.Discard, "xml", nil); err == nil || !strings.Contains(err.Error(), "ansible, csv, hosts") {
		t.Errorf("got %v", err)
	}
}

// MAAS has its own word for an administrator, and no field for a port.
func TestMAASWords(t *testing.T) {
	list := withSecrets()[:2]
	list[1].Privilege = "administrator"
	text := written(t, "maas", list)
	for _, want := range []string{
		"# ocp-1 answers at port 6230, and MAAS asks port 623 only.\nmaas", "privilege_level=OPERATOR ", "privilege_level=ADMIN ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestAccountFor(t *testing.T) {
	b := admin.BMC{Tenant: "a", Name: "x", Accounts: []admin.Account{
		{Name: "vc-abc", Privilege: "operator", VCenter: "vc-nested"}, {Name: "tmp", Privilege: "administrator", Until: time.Unix(4102444800, 0)},
		{Name: "root", Privilege: "administrator"}, {Name: "op", Privilege: "operator"}}}
	for _, tt := range []struct{ format, name, want string }{
		{"hosts", "", "op"}, {"maas", "", "op"}, {"maas", "root", "root"},
		{"ironic", "", "root"}, {"metal3", "", "root"}, {"openshift", "", "root"}, {"ironic", "op", "op"},
		{"hosts", "vc-abc", "vc-abc"},
	} {
		if a, err := AccountFor(b, tt.format, tt.name); err != nil || a.Name != tt.want {
			t.Errorf("%s for %q: %+v, %v", tt.format, tt.name, a, err)
		}
	}
	if _, err := AccountFor(b, "hosts", "nobody"); err == nil {
		t.Error("an account that is not there is found")
	}
}
