package doctor

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/bmc-gateway/bmc-gateway/gateway"
)

// The capabilities the daemon uses, by their numbers (capabilities(7)).
const (
	capNetBindService = 10
	capNetAdmin       = 12
	capNetRaw         = 13
)

// unit is where the capabilities come from when systemd starts the daemon.
const unit = "AmbientCapabilities= of the systemd unit"

// capabilities looks at those of this very process: doctor is to be run as the
// user that the daemon runs as.
func capabilities(c gateway.Config, proc fs.FS) []Finding {
	r := &report{check: "capabilities"}
	effective, err := effectiveCapabilities(proc)
	if err != nil {
		r.skipped("%v", err)
		return r.findings
	}
	need := func(bit uint, name, what string, level Level) {
		if effective&(1<<bit) == 0 {
			r.add(level, "run as root, or grant "+name+", as "+unit+" does", "%s is missing: %s", name, what)
		}
	}
	if managesAddresses(c) {
		need(capNetAdmin, "CAP_NET_ADMIN", "no address can be put on an interface", Problem)
		need(capNetRaw, "CAP_NET_RAW", "no conflict is noticed and no address announced", Warning)
	}
	if port, ok := lowPort(c, proc); ok {
		need(capNetBindService, "CAP_NET_BIND_SERVICE", fmt.Sprintf("UDP port %d cannot be opened", port), Problem)
	}
	if len(r.findings) == 0 {
		r.ok("this user may do what the daemon does")
	}
	return r.findings
}

func effectiveCapabilities(proc fs.FS) (uint64, error) {
	b, err := fs.ReadFile(proc, "self/status")
	if err != nil {
		return 0, err
	}
	for s := bufio.NewScanner(bytes.NewReader(b)); s.Scan(); {
		if v, ok := strings.CutPrefix(s.Text(), "CapEff:"); ok {
			return strconv.ParseUint(strings.TrimSpace(v), 16, 64)
		}
	}
	return 0, fmt.Errorf("self/status has no CapEff")
}

// managesAddresses says whether some pool's addresses are put on an interface.
func managesAddresses(c gateway.Config) bool {
	for _, p := range c.Pools {
		if !p.Existing {
			return true
		}
	}
	return false
}

// lowPort returns a port of the BMCs that needs a privilege.
func lowPort(c gateway.Config, proc fs.FS) (uint16, bool) {
	free := 1024
	if n, err := number(proc, "sys/net/ipv4/ip_unprivileged_port_start"); err == nil {
		free = n
	}
	for _, t := range c.Tenants {
		if int(t.IPMI.Port) < free {
			return t.IPMI.Port, true
		}
	}
	return 0, false
}

// descriptors compares the limit of open files with the sockets that full pools
// need. Go raises the soft limit to the hard one by itself.
func descriptors(addresses int, hard uint64) []Finding {
	const spare = 256 // vCenter, state file, HTTP and what else is open
	r := &report{check: "open files"}
	if need := uint64(addresses + spare); hard < need {
		r.fail(fmt.Sprintf("raise LimitNOFILE= of the systemd unit, or ulimit -Hn, to %d", need),
			"at most %d, but the %d addresses of the pools need a socket each", hard, addresses)
	} else {
		r.ok("limit %d, enough for the %d addresses of the pools", hard, addresses)
	}
	return r.findings
}

func number(proc fs.FS, path string) (int, error) {
	b, err := fs.ReadFile(proc, path)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(b)))
}
