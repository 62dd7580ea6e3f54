package bmc

import "sync"

// A SessionLimit bounds the active sessions of several BMCs that share their
// accounts. Its methods are called from many goroutines and must return at once.
type SessionLimit interface {
	// Acquire takes a place for a session of the account; false says that there
	// is none for it.
	Acquire(account string) bool
	// Release gives a place of the account back.
	Release(account string)
	// Move gives a place of one account to another one, which may be the same.
	Move(from, to string)
}

// A Quota is a SessionLimit that counts. Half of its places are kept for the
// accounts in equal parts, so that none of them, however many sessions it opens,
// locks out another, nor leaves it with a single one for all its BMCs.
type Quota struct {
	max int

	mu       sync.Mutex
	accounts int
	used     int
	held     map[string]int // places of each account that has one
}

// NewQuota returns a limit of so many sessions for so many accounts. An account's
// part is one place at least; where there are more accounts than half of the places,
// the first to come have the other half.
func NewQuota(sessions, accounts int) *Quota {
	return &Quota{max: sessions, accounts: accounts, held: make(map[string]int)}
}

// SetAccounts says how many accounts there are from now on.
func (q *Quota) SetAccounts(n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.accounts = n
}

// Acquire takes a place unless all are taken or kept for others.
func (q *Quota) Acquire(account string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.used+q.kept(account) >= q.max {
		return false
	}
	q.used++
	q.held[account]++
	return true
}

// kept is how many places the account must leave: none while it has less than its
// part, then what is missing of the others' parts.
func (q *Quota) kept(account string) int {
	part := max(q.max/2/max(q.accounts, 1), 1)
	if q.held[account] < part {
		return 0
	}
	kept := max(q.accounts-len(q.held), 0) * part
	for _, n := range q.held {
		kept += max(part-n, 0)
	}
	return min(kept, q.max/2)
}

// Release gives a place back.
func (q *Quota) Release(account string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.used--
	q.drop(account)
}

// Move gives a place to another account.
func (q *Quota) Move(from, to string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.drop(from)
	q.held[to]++
}

func (q *Quota) drop(account string) {
	if q.held[account]--; q.held[account] == 0 {
		delete(q.held, account)
	}
}

// Used returns how many places are taken.
func (q *Quota) Used() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.used
}

// A noLimit has a place for everybody.
type noLimit struct{}

func (noLimit) Acquire(string) bool { return true }
func (noLimit) Release(string)      {}
func (noLimit) Move(string, string) {}
