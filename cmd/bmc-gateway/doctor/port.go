package doctor

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/bmc-gateway/bmc-gateway/gateway"
)

// ports looks for programs that hold a BMC port on all addresses: beside them no
// socket on one address can be opened. The daemon itself never does that.
func ports(c gateway.Config, proc fs.FS) []Finding {
	var findings []Finding
	for _, port := range bmcPorts(c) {
		r := &report{check: fmt.Sprintf("UDP port %d", port)}
		switch held, err := wildcard(proc, port); {
		case err != nil:
			r.skipped("%v", err)
		case held:
			r.fail(fmt.Sprintf("ss -ulnp sport = :%d tells which; stop it or bind it to one address (ipmi_sim, virtualbmc and fakeipmi do this)", port),
				"another program holds it on all addresses of the host")
		default:
			r.ok("nobody holds it on all addresses")
		}
		findings = append(findings, r.findings...)
	}
	return findings
}

func bmcPorts(c gateway.Config) []uint16 {
	var all []uint16
	for _, t := range c.Tenants {
		all = append(all, t.IPMI.Port)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// wildcard reads the kernel's tables of UDP sockets for one on 0.0.0.0 or ::.
func wildcard(proc fs.FS, port uint16) (bool, error) {
	for table, any := range map[string]string{"net/udp": strings.Repeat("0", 8), "net/udp6": strings.Repeat("0", 32)} {
		b, err := fs.ReadFile(proc, table)
		if err != nil {
			if table == "net/udp6" {
				continue // a host without IPv6
			}
			return false, err
		}
		want := fmt.Sprintf("%s:%04X", any, port)
		for s := bufio.NewScanner(bytes.NewReader(b)); s.Scan(); {
			if f := strings.Fields(s.Text()); len(f) > 1 && f[1] == want {
				return true, nil
			}
		}
	}
	return false, nil
}
