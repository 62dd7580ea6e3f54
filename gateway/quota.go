package gateway

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
)

// A quota is what is left of a tenant's shares of the gateway and of vCenter.
type quota struct {
	packets throttle // that its BMCs hear
	power   throttle // power actions

	mu       sync.Mutex
	accounts map[string]*throttle // packets of their sessions
}

// A throttle is a token bucket whose size may change with the configuration.
type throttle struct {
	mu      sync.Mutex
	of      int // what the bucket was made for; 0: there is none
	limiter *rate.Limiter
}

// take takes a token; false says that there is none, or none beyond those that are to
// be left. n may be had in each period, as many periods' worth at once as burst says.
// 0 is without a limit.
func (h *throttle) take(now time.Time, n int, period time.Duration, burst, leave int) bool {
	if n == 0 {
		return true
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.of != n {
		h.of, h.limiter = n, rate.NewLimiter(rate.Limit(float64(n)/period.Seconds()), n*burst)
	}
	if leave > 0 && h.limiter.TokensAt(now) < float64(leave+1) {
		return false
	}
	return h.limiter.AllowN(now, 1)
}

// hears says whether this BMC of the tenant is to hear one more packet. Who is less
// than others leaves them a part of what may be had at once, which is twice the rate:
//
//	a session of an account with less than its part of the rate   nothing
//	a login that has begun                                        a quarter
//	a stranger                                                    half
//	a session of an account that has had its part                 three quarters
//
// Configured accounts have equal parts of three quarters of the rate, and those for a time
// and of vCenters an eighth of it together, so that there is something left to
// log in with, and logins and strangers at one BMC have half of it. So whoever floods, from
// addresses that are made up or in sessions, ends nobody else's session and keeps nobody
// from logging in elsewhere.
func (t *tenant) hears(ep *endpoint, now time.Time, s bmc.Standing, account string) bool {
	c := t.config()
	n, leave := c.Quota.RequestsPerSecond, 0
	half := (n + 1) / 2
	switch {
	case n == 0:
		return true
	case s == bmc.Member:
		part, burst := max(n*3/4/max(len(c.Accounts), 1), 1), 1
		switch {
		case !slices.ContainsFunc(c.Accounts, func(a bmc.Account) bool { return a.Name == account }):
			account, part = "", max(n/8, 1)
		case len(c.Accounts) == 1:
			burst = 2 // as of the whole: there is nobody to leave it to
		}
		if !t.quota.account(account).take(now, part, time.Second, burst, 0) {
			leave = n + half
		}
	case s == bmc.Begun:
		leave = n / 2
		if !ep.strangers.take(now, half, time.Second, 1, 0) {
			return false
		}
	default:
		leave = n
		if !ep.strangers.take(now, half, time.Second, 1, half/2) {
			return false
		}
	}
	return t.quota.packets.take(now, n, time.Second, 2, leave)
}

// maxShares of accounts are remembered; accounts for a time come and go.
const maxShares = 256

// account returns what an account has left of its part.
func (q *quota) account(name string) *throttle {
	q.mu.Lock()
	defer q.mu.Unlock()
	h := q.accounts[name]
	if h == nil {
		if q.accounts == nil || len(q.accounts) >= maxShares {
			q.accounts = make(map[string]*throttle)
		}
		h = new(throttle)
		q.accounts[name] = h
	}
	return h
}

// A quotaError is a power action that is more than the tenant may have.
type quotaError struct{ perMinute int }

func (e quotaError) Error() string {
	return fmt.Sprintf("the tenant's quota of %d power operations a minute is used up", e.perMinute)
}

// Unwrap gives the code that clients repeat.
func (e quotaError) Unwrap() error { return ipmi.NodeBusy }

// powers takes a power action out of the tenant's quota.
func (t *tenant) powers() error {
	n := t.config().Quota.PowerOperationsPerMinute
	if !t.quota.power.take(time.Now(), n, time.Minute, 1, 0) {
		return quotaError{n}
	}
	return nil
}

// full returns why the tenant may have no further BMC, or nil.
func (t *tenant) full() error {
	most := t.config().Quota.BMCs
	t.mu.Lock()
	defer t.mu.Unlock()
	if most == 0 || len(t.endpoints) < most {
		return nil
	}
	return fmt.Errorf("the tenant has %d BMCs, which is its quota", len(t.endpoints))
}

// inTurn sorts VMs that are to get a BMC by who comes first when there is not room
// for all: those that had one before a restart, then those that wait for longest.
// It returns those there is room for.
func (t *tenant) inTurn(vms []inventory.VM) []inventory.VM {
	most := t.config().Quota.BMCs
	if most == 0 {
		return vms
	}
	had := make(map[inventory.Key]bool)
	for _, l := range t.lender.leased() {
		had[l.Key] = true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	since := make(map[inventory.Key]time.Time, len(t.waiting))
	for key, w := range t.waiting {
		since[key] = w.since
	}
	slices.SortStableFunc(vms, func(a, b inventory.VM) int {
		if had[a.Key] != had[b.Key] {
			return first(had[a.Key])
		}
		sa, sb := since[a.Key], since[b.Key]
		if sa.IsZero() != sb.IsZero() {
			return first(!sa.IsZero())
		}
		return sa.Compare(sb)
	})
	return vms[:min(max(most-len(t.endpoints), 0), len(vms))]
}

func first(yes bool) int {
	if yes {
		return -1
	}
	return 1
}
