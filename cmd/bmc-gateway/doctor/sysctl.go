package doctor

import (
	"bufio"
	"bytes"
	"errors"
	"io/fs"
	"strings"

	"github.com/bmc-gateway/bmc-gateway/gateway"
)

// sysctls looks at the kernel settings that decide whether requests to the
// addresses of a pool arrive and whether their answers leave. The kernel uses
// the larger of the interface's value and that of "all" (ip-sysctl).
func sysctls(p gateway.Pool, proc fs.FS) []Finding {
	if _, err := fs.Stat(proc, "sys/net/ipv4/conf/"+p.Interface); errors.Is(err, fs.ErrNotExist) {
		return nil // the interface is missing, which another check tells
	}
	r := &report{check: "kernel settings of " + p.Interface}
	arpIgnore(r, p, proc)
	reversePath(r, p, proc)
	if len(r.findings) == 0 {
		r.ok("ARP and reverse-path filter let the BMCs answer")
	}
	return r.findings
}

// arpIgnore: from 2 on the kernel answers only askers of the address's own
// subnet, and a /32 has none.
func arpIgnore(r *report, p gateway.Pool, proc fs.FS) {
	v, err := setting(proc, p.Interface, "arp_ignore")
	switch {
	case err != nil:
		r.skipped("arp_ignore: %v", err)
	case v >= 2:
		r.fail("sysctl -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf."+p.Interface+".arp_ignore=1",
			"arp_ignore is %d: the kernel answers no ARP request for an address with prefix length 32", v)
	case v == 0 && len(others(proc, p.Interface)) > 0:
		r.warn("sysctl -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2, unless the other interfaces are on other networks",
			"arp_ignore is 0: the host also answers ARP requests for the pool's addresses on %s", strings.Join(others(proc, p.Interface), ", "))
	}
}

// reversePath: a strict filter drops requests whose source is routed through
// another interface, silently.
func reversePath(r *report, p gateway.Pool, proc fs.FS) {
	v, err := setting(proc, p.Interface, "rp_filter")
	if err != nil || v != 1 {
		return
	}
	if via := defaultRoute(proc); via != "" && via != p.Interface {
		r.warn("sysctl -w net.ipv4.conf."+p.Interface+".rp_filter=2, or route the clients' networks through "+p.Interface,
			"the reverse-path filter is strict and the default route leads through %s: requests from clients beyond a router are dropped", via)
	}
}

// setting returns the effective value of an IPv4 setting.
func setting(proc fs.FS, iface, name string) (int, error) {
	own, err := number(proc, "sys/net/ipv4/conf/"+iface+"/"+name)
	if err != nil {
		return 0, err
	}
	all, err := number(proc, "sys/net/ipv4/conf/all/"+name)
	return max(own, all), err
}

// others are the interfaces that could take part in ARP beside this one.
func others(proc fs.FS, iface string) []string {
	entries, err := fs.ReadDir(proc, "sys/net/ipv4/conf")
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries {
		switch n := e.Name(); n {
		case "all", "default", "lo", iface:
		default:
			names = append(names, n)
		}
	}
	return names
}

// defaultRoute returns the interface of the IPv4 default route; empty: none.
func defaultRoute(proc fs.FS) string {
	b, err := fs.ReadFile(proc, "net/route")
	if err != nil {
		return ""
	}
	for s := bufio.NewScanner(bytes.NewReader(b)); s.Scan(); {
		if f := strings.Fields(s.Text()); len(f) > 7 && f[1] == "00000000" && f[7] == "00000000" {
			return f[0]
		}
	}
	return ""
}
