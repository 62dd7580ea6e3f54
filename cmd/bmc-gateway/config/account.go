package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
)

const (
	maxUser     = 16 // bytes, section 22.28 of the specification
	maxPassword = 20 // bytes, section 22.30
	minPassword = 8
)

// passwordRules is which passwords a tenant's accounts may have.
type passwordRules struct {
	weak    bool // also those that anybody would guess
	v15     bool // they are used with IPMI 1.5: longer ones are warned of
	vcenter bool // only with that: longer ones are refused
}

// accounts reads a tenant's accounts.
func (l *loader) accounts(n node, rules passwordRules) []bmc.Account {
	var all []bmc.Account
	lines := map[string]int{}
	for _, one := range n.filled("nobody could log in; give at least one account") {
		a, at := l.account(one, rules)
		if first, taken := lines[a.Name]; taken && a.Name != "" {
			at.refuse("%q is taken already, in line %d; user names of a tenant are unique", a.Name, first)
		} else {
			lines[a.Name] = at.line
		}
		all = append(all, a)
	}
	return all
}

// account reads one account and returns it with the place of its name.
func (l *loader) account(n node, rules passwordRules) (bmc.Account, node) {
	s := n.section(append([]string{"username", "privilege"}, secretKeys...)...)
	a := bmc.Account{}
	user := s.get("username")
	if name, ok := user.needed("give the name to log in with"); ok {
		a.Name = name
		if why := badUser(name); why != "" {
			user.refuse("%s", why)
		}
	}
	if word, ok := s.get("privilege").needed("give callback, user, operator or administrator"); ok {
		p, err := ipmi.ParsePrivilege(word)
		if err != nil {
			s.get("privilege").refuse("%v", err)
		}
		a.Privilege = p
	}
	if at, get, ok := l.secret(s); ok {
		password, err := get()
		why := ""
		if err != nil {
			why = err.Error()
		} else {
			why = rules.refusal(password, a.Name)
		}
		if why != "" {
			at.refuse("%s", why)
		} else if long := tooLong15(password); rules.v15 && long != "" {
			at.warn("%s", long)
		}
		a.Password = bmc.Password(password)
	}
	return a, user
}

// PasswordRefusal says why a password cannot be that of an account, without telling
// it; empty: it can.
func PasswordRefusal(password, user string) string { return passwordRules{}.refusal(password, user) }

// refusal says why a password cannot be used, without telling it.
func (r passwordRules) refusal(password, user string) string {
	why := badPassword(password)
	if why == "" && r.vcenter {
		why = tooLong15(password)
	}
	if why == "" && !r.weak {
		why = weakness(password, user)
	}
	return why
}

func badUser(name string) string {
	if len(name) > maxUser {
		return fmt.Sprintf("%q has %d bytes; IPMI allows %d", name, len(name), maxUser)
	}
	if strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' }) {
		return fmt.Sprintf("%q has characters that are not printable ASCII", name)
	}
	return ""
}

// badPassword says why IPMI cannot carry a password, without telling it.
func badPassword(p string) string {
	if len(p) > maxPassword {
		return fmt.Sprintf("the password has %d bytes; IPMI 2.0 ends at %d", len(p), maxPassword)
	}
	if strings.ContainsFunc(p, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "the password has a line break or another control character in it"
	}
	return ""
}

// weakness says why a password is refused although IPMI could carry it.
func weakness(p, user string) string {
	const remedy = "choose another, or set allow_weak_passwords: true for a lab"
	switch {
	case slices.Contains([]string{"admin", "password"}, strings.ToLower(p)):
		return "the password is one that everybody tries first; " + remedy
	case strings.EqualFold(p, user):
		return "the password is the user name; " + remedy
	case len(p) < minPassword:
		return fmt.Sprintf("the password has %d bytes, fewer than %d; %s", len(p), minPassword, remedy)
	}
	return ""
}
