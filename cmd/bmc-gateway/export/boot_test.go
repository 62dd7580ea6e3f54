package export

import (
	"encoding/csv"
	"os/exec"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// booting is a host whose VM's network cards and firmware are known, and one whose are not.
func booting() []Host {
	list := hosts()[:2]
	list[0].VM.NICs, list[0].VM.Firmware = []string{"00:50:56:80:00:01", "00:50:56:80:00:02"}, "efi"
	return list
}

// What a VM boots from is written where the gateway knows it, and left to fill in
// where it does not.
func TestBootMAC(t *testing.T) {
	type host struct {
		Name           string
		BootMACAddress string `yaml:"bootMACAddress"`
		BootMode       string `yaml:"bootMode"`
	}
	var openshift struct{ Hosts []host }
	if err := yaml.Unmarshal([]byte(written(t, "openshift", booting())), &openshift); err != nil {
		t.Fatal(err)
	}
	known, unknown := host{"ocp-1", "00:50:56:80:00:01", "UEFI"}, host{"web-1", "", "legacy"}
	if got := openshift.Hosts; len(got) != 2 || got[0] != unknown || got[1] != known {
		t.Errorf("openshift: %+v", got)
	}

	text := written(t, "metal3", booting())
	for _, want := range []string{
		`bootMACAddress: "00:50:56:80:00:01"  # the VM's first network card`, "bootMode: UEFI\n",
		`bootMACAddress: ""  # of the VM's network card`, "bootMode: legacy  # or UEFI",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("metal3: %q is not in\n%s", want, text)
		}
	}

	var ironic struct {
		Nodes []struct {
			Name       string
			Ports      []struct{ Address string }
			Properties struct{ Capabilities string }
		}
	}
	if err := yaml.Unmarshal([]byte(written(t, "ironic", booting())), &ironic); err != nil {
		t.Fatal(err)
	}
	if n := ironic.Nodes[1]; len(n.Ports) != 1 || n.Ports[0].Address != "00:50:56:80:00:01" || n.Properties.Capabilities != "boot_mode:uefi" {
		t.Errorf("ironic: %+v", n)
	}
	if n := ironic.Nodes[0]; len(n.Ports) != 0 || n.Properties.Capabilities != "" {
		t.Errorf("ironic, not known: %+v", n)
	}

	rows, err := csv.NewReader(strings.NewReader(written(t, "csv", booting()))).ReadAll()
	if err != nil || rows[0][10] != "boot_mac" || rows[1][10] != "" || rows[2][10] != "00:50:56:80:00:01" {
		t.Errorf("csv: %q, %v", rows, err)
	}
}

// MAAS asks for a variable only where the address is not known.
func TestBootMACOfMAAS(t *testing.T) {
	script := "maas() { printf '%s\\n' \"$@\"; }; PROFILE=p BOOT_MAC_WEB_1=aa\n" + written(t, "maas", booting())
	script = strings.ReplaceAll(script, `"${LAB_A_OPERATOR:?is not set}"`, "x")
	script = strings.ReplaceAll(script, `"${LAB_B_OPERATOR:?is not set}"`, "x")
	out, err := exec.CommandContext(t.Context(), "sh", "-c", script).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"mac_addresses=aa", "mac_addresses=00:50:56:80:00:01"} {
		if !strings.Contains(string(out), want+"\n") {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
}
