package page

import (
	"regexp"
	"slices"
	"strings"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// A Viewer is who looks at the page, and what of the daemon is theirs to see.
type Viewer struct {
	Name    string   // as they logged in; empty: nobody had to
	All     bool     // an administrator: everything
	Tenants []string // of anybody else, sorted
}

// Sees says whether the BMCs of a tenant are the viewer's to see.
func (v Viewer) Sees(tenant string) bool { return v.All || slices.Contains(v.Tenants, tenant) }

// BMCs returns those of bmcs that the viewer sees, in their order. Reasons that name
// another tenant are told without it, and those that count the addresses of a pool
// without the figures.
func (v Viewer) BMCs(bmcs []admin.BMC) []admin.BMC {
	if v.All {
		return bmcs
	}
	var mine []admin.BMC
	for _, b := range bmcs {
		if v.Sees(b.Tenant) {
			b.Reason = v.reason(b.Reason)
			mine = append(mine, b)
		}
	}
	return mine
}

// ofTenant is how a reason names a tenant, whose VM it may name, too.
var ofTenant = regexp.MustCompile(`tenant "([^"]*)"`)

// counted is how a reason tells that a pool has no address left: with figures of all
// tenants that have addresses of it.
var counted = regexp.MustCompile(`: \d+ addresses(, \d+ [a-zA-Z ]+)+`)

// reason is why a BMC is as it is, as far as it is the viewer's to know.
func (v Viewer) reason(text string) string {
	for _, named := range ofTenant.FindAllStringSubmatch(text, -1) {
		if !v.Sees(named[1]) {
			return "another tenant has the virtual machine or the address; the gateway's administrator can say more"
		}
	}
	return counted.ReplaceAllLiteralString(text, "")
}

// Status returns what the viewer sees of the daemon's status: of a tenant's user
// these are the tenant, whether the vCenters answer it is served from, and the names
// of its pools. What all tenants have together is not among it, nor texts that may
// name what is another's. bmcs are those that the viewer sees.
func (v Viewer) Status(s admin.Status, bmcs []admin.BMC) admin.Status {
	if v.All {
		return s
	}
	mine := admin.Status{Version: s.Version, Started: s.Started}
	vcenters, pools := make(map[string]bool), make(map[string]bool)
	for _, t := range s.Tenants {
		if !v.Sees(t.Name) {
			continue
		}
		mine.Tenants = append(mine.Tenants, t)
		vcenters[t.VCenter] = true
		for _, p := range t.Pools {
			pools[p] = true
		}
	}
	vms, addresses := make(map[string]int), make(map[string]int)
	for _, b := range bmcs {
		vms[b.VCenter]++
		if b.Address.IsValid() {
			addresses[b.Pool]++
		}
	}
	for _, vc := range s.VCenters {
		if vcenters[vc.Name] {
			mine.VCenters = append(mine.VCenters, admin.VCenter{
				Name: vc.Name, State: vc.State, Since: vc.Since, LastAnswer: vc.LastAnswer, VMs: vms[vc.Name], CircuitOpen: vc.CircuitOpen,
			})
		}
	}
	for _, p := range s.Pools {
		if pools[p.Name] {
			mine.Pools = append(mine.Pools, admin.Pool{Name: p.Name, InUse: addresses[p.Name]})
		}
	}
	return mine
}

// same says whether the two see the same under the same name.
func (v Viewer) same(w Viewer) bool { return v.Name == w.Name && v.key() == w.key() }

// key is what all have in common who see the same.
func (v Viewer) key() string {
	if v.All {
		return "all"
	}
	return "of\x00" + strings.Join(v.Tenants, "\x00")
}
