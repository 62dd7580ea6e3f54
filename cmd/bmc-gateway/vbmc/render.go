package vbmc

import (
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/config"
)

// FillIn marks the lines that somebody has to complete.
const FillIn = "# FILL IN"

// A file is one of the configuration, by its path in the output directory.
type file struct {
	name   string
	text   string
	secret bool // it holds a password
}

// files renders the plan.
func (p *plan) files() []file {
	all := []file{{name: "config.yaml", text: p.main()}}
	for _, v := range p.vcenters {
		all = append(all, file{name: path.Join("conf.d", v.name+".yaml"), text: v.yaml()})
		if v.server != "" {
			all = append(all, file{name: v.secret(), text: v.password + "\n", secret: true})
		}
		for _, t := range v.tenants {
			all = append(all, file{name: t.secret(), text: t.password + "\n", secret: true})
		}
	}
	return all
}

func (v *vcenter) secret() string { return path.Join("secrets", "vcenter-"+v.name) }
func (t *tenant) secret() string  { return path.Join("secrets", "tenant-"+t.name) }

func (p *plan) main() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Made by \"bmc-gateway import vbmc\". Complete the lines marked FILL IN, then run\n# \"bmc-gateway config check\". \"bmc-gateway config example\" has every key.\napiVersion: %s\n\npools:\n- name: vbmc\n", config.Version)
	fmt.Fprintf(&b, "  interface: eth0      %s: the interface that gets the addresses\n", FillIn)
	var ranges []string
	for _, a := range p.pool {
		ranges = append(ranges, a.String())
	}
	why := ""
	if p.without > 0 {
		why = fmt.Sprintf("      %s: addresses for %d VMs that had none of their own, such as 192.0.2.10-192.0.2.50", FillIn, p.without)
	}
	fmt.Fprintf(&b, "  ranges: [%s]%s\n", strings.Join(ranges, ", "), why)
	fmt.Fprintf(&b, "  prefix_length: 24      %s: of the subnet they are in\n", FillIn)
	return b.String()
}

func (v *vcenter) yaml() string {
	var b strings.Builder
	fmt.Fprintf(&b, "apiVersion: %s\n\nvcenters:\n- name: %s\n", config.Version, v.name)
	if v.server == "" {
		fmt.Fprintf(&b, "  url: https://vcenter.example.net      %s\n  username: \"\"      %s\n  password_file: %s      %s: put the password there\n",
			FillIn, FillIn, v.secret(), FillIn)
	} else {
		fmt.Fprintf(&b, "  url: %s\n  username: %s\n  password_file: %s\n", quote("https://"+host(v.server)), quote(v.user), v.secret())
	}
	b.WriteString("  # Its certificate was not checked so far. Unless it is of a CA that this host trusts, give one of:\n" +
		"  # ca_file: ca.pem\n  # thumbprint: \"...\"\n\ntenants:\n")
	for _, t := range v.tenants {
		t.yaml(&b, v.name)
	}
	return b.String()
}

// host is the server as a URL has it.
func host(server string) string {
	if strings.Count(server, ":") > 1 && !strings.HasPrefix(server, "[") {
		return "[" + server + "]"
	}
	return server
}

func (t *tenant) yaml(b *strings.Builder, vcenter string) {
	fmt.Fprintf(b, "- name: %s\n  vcenter: %s\n  pool: vbmc\n  select:\n    names:\n", t.name, vcenter)
	for _, vm := range t.vms {
		fmt.Fprintf(b, "    - %s\n", quote(escape(vm)))
	}
	if len(t.pins) > 0 {
		b.WriteString("  pins:\n")
	}
	for _, p := range t.pins {
		fmt.Fprintf(b, "  - {vm: %s", quote(p.vm))
		if p.address.IsValid() {
			fmt.Fprintf(b, ", address: %s", p.address)
		}
		if p.mac != "" {
			fmt.Fprintf(b, ", mac: %s", quote(p.mac))
		}
		b.WriteString("}\n")
	}
	if len(t.ports) > 0 {
		b.WriteString("  legacy_ports:\n")
	}
	for _, p := range t.ports {
		fmt.Fprintf(b, "  - {vm: %s, listen: %s}\n", quote(p.vm), quote(p.listen.String()))
	}
	if t.weak {
		b.WriteString("  allow_weak_passwords: true\n")
	}
	b.WriteString("  # Who is answered at all; without it everybody:\n  # allow_from: [192.0.2.0/24]\n  accounts:\n")
	fmt.Fprintf(b, "  - {username: %s, password_file: %s, privilege: administrator}\n", quote(t.user), t.secret())
}

var pattern = regexp.MustCompile(`[\\*?\[]`)

// escape makes a pattern that one name alone fits.
func escape(name string) string { return pattern.ReplaceAllString(name, `\$0`) }

// quote writes a text so that YAML reads it as that text.
func quote(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string is never refused
	return strings.TrimSuffix(b.String(), "\n")
}
