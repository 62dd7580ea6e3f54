package doctor

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/bmc-gateway/bmc-gateway/gateway"
	"github.com/bmc-gateway/bmc-gateway/gateway/address"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

// wantFinding fails the test unless there is one of that level, check, text and remedy.
func wantFinding(t *testing.T, findings []Finding, level Level, check, text, remedy string) {
	t.Helper()
	if !slices.ContainsFunc(findings, func(f Finding) bool {
		return f.Level == level && strings.HasPrefix(f.Check, check) && strings.Contains(f.Text, text) && strings.Contains(f.Remedy, remedy)
	}) {
		t.Errorf("no %s %s %q with remedy %q among %+v", level, check, text, remedy, findings)
	}
}

func TestVLANFindings(t *testing.T) {
	const iface = "eth0.120"
	parent := Interface{Name: "eth0", Up: true, Running: true}
	made := Interface{Name: iface, Up: true, Running: true}
	tests := []struct {
		name       string
		interfaces []Interface
		vlans      map[string]address.VLAN
		module     bool
		level      Level
		text       string
		remedy     string
	}{
		{"not made yet", []Interface{parent}, nil, true, OK, "the daemon makes it", ""},
		{"no module", []Interface{parent}, nil, false, Warning, "knows no VLANs", "modprobe 8021q"},
		{"right", []Interface{parent, made}, map[string]address.VLAN{iface: {Parent: "eth0", ID: 120}}, true, OK, "is id 120 on eth0", ""},
		{"another id", []Interface{parent, made}, map[string]address.VLAN{iface: {Parent: "eth0", ID: 121}}, true,
			Problem, "is id 121 on eth0, not id 120 on eth0", "ip link del eth0.120"},
		{"parent elsewhere", []Interface{made}, map[string]address.VLAN{iface: {ID: 120}}, true,
			Problem, "on an interface elsewhere", "correct the pool's vlan"},
		{"no VLAN", []Interface{parent, made}, nil, true, Problem, "no VLAN", "correct the pool's interface"},
		{"no parent", nil, nil, true, Problem, "parent eth0 does not exist", "correct vlan.parent"},
		{"parent down", []Interface{{Name: "eth0"}}, nil, true, Problem, "parent eth0 is down", "ip link set eth0 up"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := patient()
			p.Config.Pools[0].Interface, p.Config.Pools[0].VLAN = iface, address.VLAN{Parent: "eth0", ID: 120}
			p.Interfaces, p.VLANs = tt.interfaces, tt.vlans
			if tt.module {
				p.Proc.(fstest.MapFS)["net/vlan/config"] = &fstest.MapFile{}
			}
			findings := examine(t, p)
			wantFinding(t, findings, tt.level, "VLAN "+iface, tt.text, tt.remedy)
			if tt.level != OK {
				wantFinding(t, findings, Skipped, "duplicates", "", "")
			}
			for _, f := range findings {
				if strings.HasPrefix(f.Check, "interface ") && f.Level == Problem {
					t.Errorf("a VLAN that the daemon makes is missed: %+v", f)
				}
			}
		})
	}
}

