package config

import (
	"net/netip"
	"regexp"
	"strings"
)

// hostForm is what a host may be called: labels of letters, digits, - and _, with
// points between.
var hostForm = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?$`)

// webHosts reads the names, or further addresses, that the HTTP server is asked for.
func webHosts(n node) (hosts []string) {
	values, places := n.texts()
	for i, v := range values {
		if _, err := netip.ParseAddr(v); err != nil && !hostForm.MatchString(v) {
			places[i].refuse("%q is no name of a host; write it without a port, like gw.example.net", v)
			continue
		}
		hosts = append(hosts, strings.ToLower(v))
	}
	return hosts
}
