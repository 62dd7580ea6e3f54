package machine

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// A link is what "ip -d -j link" says of an interface.
type link struct {
	Alias     string   `json:"ifalias"`
	Parent    string   `json:"link"`
	Flags     []string `json:"flags"`
	Addresses []struct {
		Local string `json:"local"`
	} `json:"addr_info"`
	Info struct {
		Kind string `json:"info_kind"`
		Data struct {
			ID       int    `json:"id"`
			Protocol string `json:"protocol"`
		} `json:"info_data"`
	} `json:"linkinfo"`
}

// lookAt returns an interface, if it is there.
func lookAt(t *testing.T, name string) (l link, there bool) {
	t.Helper()
	out, err := exec.Command("ip", "-d", "-j", "address", "show", "dev", name).Output()
	if err != nil {
		return link{}, false
	}
	var all []link
	if err := json.Unmarshal(out, &all); err != nil || len(all) != 1 {
		t.Fatalf("%v: %s", err, out)
	}
	return all[0], true
}

// makesVLAN: the kernel has loaded its module by itself, and the interface is what
// the pool wants.
func (s *site) makesVLAN(t *testing.T) {
	l, there := lookAt(t, "ens192.120")
	if !there || l.Alias != "made by bmc-gateway" || l.Parent != "ens192" ||
		l.Info.Kind != "vlan" || l.Info.Data.ID != vlanID || l.Info.Data.Protocol != "802.1Q" {
		t.Errorf("ens192.120 is %+v", l)
	}
	if _, err := os.Stat("/sys/module/8021q"); err != nil {
		t.Error(err)
	}
}

// powers VMs off and on from the other end of the wire.
func (s *site) powers(t *testing.T) {
	s.answers(t)
	for vm, address := range s.addresses(t) {
		for _, word := range []string{"off", "on"} {
			if out, err := ipmitool(address, "power", word); err != nil {
				t.Error(out, err)
			}
			s.says(t, address, "Chassis Power is "+word, "power", "status")
			if got := string(s.vc.Power(vm)); !strings.EqualFold(got, "powered"+word) {
				t.Errorf("vCenter says %s", got)
			}
		}
	}
}

// renetworked: systemd-networkd, which has both interfaces, takes foreign addresses
// off when it starts; the gateway puts them on again.
func (s *site) renetworked(t *testing.T) {
	before := s.addresses(t)
	run(t, "systemctl", "restart", "systemd-networkd.service")
	run(t, "networkctl", "reconfigure", "ens192", "ens192.120")
	for vm, address := range before {
		eventually(t, vm+" answers", func() error {
			_, err := ipmitool(address, "power", "status")
			return err
		})
	}
	if got := journal(t, "-u", unit); !strings.Contains(got, "somebody had taken the address of a BMC away; it is back") {
		t.Errorf("nothing was taken away:\n%s", got)
	}
}

// stops: the addresses are gone, the VLAN with them, what is the host's own stays.
func (s *site) stops(t *testing.T) {
	if err := os.Remove("/etc/systemd/network/25-ens192.120.network"); err != nil {
		t.Fatal(err)
	}
	run(t, "networkctl", "reload")
	run(t, "sh", "-c", "ip address del 10.120.8.1/24 dev ens192.120 2>&1 || true")
	run(t, "systemctl", "stop", unit)
	if got := show(t, "ActiveState") + " " + show(t, "Result"); got != "inactive success" {
		t.Errorf("it is %s", got)
	}
	if l, there := lookAt(t, "ens192.120"); there {
		t.Errorf("it left %+v", l)
	}
	for _, name := range []string{"ens192", "bmc0"} {
		l, there := lookAt(t, name)
		if !there {
			t.Fatalf("%s is gone", name)
		}
		for _, a := range l.Addresses {
			if strings.Contains(a.Local, ".") && a.Local != "192.0.2.1" {
				t.Errorf("it left %s on %s", a.Local, name)
			}
		}
	}
}

// borrowsVLAN makes the interface as the documentation shows it for systemd-networkd:
// the gateway uses it and leaves it.
func (s *site) borrowsVLAN(t *testing.T) {
	for name, text := range networkdFiles(t) {
		if strings.HasSuffix(name, "20-ens192.network") {
			text += "Address=192.0.2.1/24\n"
		}
		if strings.HasSuffix(name, "25-ens192.120.network") {
			text += "\n[Network]\nAddress=10.120.8.1/24\n"
		}
		write(t, name, text)
	}
	run(t, "networkctl", "reload")
	eventually(t, "the VLAN", func() error {
		if l, there := lookAt(t, "ens192.120"); !there || len(l.Addresses) == 0 {
			return errors.New(run(t, "networkctl", "--no-pager", "list"))
		}
		return nil
	})
	run(t, "systemctl", "start", unit)
	s.answers(t)
	run(t, "systemctl", "stop", unit)
	if l, there := lookAt(t, "ens192.120"); !there || l.Alias != "" {
		t.Errorf("after the stop: %v, %+v", there, l)
	}
	run(t, "systemctl", "start", unit)
	s.answers(t)
}

// networkdFiles are the files that docs/howto/vlans.md shows.
func networkdFiles(t *testing.T) map[string]string {
	t.Helper()
	_, block, _ := strings.Cut(file(t, "/seed/vlans.md"), "```ini\n")
	block, _, _ = strings.Cut(block, "```")
	names := regexp.MustCompile(`(?m)^# (/etc/systemd/network/\S+)\n`)
	all := map[string]string{}
	found := names.FindAllStringSubmatchIndex(block, -1)
	for i, at := range found {
		end := len(block)
		if i+1 < len(found) {
			end = found[i+1][0]
		}
		all[block[at[2]:at[3]]] = block[at[1]:end]
	}
	if len(all) != 3 {
		t.Fatalf("the page shows %d files", len(all))
	}
	return all
}
