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
	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
)

// proc is the /proc of a host on which all is well.
func proc(changes map[string]string) fstest.MapFS {
	files := map[string]string{
		"self/status": "Name:\tdoctor\nCapEff:\t0000000000003400\n",
		"sys/net/ipv4/ip_unprivileged_port_start": "1024\n",
		"sys/net/ipv4/conf/all/arp_ignore":        "0\n",
		"sys/net/ipv4/conf/all/rp_filter":         "0\n",
		"sys/net/ipv4/conf/lo/arp_ignore":         "0\n",
		"sys/net/ipv4/conf/eth0/arp_ignore":       "1\n",
		"sys/net/ipv4/conf/eth0/rp_filter":        "0\n",
		"net/route":                               routeTable("eth0"),
		"net/udp":                                 sockets("0A00020A:026F"),
		"net/udp6":                                sockets(),
	}
	for name, text := range changes {
		files[name] = text
	}
	fs := fstest.MapFS{}
	for name, text := range files {
		fs[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fs
}

func routeTable(via string) string {
	return "Iface Destination Gateway Flags RefCnt Use Metric Mask\n" +
		"eth9 0002000A 00000000 0001 0 0 0 00FFFFFF\n" +
		via + " 00000000 0102000A 0003 0 0 0 00000000\n"
}

func sockets(local ...string) string {
	text := "   sl  local_address rem_address   st\n"
	for i, l := range local {
		text += fmt.Sprintf("%5d: %s 00000000:0000 07\n", i, l)
	}
	return text
}

func config() gateway.Config {
	r, _ := address.ParseRange("10.0.2.10-10.0.2.19")
	return gateway.Config{
		Pools: []gateway.Pool{{PoolConfig: address.PoolConfig{Name: "lab", Interface: "eth0", Ranges: []address.Range{r}}}},
		Tenants: []gateway.Tenant{{
			Name: "a", Pools: []string{"lab"}, IPMI: gateway.IPMI{Port: 623, CipherSuites: []ipmi.CipherSuiteID{17}},
			Accounts: []bmc.Account{{Name: "admin", Password: "S3cretWord", Privilege: ipmi.Administrator}},
		}},
	}
}

func interfaces() []Interface {
	return []Interface{{Name: "lo", Up: true, Running: true}, {Name: "eth0", Up: true, Running: true,
		Addresses: []netip.Addr{netip.MustParseAddr("10.0.2.2"), netip.MustParseAddr("10.0.2.10")}}}
}

type daemon struct {
	bmcs []admin.BMC
	err  error
}

func (d daemon) BMCs(context.Context, string) ([]admin.BMC, error) { return d.bmcs, d.err }

func patient() Patient {
	return Patient{
		Config: config(), Proc: proc(nil), Files: 4096, Interfaces: interfaces(),
		Marked: map[netip.Addr]bool{netip.MustParseAddr("10.0.2.10"): true},
		Daemon: daemon{err: fmt.Errorf("%w at x", admin.ErrUnreachable)},
		Ask:    othersHave(),
	}
}

// othersHave answers for these addresses.
func othersHave(taken ...string) Asker {
	return func(_ string, asked []netip.Addr) (map[netip.Addr]net.HardwareAddr, error) {
		answer := make(map[netip.Addr]net.HardwareAddr)
		for _, a := range taken {
			if slices.Contains(asked, netip.MustParseAddr(a)) {
				answer[netip.MustParseAddr(a)] = net.HardwareAddr{2, 0, 0, 0, 0, 0x99}
			}
		}
		return answer, nil
	}
}

func examine(t *testing.T, p Patient) []Finding {
	t.Helper()
	findings, err := Examine(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return findings
}

func TestHealthyHost(t *testing.T) {
	for _, f := range examine(t, patient()) {
		if f.Level > Skipped {
			t.Errorf("%s %s: %s", f.Level, f.Check, f.Text)
		}
	}
}

func TestFindings(t *testing.T) {
	with := func(files map[string]string) func(*Patient) {
		return func(p *Patient) { p.Proc = proc(files) }
	}
	tests := []struct {
		name   string
		change func(*Patient)
		level  Level
		text   string
		remedy string
	}{
		{"no capability for addresses", with(map[string]string{"self/status": "CapEff:\t0000000000002400\n"}),
			Problem, "CAP_NET_ADMIN is missing", "grant CAP_NET_ADMIN"},
		{"no capability for ARP", with(map[string]string{"self/status": "CapEff:\t0000000000001400\n"}),
			Warning, "CAP_NET_RAW is missing", "grant CAP_NET_RAW"},
		{"no capability for the port", with(map[string]string{"self/status": "CapEff:\t0000000000003000\n"}),
			Problem, "UDP port 623 cannot be opened", "grant CAP_NET_BIND_SERVICE"},
		{"interface is missing", func(p *Patient) { p.Interfaces = p.Interfaces[:1] },
			Problem, "does not exist; the addresses of pool lab cannot be used", "there are: "},
		{"VLAN is missing", func(p *Patient) { p.Config.Pools[0].Interface = "eth0.120" },
			Problem, "does not exist", "ip link add link eth0 name eth0.120 type vlan id 120"},
		{"interface is down", func(p *Patient) { p.Interfaces[1].Up = false }, Problem, "is down", "ip link set eth0 up"},
		{"no carrier", func(p *Patient) { p.Interfaces[1].Running = false }, Problem, "no carrier", "cable"},
		{"the pool holds the host's own address", func(p *Patient) { p.Marked = nil },
			Problem, "10.0.2.10, which is the host's own address on eth0", "exclude list"},
		{"ARP is answered in the subnet only", with(map[string]string{"sys/net/ipv4/conf/all/arp_ignore": "2"}),
			Problem, "arp_ignore is 2", "arp_ignore=1"},
		{"ARP is answered on all interfaces", with(map[string]string{
			"sys/net/ipv4/conf/eth0/arp_ignore": "0", "sys/net/ipv4/conf/eth1/arp_ignore": "0"}),
			Warning, "on eth1", "arp_announce=2"},
		{"strict reverse path", with(map[string]string{"sys/net/ipv4/conf/eth0/rp_filter": "1", "net/route": routeTable("eth1")}),
			Warning, "default route leads through eth1", "rp_filter=2"},
		{"too few files", func(p *Patient) { p.Files = 200 }, Problem, "at most 200", "LimitNOFILE= of the systemd unit, or ulimit -Hn, to 266"},
		{"port taken", with(map[string]string{"net/udp": sockets("00000000:026F")}), Problem, "another program holds it", "ss -ulnp"},
		{"port taken on IPv6", with(map[string]string{"net/udp6": sockets(strings.Repeat("0", 32) + ":026F")}),
			Problem, "another program holds it", "ss -ulnp"},
		{"daemon fails", func(p *Patient) { p.Daemon = daemon{err: fmt.Errorf("refused")} }, Problem, "refused", "log"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := patient()
			tt.change(&p)
			findings := examine(t, p)
			if !slices.ContainsFunc(findings, func(f Finding) bool {
				return f.Level == tt.level && strings.Contains(f.Text, tt.text) && strings.Contains(f.Remedy, tt.remedy)
			}) {
				t.Errorf("no %s %q with remedy %q among %+v", tt.level, tt.text, tt.remedy, findings)
			}
		})
	}
}

func TestEveryWarningHasARemedy(t *testing.T) {
	p := patient()
	p.Proc, p.Interfaces, p.Files = proc(map[string]string{"self/status": "CapEff:\t0\n", "net/udp": sockets("00000000:026F")}), nil, 1
	for _, f := range examine(t, p) {
		if f.Level >= Warning && f.Remedy == "" {
			t.Errorf("%s: %s: no remedy", f.Check, f.Text)
		}
	}
}

// Of an interface that is not there nothing is told but that.
func TestMissingInterfaceHasNoSettings(t *testing.T) {
	p := patient()
	p.Config.Pools[0].Interface = "ens192"
	for _, f := range examine(t, p) {
		if strings.HasPrefix(f.Check, "kernel settings") {
			t.Errorf("%s %s: %s", f.Level, f.Check, f.Text)
		}
	}
}
