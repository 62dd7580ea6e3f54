package page

import (
	"fmt"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// together is how many tenants may have the same trouble before it is told once for
// all of them: it has one cause then.
const together = 5

// A trouble is what BMCs of a tenant may have.
type trouble struct {
	look, title, means string // title goes on after "3 BMCs"
	noun               string // what is counted; empty: BMC
	narrowed           query  // to those concerned
	command            string
	of                 func(admin.Tenant) int
}

// troubles are those that the status counts, the worst first.
var troubles = []trouble{
	{look: "error", title: "in error", means: "Not answered at all. The reason stands beside each.",
		narrowed: query{State: string(admin.Error)}, command: "bmc-gateway doctor", of: func(t admin.Tenant) int { return t.Error }},
	{look: "error", title: "waiting", means: "Without an address or a socket yet, and so not answered. The reason stands beside each.",
		narrowed: query{State: string(admin.Pending)}, command: "bmc-gateway list -l state=pending", of: func(t admin.Tenant) int { return t.Waiting }},
	{look: "remark", title: "held", noun: "removal", means: "Many virtual machines are not selected any more, all at once. Their BMCs serve on until somebody confirms that it is meant, or they are back.",
		narrowed: query{State: string(admin.Held)}, command: "bmc-gateway removals", of: func(t admin.Tenant) int { return t.Held }},
}

func ofTenants(s *scene) (all []problem) {
	for _, t := range s.status.Tenants {
		if !t.PowerHeldSince.IsZero() {
			all = append(all, problem{Look: "error", Title: t.Name + ": power-offs are refused", Command: "bmc-gateway power release " + t.Name, Since: stampOf(s.at, t.PowerHeldSince),
				BMCs:  link{query{Tenant: t.Name, Power: string(admin.PowerOff)}.Path(), "those that are off"},
				Means: "Too many of the tenant’s machines would have been powered off at once, which looks like a mistake. If it is meant, an operator says so."})
		}
	}
	for _, one := range troubles {
		all = append(all, one.among(s.status.Tenants)...)
	}
	remarks := s.remarks()
	return append(all, trouble{look: "remark", title: "ready, with a remark", narrowed: query{State: problematic},
		means: "Answered, and something is not as it should be: another host has the address, or an attribute of the machine cannot be followed.",
		of:    func(t admin.Tenant) int { return remarks[t.Name] }}.among(s.status.Tenants)...)
}

// among tells of each tenant that has the trouble, or of all in one when they are many.
func (w trouble) among(tenants []admin.Tenant) (all []problem) {
	total := 0
	for _, t := range tenants {
		if n := w.of(t); n > 0 {
			total += n
			all = append(all, w.problem(t.Name+": "+w.count(n), t.Name))
		}
	}
	if n := len(all); n > together {
		return []problem{w.problem(fmt.Sprintf("%s, of %d tenants", w.count(total), n), "")}
	}
	return all
}

func (w trouble) count(n int) string {
	if w.noun != "" {
		return several(n, w.noun) + " " + w.title
	}
	return several(n, "BMC") + " " + w.title
}

func (w trouble) problem(title, tenant string) problem {
	w.narrowed.Tenant = tenant
	return problem{Look: w.look, Title: title, Means: w.means, BMCs: link{w.narrowed.Path(), "show them"}, Command: w.command}
}

// remarks counts, by tenant, the BMCs that answer although something is wrong.
func (s *scene) remarks() map[string]int {
	n := make(map[string]int)
	for i := range s.bmcs {
		if rankOf(&s.bmcs[i]) == remarked {
			n[s.bmcs[i].Tenant]++
		}
	}
	return n
}
