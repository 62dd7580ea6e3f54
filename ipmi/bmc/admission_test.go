package bmc

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
)

// TestWhoMakesRoom in a BMC whose places are all taken.
func TestWhoMakesRoom(t *testing.T) {
	accounts := map[string]Account{"a": admin, "o": operator, "u": user}
	tests := []struct {
		name    string
		open    string        // whose sessions there are, a second between them
		silent  time.Duration // since the last of them was opened
		comes   string
		refused bool
		left    string // whose sessions there are then, oldest first
	}{
		{"own one that is silent", "aoa", 8 * time.Second, "a", false, "oaa"},
		{"none: own ones are busy", "aaa", 7 * time.Second, "a", true, "aaa"},
		{"who has none against who has several", "aaa", time.Second, "o", false, "aao"},
		{"of those who have most", "oaa", time.Second, "u", false, "oau"},
		{"not of who has as many", "aao", 0, "a", true, "aao"},
		{"not of who has as many, silent or not", "oa", 9 * time.Second, "a", true, "oa"},
		{"who has some against busy ones", "aao", 0, "o", true, "aao"},
		{"who has some against silent ones", "aao", 9 * time.Second, "o", false, "aoo"},
		{"nobody's only one while it is busy", "ao", 0, "u", true, "ao"},
		{"the one that is silent for longest", "ao", 9 * time.Second, "u", false, "ou"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				quota := NewQuota(100, 4)
				r := serve(t, func(c *Config) { c.MaxSessions, c.Limit = len(tt.open), quota })
				for i, letter := range strings.Split(tt.open, "") {
					if i > 0 {
						time.Sleep(time.Second)
					}
					login(t, r.console(t), accounts[letter])
				}
				time.Sleep(tt.silent)
				_, err := r.console(t).Login(t.Context(), loginAs(t, accounts[tt.comes]))
				var status *remote.StatusError
				if tt.refused != (errors.As(err, &status) && status.Status == ipmi.StatusNoResources) || !tt.refused && err != nil {
					t.Errorf("%s comes: %v, want refused %v", tt.comes, err, tt.refused)
				}
				var left string
				for _, s := range r.bmc.Sessions() {
					left += s.Account[:1]
				}
				if left != tt.left {
					t.Errorf("left are the sessions of %q, want %q", left, tt.left)
				}
				if quota.Used() != len(tt.left) {
					t.Errorf("%d places are taken in the limit, want %d", quota.Used(), len(tt.left))
				}
			})
		})
	}
}

// TestNoAccountLocksOutAnother: one that opens sessions without an end, and uses
// them all, costs another one neither its login nor its session.
func TestNoAccountLocksOutAnother(t *testing.T) {
	forEachVersion(t, func(t *testing.T, v version) {
		synctest.Test(t, func(t *testing.T) {
			r := serve(t, bothVersions)
			flood := r.console(t)
			var s *remote.Session
			for i := range 100 {
				one, err := v.enter(t, flood, root, false)
				if err == nil {
					command(t, one, ipmi.NetFnApp, cmdDeviceID, nil, ipmi.Completed)
				}
				if i == defaultMaxSessions {
					s = v.login(t, r.console(t), operator)
				}
				time.Sleep(time.Second / 2)
			}
			command(t, s, ipmi.NetFnApp, cmdDeviceID, nil, ipmi.Completed)
			if n := len(r.bmc.Sessions()); n != defaultMaxSessions {
				t.Errorf("%d sessions, want %d", n, defaultMaxSessions)
			}
		})
	})
}

// TestReplacedSessionIsSilent, and its successor is not.
func TestReplacedSessionIsSilent(t *testing.T) {
	forEachVersion(t, func(t *testing.T, v version) {
		synctest.Test(t, func(t *testing.T) {
			r := serve(t, func(c *Config) { bothVersions(c); c.MaxSessions = 2 })
			c := r.console(t)
			first := v.login(t, c, root)
			second := v.login(t, c, root)
			time.Sleep(replaceIdle - time.Second)
			if _, err := v.enter(t, c, root, false); err == nil {
				t.Error("there was room before a session was idle for long enough")
			}
			command(t, second, ipmi.NetFnApp, cmdDeviceID, nil, ipmi.Completed)
			time.Sleep(time.Second)
			v.login(t, c, root)
			c.Tries = 1
			if _, err := first.Command(t.Context(), ipmi.NetFnApp, cmdDeviceID, nil); !errors.Is(err, remote.ErrNoAnswer) {
				t.Errorf("the idle one: %v, want silence", err)
			}
			command(t, second, ipmi.NetFnApp, cmdDeviceID, nil, ipmi.Completed)
		})
	})
}

func TestQuotaKeepsPlaces(t *testing.T) {
	tests := []struct {
		name          string
		max, accounts int
		asks          string // one letter an account; a capital gives a place back
		got           string
	}{
		{"one account takes all", 3, 1, "aaaa", "aaa"},
		{"one place is kept for the other", 4, 2, "aaaab", "aaab"},
		{"and for each of the others", 6, 3, "aaaaabbc", "aaaabc"},
		{"places that were given back", 4, 2, "aaabBaAAbb", "aaabbb"},
		{"half at most is kept", 4, 10, "aaabc", "aabc"},
		{"a part of several places", 8, 2, "aaaaaaabbb", "aaaaaabb"},
		{"a part that is used up keeps nothing more", 12, 3, "aaaaaaaaabbbccc", "aaaaaaaabbcc"},
		{"who has some of its part finds the rest", 8, 2, "baaaaaaabb", "baaaaaab"},
		{"who has more than its part leaves the others theirs", 8, 2, "bbbaaaaab", "bbbaaaaa"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q := NewQuota(tt.max, tt.accounts)
			var got []string
			for _, letter := range strings.Split(tt.asks, "") {
				if account := strings.ToLower(letter); account != letter {
					q.Release(account)
				} else if q.Acquire(account) {
					got = append(got, account)
				}
			}
			if diff := cmp.Diff(tt.got, strings.Join(got, "")); diff != "" {
				t.Errorf("who got a place (-want +got):\n%s", diff)
			}
		})
	}
	q := NewQuota(2, 2)
	q.Acquire("a")
	q.Move("a", "b")
	if q.Used() != 1 || q.Acquire("b") || !q.Acquire("a") {
		t.Error("a place that was moved does not count for its new account, or still for the old one")
	}
}
