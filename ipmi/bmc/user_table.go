package bmc

import (
	"fmt"
	"slices"
)

// A userTable is the accounts by user ID. An account keeps its ID for as long as
// there is one of its name; what one leaves behind is free for the next that comes.
type userTable struct{ slots []Account } // one without a name is free

// lastID is small on purpose: ipmitool asks about every ID up to it.
func (t *userTable) lastID() uint8 { return uint8(firstUserID - 1 + len(t.slots)) }

// count is how many IDs have an account.
func (t *userTable) count() (n uint8) {
	for i := range t.slots {
		if t.slots[i].Name != "" {
			n++
		}
	}
	return n
}

// with returns a table of these accounts, in which those that were there before
// have their old IDs, and the names of the others that were there.
func (t *userTable) with(accounts []Account) (next userTable, changed map[string]bool) {
	changed = make(map[string]bool)
	next.slots = make([]Account, len(t.slots), max(len(t.slots), len(accounts)))
	var come []Account
	for i := range t.slots {
		if name := t.slots[i].Name; name != "" {
			changed[name] = true // until it is found again
		}
	}
	for _, a := range accounts {
		i := slices.IndexFunc(t.slots, func(s Account) bool { return s.Name == a.Name })
		if i < 0 {
			come = append(come, a)
			continue
		}
		changed[a.Name] = !same(t.slots[i], a)
		next.slots[i] = copied(a)
	}
	for _, a := range come {
		next.put(a)
	}
	for n := len(next.slots); n > 0 && next.slots[n-1].Name == ""; n-- {
		next.slots = next.slots[:n-1]
	}
	return next, changed
}

// put gives an account the lowest ID that is free.
func (t *userTable) put(a Account) {
	if i := slices.IndexFunc(t.slots, func(s Account) bool { return s.Name == "" }); i >= 0 {
		t.slots[i] = copied(a)
		return
	}
	t.slots = append(t.slots, copied(a))
}

func copied(a Account) Account {
	a.From = slices.Clone(a.From)
	return a
}

// same says whether nothing that sessions depend on differs.
func same(a, b Account) bool {
	return a.Password == b.Password && a.Privilege == b.Privilege && slices.Equal(a.From, b.From)
}

// SetAccounts replaces all accounts from this moment on. One that has not changed
// keeps its sessions and its user ID. Sessions, and set-ups of sessions, of an
// account that is gone, or whose password, privilege or sources have changed, end
// at once; closed is how many sessions that were. An error, which is as from New,
// changes nothing.
func (b *BMC) SetAccounts(accounts []Account) (closed int, err error) {
	if err := checkAccounts(accounts); err != nil {
		return 0, fmt.Errorf("bmc: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	var changed map[string]bool
	b.users, changed = b.users.with(accounts)
	b.fakes.resemble(accounts)
	b.handshakes.disown(changed)
	for _, s := range b.activeSessions() {
		if changed[s.who.name] {
			b.closeSession(s)
			closed++
		}
	}
	return closed, nil
}
