package bmc

import (
	"bytes"
	"crypto/subtle"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// firstUserID is the user ID of the first account: user 1 is the fixed null
// user (section 22.28), which has no access here.
const firstUserID = 2

// An identity is what RAKP message 1 or Get Session Challenge is answered with: an account, or one
// that was made up because nobody must learn which names exist.
type identity struct {
	name      string
	password  []byte
	privilege ipmi.Privilege
	userID    uint8
	real      bool
	from      []netip.Prefix // of the account; empty: all
}

// permits says whether the account may be used from this address.
func (i *identity) permits(from netip.AddrPort) bool { return within(i.from, from) }

func checkAccounts(accounts []Account) error {
	switch {
	case len(accounts) == 0:
		return fmt.Errorf("no account")
	case len(accounts) > maxAccounts:
		return fmt.Errorf("%d accounts, more than %d", len(accounts), maxAccounts)
	}
	lasting := false
	names := make(map[string]bool, len(accounts))
	for _, a := range accounts {
		switch {
		case a.Name == "" || len(a.Name) > ipmi.MaxUserName || strings.ContainsRune(a.Name, 0):
			return fmt.Errorf("account %q: a name has 1 to %d bytes, none of them zero", a.Name, ipmi.MaxUserName)
		case a.Password == "" || len(a.Password) > ipmi.MaxPassword:
			return fmt.Errorf("account %q: a password has 1 to %d bytes", a.Name, ipmi.MaxPassword)
		case a.Privilege < ipmi.Callback || a.Privilege > ipmi.Administrator:
			return fmt.Errorf("account %q: privilege %v is not one of callback to administrator", a.Name, a.Privilege)
		case names[a.Name]:
			return fmt.Errorf("account %q: more than one has this name", a.Name)
		case slices.ContainsFunc(a.From, func(p netip.Prefix) bool { return !p.IsValid() }):
			return fmt.Errorf("account %q: a source is not a prefix", a.Name)
		}
		names[a.Name] = true
		lasting = lasting || !a.Temporary
	}
	if !lasting {
		return fmt.Errorf("all accounts are temporary")
	}
	return nil
}

// trimName returns the name in a field that may be padded with zeros; one
// FreeIPMI mode pads also where there is a length.
func trimName(raw []byte) string { return string(bytes.TrimRight(raw, "\x00")) }

// identify finds the account with the name as the console sent it. A name nobody
// has, one that may not be used from there, and one whose password is longer than
// the protocol can use, gets a password and a privilege that are made up, but
// always the same: it then behaves, to the last message and in the same time, like
// an account whose password the console does not know.
func (b *BMC) identify(from netip.AddrPort, raw []byte, maxPassword int) identity {
	var name [ipmi.MaxUserName]byte
	copy(name[:], raw)
	fake, level := b.fakes.of(name)
	found := identity{name: trimName(raw), password: fake[:maxPassword], privilege: level}
	for i := range b.users.slots {
		u := &b.users.slots[i]
		permitted := within(u.From, from) // asked of each, so that it takes as long for every name
		var padded [ipmi.MaxUserName]byte
		copy(padded[:], u.Name)
		if subtle.ConstantTimeCompare(padded[:], name[:]) == 1 && u.Name != "" && permitted && len(u.Password) <= maxPassword {
			found.password = append(fake[:0], u.Password...) // in its place, so that both cost the same
			found.privilege = u.Privilege
			found.userID = uint8(firstUserID + i)
			found.from = u.From
			found.real = true
		}
	}
	return found
}

// within says whether the source is in one of the networks; in none of them is
// everybody.
func within(networks []netip.Prefix, from netip.AddrPort) bool {
	if len(networks) == 0 {
		return true
	}
	addr := from.Addr().Unmap().WithZone("")
	in := false
	for _, p := range networks {
		in = p.Contains(addr) || in
	}
	return in
}
