package config

import (
	"strings"

	"github.com/bmc-gateway/bmc-gateway/gateway"
)

// shared warns of two vCenters that are one, to the same account: every entry has
// sessions and a watch of its own, which all tenants of the entry share.
func (l *loader) shared(s section, cfg gateway.Config) {
	if len(l.problems) > 0 {
		return
	}
	first := make(map[string]string)
	for i, n := range l.all(s, "vcenters", "") {
		vc := cfg.VCenters[i]
		if vc.Username == "" {
			continue // whose certificate it is only vCenter knows
		}
		port := vc.URL.Port()
		if port == "" {
			port = "443"
		}
		same := strings.ToLower(vc.URL.Hostname()) + " " + port + " " + strings.ToLower(vc.Username)
		if other, ok := first[same]; ok {
			n.warn("is the same vCenter and user as %s and opens all its sessions again; let its tenants name %s instead", other, other)
			continue
		}
		first[same] = vc.Name
	}
}
