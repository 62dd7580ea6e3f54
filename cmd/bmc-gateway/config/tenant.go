package config

import (
	"net/netip"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/bmc-gateway/bmc-gateway/gateway"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
)

// tenant reads one tenant; otherwise is what holds unless it says something else.
func (l *loader) tenant(n node, otherwise behaviour) gateway.Tenant {
	s := n.section("name", "vcenter", "select", "pool", "pools", "max_addresses", "pins", "legacy_ports", "allow_from", "accounts",
		"allow_weak_passwords", "profile", "ipmi", "power", "quota", "access", "guard", "protect", "power_off_breaker", "web_users", "register")
	weak := s.get("allow_weak_passwords").truth(false)
	if weak {
		s.get("allow_weak_passwords").warn("passwords that anybody guesses are allowed; for a lab only")
	}
	vcenter := forVCenter(s.get("profile"))
	ipmi := l.profiled(s.get("ipmi"), vcenter, otherwise.ipmi)
	passwords := passwordRules{weak: weak, v15: ipmi.V15 != bmc.V15Off, vcenter: vcenter}
	pools := l.poolsOf(s.get("pool"), s.get("pools"))
	return gateway.Tenant{
		Name:         l.tenants.name(s.get("name")),
		VCenter:      l.vcenters.refer(s.get("vcenter"), "vCenter"),
		Select:       selector(s.get("select")),
		Pools:        pools,
		MaxAddresses: s.get("max_addresses").whole(0, 0, 1<<20),
		Pins:         l.pins(s.get("pins"), l.poolsNamed(pools)),
		LegacyPorts:  l.legacyPorts(s.get("legacy_ports"), ipmi.Port),
		AllowFrom:    sources(s.get("allow_from")),
		Accounts:     l.accounts(s.get("accounts"), passwords),
		WebUsers:     l.webUsers(s.get("web_users")),
		IPMI:         ipmi,
		Power:        readPower(s.get("power"), otherwise.power),
		Quota:        readQuota(s.get("quota"), otherwise.quota),
		Access:       readAccess(s.get("access"), otherwise.access),
		Guard:        readGuard(s.get("guard"), otherwise.guard),
		Protect:      readProtect(s.get("protect")),
		Fuse:         readFuse(s.get("power_off_breaker"), otherwise.fuse),
		Register:     l.register(s.get("register"), ipmi),
	}
}

// poolsOf reads the names of the pools of a tenant, of which one is the common case.
func (l *loader) poolsOf(one, several node) []string {
	several.form(List)
	several.element().form(Text)
	if !several.given() {
		names := []string{l.pools.refer(one, "pool")}
		one.isReplaceable()
		return names
	}
	if one.given() {
		several.refuse("and pool cannot both be given; pools may have one entry")
	}
	var names []string
	for _, n := range several.filled("name a pool: " + l.pools.list()) {
		name := l.pools.refer(n, "pool")
		if slices.Contains(names, name) {
			n.refuse("%q is named twice", name)
		}
		names = append(names, name)
	}
	return names
}

func selector(n node) inventory.Selector {
	s := n.section("tags", "folders", "recursive", "names", "not")
	sel := inventory.Selector{Recursive: s.get("recursive").truth(true)}
	sel.Tags, sel.Folders, sel.Names = criteria(s)
	sel.ExcludeTags, sel.ExcludeFolders, sel.ExcludeNames = criteria(s.get("not").section("tags", "folders", "names"))
	nothing := true
	for _, key := range []string{"tags", "folders", "names"} {
		nothing = nothing && empty(s.get(key)) && !s.get(key).spoilt
	}
	switch {
	case !n.given():
		n.missing("give tags, folders or names, or no VM is selected")
	case nothing:
		n.refuse("selects nothing; give tags, folders or names")
	}
	return sel
}

// criteria reads what a VM is selected or excluded by.
func criteria(s section) (tags, folders, names []string) {
	return form(s.get("tags"), isTag, "is no tag; write it as category/name"),
		form(s.get("folders"), isFolder, "is no folder; write its inventory path, such as /Datacenter/vm/Lab"),
		form(s.get("names"), isPattern, "is no pattern; * and ? stand for any characters, [ needs its ]")
}

// empty says whether nothing is listed; what is no list is told as that.
func empty(n node) bool {
	return !n.given() || n.yaml.Kind == yaml.SequenceNode && len(n.yaml.Content) == 0
}

// form reads a list of texts that all have one form.
func form(n node, ok func(string) bool, otherwise string) []string {
	var kept []string
	values, places := n.texts()
	for i, v := range values {
		if !ok(v) {
			places[i].refuse("%q %s", v, otherwise)
			continue
		}
		kept = append(kept, v)
	}
	return kept
}

func isTag(s string) bool {
	category, name, ok := strings.Cut(s, "/")
	return ok && category != "" && name != ""
}

// isFolder: the folders of VMs are below the "vm" of a datacenter.
func isFolder(s string) bool {
	return strings.HasPrefix(s, "/") && path.Clean(s) == s && strings.Contains(s+"/", "/vm/") && !strings.HasPrefix(s+"/", "/vm/")
}

func isPattern(s string) bool {
	_, err := path.Match(s, "")
	return err == nil && s != ""
}

// sources reads who is answered. An empty list would be read as nobody by some
// and as everybody by others, so it is refused.
func sources(n node) []netip.Prefix {
	if n.given() && empty(n) {
		n.refuse("is empty; list the networks that are answered, or remove the key to answer all")
	}
	var all []netip.Prefix
	values, places := n.texts()
	for i, v := range values {
		if a, err := netip.ParseAddr(v); err == nil && a.Zone() == "" && !a.Is4In6() {
			all = append(all, netip.PrefixFrom(a, a.BitLen()))
		} else if p := prefix(places[i], v, "192.0.2.0/24"); p.IsValid() {
			all = append(all, p)
		}
	}
	return all
}
