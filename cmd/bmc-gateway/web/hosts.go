package web

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/login"
)

// byName lets through only what was asked of a name that is ours, as long as there is
// neither TLS nor a password: a web page from anywhere can have its own name mean this
// address and then read what a browser on this host is told (DNS rebinding). It cannot
// change what the browser says the name is.
func (g *gate) byName(listen string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name := hostOf(r.Host); !isOurs(name, hostOf(listen), g.access().Hosts) && !g.guarded(r) {
			http.Error(w, fmt.Sprintf("%q is not a name of this gateway. Ask for its address, or add the name to http.hosts.", name),
				http.StatusMisdirectedRequest)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// guarded reports whether a page of another name gets nothing anyhow: a browser
// checks the certificate for the name, and gives passwords to none but their own.
func (g *gate) guarded(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	if g.file == "" {
		return false
	}
	users, err := login.Read(g.file)
	return err == nil && len(users) > 0
}

// isOurs judges what a request was asked of: the host itself, what http.listen says,
// and what is configured. Who listens on all addresses does not know by which of them,
// or of a router's in between, it is reached: a number cannot be made to mean another.
func isOurs(name, listen string, more []string) bool {
	equal := func(s string) bool { return strings.EqualFold(strings.TrimSuffix(s, "."), name) }
	if name == "" || name == "localhost" || equal(listen) || slices.ContainsFunc(more, equal) {
		return true // browsers always say a name
	}
	a, err := netip.ParseAddr(name)
	if err != nil {
		return false
	}
	all, err := netip.ParseAddr(listen)
	return a.Unmap().IsLoopback() || err == nil && (all == a || all.IsUnspecified())
}

// hostOf is a Host header, or an address to listen on, without its port, in lower case.
func hostOf(s string) string {
	if host, _, err := net.SplitHostPort(s); err == nil {
		s = host
	}
	return strings.ToLower(strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"), "."))
}
