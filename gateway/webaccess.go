package gateway

import (
	"slices"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// WebAccess returns who of the users of the HTTP server sees what, by the
// configuration in force.
func (g *Gateway) WebAccess() admin.WebAccess {
	c := g.inForce()
	a := admin.WebAccess{Admins: slices.Clone(c.HTTPAdmins), Hosts: slices.Clone(c.HTTPHosts), Users: make(map[string][]string)}
	for _, t := range c.Tenants {
		for _, user := range t.WebUsers {
			a.Users[user] = append(a.Users[user], t.Name)
		}
	}
	for _, tenants := range a.Users {
		slices.Sort(tenants)
	}
	return a
}
