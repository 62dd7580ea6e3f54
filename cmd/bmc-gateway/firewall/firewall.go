package firewall

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"text/template"

	"github.com/bmc-gateway/bmc-gateway/gateway"
	"github.com/bmc-gateway/bmc-gateway/gateway/address"
)

// A Limit is how many packets one source may send to one BMC.
type Limit struct {
	PerSecond int
	Burst     int
}

// A chain is what may reach the addresses of one pool, in one address family.
type chain struct {
	Name      string
	Family    string // ip, ip6
	Addresses []string
	Exclude   []string // never touched: other hosts, or this one
	Ports     []string
	Sources   []string // empty: anybody
}

// Rules returns a table of our own, which replaces the one that is loaded, for
// "nft -f". Only traffic to addresses of the pools and to legacy ports is looked at:
// what is for an address of a pool and not for a BMC port, or not from an allowed
// source, is dropped, and so is what one source sends to one BMC above the limit.
// ICMP passes, and all else that is for addresses of the host.
func Rules(c gateway.Config, l Limit) (string, error) {
	var b strings.Builder
	err := rules.Execute(&b, struct {
		Chains []chain
		Legacy []legacyChain
		Limit  Limit
	}{chains(c), legacyChains(c), l})
	return b.String(), err
}

var rules = template.Must(template.New("rules").Funcs(template.FuncMap{
	"set": func(elements []string) string { return "{ " + strings.Join(elements, ", ") + " }" },
}).Parse(`#!/usr/sbin/nft -f
# Made by "bmc-gateway nftables" from its configuration; make it anew after changes.
table inet bmc_gateway
delete table inet bmc_gateway
table inet bmc_gateway {
	set rate_ip {
		type ipv4_addr . ipv4_addr
		size 65535
		flags dynamic,timeout
		timeout 10s
	}
	set rate_ip6 {
		type ipv6_addr . ipv6_addr
		size 65535
		flags dynamic,timeout
		timeout 10s
	}
{{- if .Legacy}}
	set rate_port_ip {
		type ipv4_addr . ipv4_addr . inet_service
		size 65535
		flags dynamic,timeout
		timeout 10s
	}
	set rate_port_ip6 {
		type ipv6_addr . ipv6_addr . inet_service
		size 65535
		flags dynamic,timeout
		timeout 10s
	}
{{- end}}
	chain input {
		type filter hook input priority filter - 10; policy accept;
{{- range $l := .Legacy}}
{{- range $l.Named}}
		{{$l.Family}} daddr {{.Address}} udp dport {{set .Ports}} jump {{$l.Name}}
{{- end}}
{{- end}}
{{- range .Chains}}
		{{.Family}} daddr {{set .Addresses}} jump {{.Name}}
{{- end}}
{{- range .Legacy}}
{{- if .Everywhere}}
		meta nfproto {{.Protocol}} udp dport {{set .Everywhere}} jump {{.Name}}
{{- end}}
{{- end}}
	}
{{- range .Chains}}
	chain {{.Name}} {
{{- if .Exclude}}
		{{.Family}} daddr {{set .Exclude}} return
{{- end}}
		meta l4proto { icmp, ipv6-icmp } return
		udp dport != {{set .Ports}} counter drop comment "not for a BMC"
		meta l4proto != udp counter drop comment "not for a BMC"
{{- if .Sources}}
		{{.Family}} saddr != {{set .Sources}} counter drop comment "not allowed"
{{- end}}
		update @rate_{{.Family}} { {{.Family}} saddr . {{.Family}} daddr limit rate over {{$.Limit.PerSecond}}/second burst {{$.Limit.Burst}} packets } counter drop comment "too many"
		accept
	}
{{- end}}
{{- range .Legacy}}
	chain {{.Name}} {
{{- if .Sources}}
		{{.Family}} saddr != {{set .Sources}} counter drop comment "not allowed"
{{- end}}
		update @rate_port_{{.Family}} { {{.Family}} saddr . {{.Family}} daddr . udp dport limit rate over {{$.Limit.PerSecond}}/second burst {{$.Limit.Burst}} packets } counter drop comment "too many"
		accept
	}
{{- end}}
}
`))

func chains(c gateway.Config) []chain {
	var all []chain
	for i, p := range c.Pools {
		ports, sources := tenantsOf(c, p.Name)
		if len(ports) == 0 {
			continue // nobody takes addresses from it
		}
		for _, family := range []string{"ip", "ip6"} {
			one := chain{
				Name: fmt.Sprintf("pool%d_%s", i, family), Family: family,
				Addresses: ranges(p.Ranges, family), Exclude: ranges(p.Exclude, family), Ports: ports,
			}
			if p.Gateway.IsValid() && familyOf(p.Gateway) == family {
				one.Exclude = append(one.Exclude, p.Gateway.String())
			}
			if sources != nil {
				one.Sources = prefixes(sources, family)
			}
			if len(one.Addresses) > 0 {
				all = append(all, one)
			}
		}
	}
	return all
}

// tenantsOf returns the ports of the tenants that take addresses from a pool and
// what they are allowed to be asked from; nil when one of them asks nobody to stay out.
func tenantsOf(c gateway.Config, pool string) (ports []string, sources []netip.Prefix) {
	open := false
	for _, t := range c.Tenants {
		if !slices.Contains(t.Pools, pool) {
			continue
		}
		ports = append(ports, fmt.Sprint(t.IPMI.Port))
		sources = append(sources, t.AllowFrom...)
		open = open || len(t.AllowFrom) == 0
	}
	if open {
		sources = nil
	}
	slices.Sort(ports)
	return slices.Compact(ports), sources
}

func ranges(list []address.Range, family string) []string {
	var out []string
	for _, r := range list {
		switch {
		case familyOf(r.First) != family:
		case r.First == r.Last:
			out = append(out, r.First.String())
		default:
			out = append(out, r.First.String()+"-"+r.Last.String())
		}
	}
	return out
}

// prefixes returns those of a family. That there are none means that nobody of
// the family may ask, which a set cannot say: it then holds the unspecified
// address, which is nobody's.
func prefixes(list []netip.Prefix, family string) []string {
	var out []string
	for _, p := range list {
		if familyOf(p.Addr()) == family {
			out = append(out, p.Masked().String())
		}
	}
	switch {
	case len(out) > 0:
		slices.Sort(out)
		return slices.Compact(out)
	case family == "ip":
		return []string{"0.0.0.0"}
	default:
		return []string{"::"}
	}
}

func familyOf(a netip.Addr) string {
	if a.Unmap().Is4() {
		return "ip"
	}
	return "ip6"
}
