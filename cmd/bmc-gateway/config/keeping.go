package config

import (
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway"
	"github.com/bmc-gateway/bmc-gateway/gateway/address"
)

// keepingKeys say how a pool's addresses are kept on their interface.
var keepingKeys = []string{"lifetime", "conflict_check", "probe_time", "on_conflict", "stop"}

// keeping reads them. They mean nothing where the host has the addresses anyway,
// and most of them nothing for routes.
func keeping(s section, p *gateway.Pool) {
	if p.Existing {
		for _, key := range keepingKeys {
			if n := s.get(key); n.given() {
				n.refuse("says how addresses are kept, and with assign: existing none is")
			}
		}
		return
	}
	p.KeepAtStop = s.get("stop").choice("remove", "keep") == "keep"
	if p.Routed {
		for _, key := range keepingKeys {
			if n := s.get(key); n.given() && key != "stop" {
				n.refuse("is for addresses on the interface, and with assign: route none is there; a route has no lifetime, and nobody is asked")
			}
		}
		return
	}
	p.Policy.Lifetime = s.get("lifetime").duration(5*time.Minute, 0, 24*time.Hour)
	if l := p.Policy.Lifetime; l > 0 && l < 5*time.Second {
		s.get("lifetime").refuse("%s is too short to be refreshed in time; 5s is the least, 0 is for ever", l)
	}
	switch s.get("conflict_check").choice("probe", "watch", "none") {
	case "watch":
		p.Policy.Check = address.CheckWatch
	case "none":
		p.Policy.Check = address.CheckNone
	}
	p.Policy.ProbeTime = s.get("probe_time").duration(500*time.Millisecond, 200*time.Millisecond, 10*time.Second)
	p.Policy.GiveUp = s.get("on_conflict").choice("defend", "release") == "release"
	if p.KeepAtStop && p.Policy.Lifetime == 0 {
		s.get("stop").refuse("keep needs a lifetime: without one the addresses stay for ever")
	}
}
