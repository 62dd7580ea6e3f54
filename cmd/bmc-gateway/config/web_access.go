package config

import (
	"slices"
	"strings"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/login"
	"github.com/bmc-gateway/bmc-gateway/gateway"
)

// A webUser is somebody who is named as a user of the HTTP server, and where.
type webUser struct {
	name string
	at   node
}

// webUsers reads the names of users of the HTTP server, who see what these are for.
func (l *loader) webUsers(n node) (names []string) {
	if n.given() && empty(n) {
		n.refuse("is empty; name users of http.web_config_file, or remove the key")
	}
	values, places := n.texts()
	for i, v := range values {
		switch {
		case v == "" || strings.Contains(v, ":"):
			places[i].refuse("%q cannot be a user's name; basic authentication allows no colon", v)
		case slices.Contains(names, v):
			places[i].refuse("%q is named twice", v)
		default:
			names = append(names, v)
			l.named = append(l.named, webUser{v, places[i]})
		}
	}
	return names
}

// webAccess checks who was named, all tenants after http.admins: whoever is not there
// would see nothing, so a mistake must not pass for a decision.
func (l *loader) webAccess(cfg gateway.Config) {
	if len(l.named) == 0 {
		return
	}
	first := l.named[0].at
	if len(cfg.HTTPAdmins) == 0 && !l.http.get("admins").given() {
		first.refuse("needs http.admins beside it; name there who sees everything, because nobody else does then")
	}
	if cfg.HTTPWebConfig == "" {
		first.refuse("needs http.web_config_file, where the users and their passwords are")
		return
	}
	if absolute(cfg.HTTPWebConfig) != nil {
		return // which has been said
	}
	users, err := login.Read(cfg.HTTPWebConfig)
	if err != nil {
		first.refuse("cannot be checked: %v", err)
		return
	}
	for _, u := range l.named {
		if _, ok := users[u.name]; !ok {
			u.at.refuse("%q is no user of %s; add it to basic_auth_users there", u.name, cfg.HTTPWebConfig)
		} else if slices.Contains(cfg.HTTPAdmins, u.name) && strings.HasPrefix(u.at.key, "tenants[") {
			u.at.warn("%q is one of http.admins, too, and sees everything", u.name)
		}
	}
}