func TestRouteFindings(t *testing.T) {
	both := []netip.Prefix{netip.MustParsePrefix("10.0.2.16/30"), netip.MustParsePrefix("10.0.2.20/32")}
	tests := []struct {
		name   string
		ranges string
		have   map[string][]netip.Prefix
		arp    string
		level  Level
		check  string
		text   string
		remedy string
	}{
		{"all", "10.0.2.16-10.0.2.20", map[string][]netip.Prefix{"eth0": both}, "0", OK, "routes of pool lab", "all 2 are there", ""},
		{"none", "10.0.2.16-10.0.2.20", nil, "0", Skipped, "routes of pool lab", "when it starts", ""},
		{"some", "10.0.2.16-10.0.2.20", map[string][]netip.Prefix{"eth0": both[:1]}, "0",
			Warning, "routes of pool lab", "1 of 2 are missing, such as 10.0.2.20/32", "status"},
		{"ARP is not answered", "10.0.2.16-10.0.2.20", map[string][]netip.Prefix{"eth0": both}, "1",
			Warning, "routes of pool lab", "arp_ignore is 1", "arp_ignore=0"},
		{"IPv6", "2001:db8::8-2001:db8::b", map[string][]netip.Prefix{"eth0": {netip.MustParsePrefix("2001:db8::8/126")}}, "1",
			OK, "routes of pool lab", "neighbour solicitations", ""},
		{"left behind", "10.0.2.16-10.0.2.20", map[string][]netip.Prefix{"eth1": both[:1]}, "0",
			Warning, "routes left behind", "10.0.2.16/30 over eth1", "ip route del local 10.0.2.16/30 dev eth1 table local proto 176"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := patient()
			r, err := address.ParseRange(tt.ranges)
			if err != nil {
				t.Fatal(err)
			}
			p.Config.Pools[0].Ranges, p.Config.Pools[0].Routed, p.Routes = []address.Range{r}, true, tt.have
			p.Proc = proc(map[string]string{"sys/net/ipv4/conf/eth0/arp_ignore": tt.arp})
			wantFinding(t, examine(t, p), tt.level, tt.check, tt.text, tt.remedy)
		})
	}
}

func TestDuplicates(t *testing.T) {
	denied := func(string, []netip.Addr) (map[netip.Addr]net.HardwareAddr, error) {
		return nil, fmt.Errorf("announce: %w", address.ErrPermission)
	}
	tests := []struct {
		name   string
		change func(*Patient)
		level  Level
		text   string
		remedy string
	}{
		{"nobody", func(*Patient) {}, OK, "no other host has one of the 9 addresses", ""},
		{"one", func(p *Patient) { p.Ask = othersHave("10.0.2.15") }, Warning, "10.0.2.15 is 02:00:00:00:00:99's", "exclude list"},
		{"nobody would ask", func(p *Patient) {
			p.Ask, p.Config.Pools[0].Policy.Check = othersHave("10.0.2.15"), address.CheckWatch
		}, Problem, "nobody asks before", "exclude list"},
		{"this host's are not asked for", func(p *Patient) { p.Ask = othersHave("10.0.2.10") }, OK, "9 addresses", ""},
		{"no right to", func(p *Patient) { p.Ask = denied }, Skipped, "CAP_NET_RAW", ""},
		{"interface down", func(p *Patient) { p.Interfaces[1].Up = false }, Skipped, "eth0 is not up", ""},
		{"IPv6", func(p *Patient) {
			r, _ := address.ParseRange("2001:db8::8-2001:db8::b")
			p.Config.Pools[0].Ranges = []address.Range{r}
		}, Skipped, "when an address of IPv6 is added", ""},
		{"no more than so many", func(p *Patient) {
			r, _ := address.ParseRange("10.0.0.0/16")
			p.Config.Pools[0].Ranges = []address.Range{r}
		}, OK, fmt.Sprintf("the %d addresses", askedOfAPool), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := patient()
			tt.change(&p)
			wantFinding(t, examine(t, p), tt.level, "duplicates in pool lab", tt.text, tt.remedy)
		})
	}
}

func TestVCenterFindings(t *testing.T) {
	p := patient()
	for _, f := range examine(t, p) {
		if strings.HasPrefix(f.Check, "vcenter") {
			t.Errorf("offline, and yet %+v", f)
		}
	}
	p.VCenters = func(context.Context) []gateway.CheckedVCenter {
		return []gateway.CheckedVCenter{{Name: "vc", Findings: []vsphere.Finding{
			{Topic: "login", Level: vsphere.Fine, Text: "as svc-bmc"},
			{Topic: "clock", Level: vsphere.Doubtful, Text: "two minutes ahead", Remedy: "use NTP"},
			{Topic: "privileges", Level: vsphere.Broken, Text: "lacks one", Remedy: "give it"},
		}}}
	}
	findings := examine(t, p)
	wantFinding(t, findings, OK, "vcenter vc: login", "svc-bmc", "")
	wantFinding(t, findings, Warning, "vcenter vc: clock", "two minutes", "NTP")
	wantFinding(t, findings, Problem, "vcenter vc: privileges", "lacks one", "give it")
}
