package machine

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

var inMachine = flag.Bool("inside", false, "this is the machine")

const (
	unit             = "bmc-gateway.service"
	vcAddress        = "127.0.0.1:8989"
	vcPassword       = "vc-secret-of-a-credential"
	operatorPassword = "operator-secret"
	vlanID           = 120
	// patience is for a processor that is emulated.
	patience = 100 * time.Second
)

// configuration has a pool on a VLAN that is to be made, one on the card itself, and
// one on an interface without hardware, whose BMCs are reached by a route.
const configuration = `apiVersion: bmc-gateway/v1
audit: {file: /var/log/bmc-gateway/audit.jsonl}
vcenters:
- {name: vc, url: "https://` + vcAddress + `", username: svc-bmc@vsphere.local, password_file: vc, ca_file: ca.pem}
pools:
- {name: vlan, interface: ens192.120, vlan: {parent: ens192, id: 120}, ranges: [10.120.8.10-10.120.8.20], prefix_length: 24}
- {name: native, interface: ens192, ranges: [192.0.2.10-192.0.2.20], prefix_length: 24}
- {name: dummy, interface: bmc0, ranges: [198.51.100.10-198.51.100.20], prefix_length: 24}
tenants:
- name: vlan
  vcenter: vc
  select: {tags: [bmc/vlan]}
  pool: vlan
  allow_from: [10.120.8.0/24]
  accounts: [{username: operator, password_file: secrets/operator, privilege: operator}]
- name: native
  vcenter: vc
  select: {tags: [bmc/native]}
  pool: native
  accounts: [{username: operator, password_file: secrets/operator, privilege: operator}]
- name: dummy
  vcenter: vc
  select: {tags: [bmc/dummy]}
  pool: dummy
  accounts: [{username: operator, password_file: secrets/operator, privilege: operator}]
`

// dropIn is what an administrator writes with "systemctl edit".
const dropIn = "[Service]\nLoadCredential=vc:/etc/bmc-gateway/secrets/vc\n"

// vms are the simulated vCenter's, and the tenants they belong to.
var vms = map[string]string{"vc-vm-01": "vlan", "vc-vm-02": "native", "vc-vm-03": "dummy"}

// A site is the machine with a vCenter, and clients in a namespace on the other end
// of the wire.
type site struct{ vc *vspheretest.VCenter }

// newSite sets up what is outside of the gateway.
func newSite(t *testing.T) *site {
	t.Helper()
	if !*inMachine {
		t.Skip("TestMachine runs it inside; make machine")
	}
	for _, line := range []string{
		"ip netns add client",
		"ip link set far netns client",
		"ip -n client link set lo up",
		"ip -n client link set far up",
		"ip -n client address add 192.0.2.200/24 dev far",
		"ip -n client route add 198.51.100.0/24 via 192.0.2.1",
		"ip link add bmc0 type dummy",
		"ip link set bmc0 up",
	} {
		run(t, "sh", "-c", line)
	}
	return &site{}
}

// reaches gives the clients a leg in the VLAN. The gateway is there first: it is its
// request that has the kernel load what a VLAN needs.
func (s *site) reaches(t *testing.T) {
	t.Helper()
	for _, line := range []string{
		"ip -n client link add link far name far.120 type vlan id 120",
		"ip -n client link set far.120 up",
		"ip -n client address add 10.120.8.200/24 dev far.120",
	} {
		run(t, "sh", "-c", line)
	}
}

// connects starts the vCenter, whose certificate is new each time.
func (s *site) connects(t *testing.T) {
	t.Helper()
	vc, err := vspheretest.Start(vspheretest.Config{
		Name: "vc", Username: "svc-bmc@vsphere.local", Password: vcPassword, VMs: len(vms), Listen: vcAddress,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(vc.Close)
	s.vc = vc
	for vm, tenant := range vms {
		if err := vc.Tag("bmc/"+tenant, vm); err != nil {
			t.Fatal(err)
		}
	}
}

// addresses waits until all BMCs are ready and returns where they are, by VM.
func (s *site) addresses(t *testing.T) (all map[string]string) {
	t.Helper()
	eventually(t, "all BMCs are ready", func() error {
		out, err := exec.Command("bmc-gateway", "list", "-o", "json").Output()
		if err != nil {
			return fmt.Errorf("bmc-gateway list: %w", err)
		}
		var listed struct {
			BMCs []admin.BMC `json:"items"`
		}
		if err := json.Unmarshal(out, &listed); err != nil {
			return err
		}
		all = make(map[string]string)
		for _, b := range listed.BMCs {
			if b.State != admin.Ready {
				return fmt.Errorf("%s is %s: %s", b.Name, b.State, b.Reason)
			}
			all[b.Name] = b.Address.String()
		}
		if len(all) != len(vms) {
			return fmt.Errorf("there are %d", len(all))
		}
		return nil
	})
	return all
}

// address waits likewise and returns where one VM's is.
func (s *site) address(t *testing.T, vm string) string {
	t.Helper()
	return s.addresses(t)[vm]
}

// ipmitool asks a BMC from the other end of the wire, on the port it knows itself.
func ipmitool(address string, words ...string) (string, error) {
	args := append([]string{"netns", "exec", "client", "ipmitool", "-I", "lanplus", "-N", "3", "-R", "3", "-H", address,
		"-U", "operator", "-P", operatorPassword, "-L", "OPERATOR"}, words...)
	out, err := exec.Command("ip", args...).CombinedOutput()
	text := strings.TrimSpace(string(out))
	if err != nil {
		err = fmt.Errorf("ipmitool %s: %w: %s", strings.Join(words, " "), err, text)
	}
	return text, err
}

// answers waits until all BMCs say whether their VM is on.
func (s *site) answers(t *testing.T) {
	t.Helper()
	for _, address := range s.addresses(t) {
		s.says(t, address, "Chassis Power is on", "power", "status")
	}
}

func (s *site) says(t *testing.T, address, want string, words ...string) {
	t.Helper()
	eventually(t, address+": "+want, func() error {
		out, err := ipmitool(address, words...)
		if err == nil && out != want {
			err = errors.New(out)
		}
		return err
	})
}

// show returns a property of the unit.
func show(t *testing.T, property string) string {
	t.Helper()
	return strings.TrimSpace(run(t, "systemctl", "show", "--value", "-p", property, unit))
}

// journal returns the messages that journalctl finds, without anything else.
func journal(t *testing.T, words ...string) string {
	t.Helper()
	run(t, "journalctl", "--sync")
	out, err := exec.Command("journalctl", append([]string{"--quiet", "--no-pager", "-o", "cat", "-b"}, words...)...).Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) { // 1: there are none
		t.Fatal(err)
	}
	return string(out)
}

// eventually polls until f returns nil.
func eventually(t *testing.T, what string, f func() error) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if err = f(); err == nil {
			return
		}
		select {
		case <-t.Context().Done():
			t.Fatalf("%s: the test ended: %v", what, err)
		case <-time.After(time.Second):
		}
	}
	t.Fatalf("%s: %v", what, err)
}

// lastWords are the end of the unit's journal.
func lastWords() string {
	out, _ := exec.Command("journalctl", "--no-pager", "-n", "25", "-u", unit).CombinedOutput()
	status, _ := exec.Command("systemctl", "status", "--no-pager", "-n", "0", unit).CombinedOutput()
	return string(out) + string(status)
}

// file is what is in one.
func file(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
