package gateway

import (
	"fmt"
	"time"
)

const (
	registerFirst = 30 * time.Second // how long a host that vCenter refused waits, doubled each time
	registerLast  = 30 * time.Minute // the longest such wait
)

// backoffs are the hosts that a vCenter refused, or was told of just now, by vCenter and managed object id.
type backoffs map[string]backoff

// A backoff is how long a host waits.
type backoff struct {
	failures int
	until    time.Time
	about    string // what vCenter was told; something else is tried at once
	reason   string // what came of it
}

func (r registration) backoffKey() string { return r.host.VCenter + "/" + r.host.Ref }

// about is what vCenter would be told, and has.
func (r registration) about() string {
	login := ""
	if r.of.account != nil {
		login = r.of.account.User
	}
	return fmt.Sprint(r.of.bmc, login, r.host.BMC)
}

// holds returns the failure that keeps a host from being tried now.
func (b backoffs) holds(r registration, now time.Time) (backoff, bool) {
	one, ok := b[r.backoffKey()]
	return one, ok && now.Before(one.until) && one.about == r.about()
}

// failures is how often a host was refused with what it is to be told now.
func (b backoffs) failures(r registration) int {
	if one := b[r.backoffKey()]; one.about == r.about() {
		return one.failures
	}
	return 0
}

// failed notes one more failure of a host and returns it.
func (b backoffs) failed(r registration, reason string, now time.Time) backoff {
	one := b[r.backoffKey()]
	if one.about != r.about() {
		one = backoff{about: r.about()}
	}
	one.reason = reason
	one.until = now.Add(min(registerFirst<<min(one.failures, 10), registerLast))
	one.failures++
	b[r.backoffKey()] = one
	return one
}

// due reports whether a host has waited long enough.
func (b backoffs) due(now time.Time) bool {
	for _, one := range b {
		if !now.Before(one.until) {
			return true
		}
	}
	return false
}

// keep forgets all hosts but these.
func (b backoffs) keep(hosts map[string]bool) {
	for key := range b {
		if !hosts[key] {
			delete(b, key)
		}
	}
}
