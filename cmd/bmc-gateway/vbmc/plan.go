package vbmc

import (
	"cmp"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/config"
)

const standardPort = 623

// A vcenter is one server with one user, and all that is behind it.
type vcenter struct {
	name, server, user, password string // server is empty for machines of virtualbmc
	tenants                      []*tenant
}

// A tenant is the machines of one vCenter with the same user and password of IPMI.
type tenant struct {
	name, user, password string
	weak                 bool
	vms                  []string
	pins                 []pin
	ports                []port
}

type pin struct {
	vm, mac string
	address netip.Addr // zero: as it comes
}

type port struct {
	vm     string
	listen netip.AddrPort
}

// A plan is what becomes of all directories.
type plan struct {
	vcenters []*vcenter
	pool     []netip.Addr // addresses that are a BMC's own
	without  int          // machines that have none
	notices  []string
	taken    map[netip.AddrPort]string
}

func (p *plan) tell(m machine, format string, args ...any) {
	p.notices = append(p.notices, m.tell(format, args...))
}

// newPlan groups the machines.
func newPlan(all []machine, o Options) *plan {
	p := &plan{taken: make(map[netip.AddrPort]string)}
	for _, m := range all {
		if !m.active && !o.All {
			p.tell(m, "%q is not active and left out; --all takes it in", m.vm)
			continue
		}
		t := p.tenant(p.vcenter(m), m, o)
		if slices.Contains(t.vms, m.vm) {
			p.tell(m, "a VM named %q is there already; left out", m.vm)
			continue
		}
		t.vms = append(t.vms, m.vm)
		if m.byUUID {
			p.tell(m, "was found by its BIOS UUID; the gateway selects it by the name %q, which has to be the VM's", m.vm)
		}
		p.place(t, m)
	}
	return p
}

func (p *plan) vcenter(m machine) *vcenter {
	for _, v := range p.vcenters {
		if v.server == m.server && v.user == m.serverUser {
			if v.password != m.serverPassword {
				p.tell(m, "another password of %s at %s than in the files before; that one is kept", m.serverUser, m.server)
			}
			return v
		}
	}
	if m.server == "" {
		p.tell(m, "virtualbmc knows no vCenter: fill in its URL, user and password")
	}
	v := &vcenter{server: m.server, user: m.serverUser, password: m.serverPassword}
	v.name = unique(cmp.Or(word(m.server), "unknown"), func(name string) bool {
		return slices.ContainsFunc(p.vcenters, func(o *vcenter) bool { return o.name == name })
	})
	p.vcenters = append(p.vcenters, v)
	return v
}

func (p *plan) tenant(v *vcenter, m machine, o Options) *tenant {
	for _, t := range v.tenants {
		if t.user == m.user && t.password == m.password {
			return t
		}
	}
	t := &tenant{user: m.user, password: m.password}
	t.name = unique(word("vbmc-"+m.user), func(name string) bool {
		return slices.ContainsFunc(p.vcenters, func(o *vcenter) bool {
			return slices.ContainsFunc(o.tenants, func(t *tenant) bool { return t.name == name })
		})
	})
	if why := config.PasswordRefusal(m.password, m.user); why != "" {
		t.weak = o.AllowWeak
		if !o.AllowWeak {
			p.tell(m, "tenant %q: %s (--allow-weak does that)", t.name, why)
		}
	}
	v.tenants = append(v.tenants, t)
	return t
}

// place decides where the BMC answers: at an address of its own, which it keeps if
// it has one, and at the port that its clients know.
func (p *plan) place(t *tenant, m machine) {
	own := pin{vm: m.vm, mac: m.mac}
	a := m.listen.Addr()
	standard := m.listen.Port() == standardPort
	switch at, taken := m.listen, p.taken[m.listen]; {
	case taken != "":
		p.tell(m, "%s is %q's already; %q gets an address of its own", at, taken, m.vm)
	case standard && a.IsUnspecified():
		p.tell(m, "answers at port %d of every address of this host; %q gets an address of its own", standardPort, m.vm)
	case standard && a.Is4() && !a.IsLoopback():
		own.address = a
		p.pool = append(p.pool, a)
		p.taken[at] = m.vm
	default:
		p.port(t, m.vm, at)
	}
	if !own.address.IsValid() {
		p.without++
	}
	if own.mac != "" || own.address.IsValid() {
		t.pins = append(t.pins, own)
	}
}

// port keeps a port. Python's every address is of both IP versions.
func (p *plan) port(t *tenant, vm string, at netip.AddrPort) {
	p.taken[at] = vm
	t.ports = append(t.ports, port{vm, at})
	if at.Addr() == netip.IPv6Unspecified() {
		four := netip.AddrPortFrom(netip.IPv4Unspecified(), at.Port())
		p.taken[four] = vm
		t.ports = append(t.ports, port{vm, four})
	}
}

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// word makes a name of the configuration of anything.
func word(s string) string {
	s = strings.Trim(notInNames.ReplaceAllString(strings.ToLower(s), "-"), "-")
	return strings.TrimRight(s[:min(len(s), 50)], "-")
}

func unique(name string, taken func(string) bool) string {
	for n, try := 2, name; ; n++ {
		if !taken(try) {
			return try
		}
		try = fmt.Sprintf("%s-%d", name, n)
	}
}
