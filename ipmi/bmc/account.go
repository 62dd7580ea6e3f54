package bmc

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"hash"
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
}

func checkAccounts(accounts []Account) error {
	if len(accounts) == 0 {
		return fmt.Errorf("no account")
	}
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
		}
		names[a.Name] = true
	}
	return nil
}

// trimName returns the name in a field that may be padded with zeros; one
// FreeIPMI mode pads also where there is a length.
func trimName(raw []byte) string { return string(bytes.TrimRight(raw, "\x00")) }

// identify finds the account with the name as the console sent it. A name nobody
// has, and one whose password is longer than the protocol can use, gets a
// password and a privilege that are made up, but always the same: it then
// behaves, to the last message and in the same time, like an account whose
// password the console does not know.
func (b *BMC) identify(raw []byte, maxPassword int) identity {
	var name [ipmi.MaxUserName]byte
	copy(name[:], raw)
	accounts := b.config.Accounts
	fake, level := b.fakes.of(name)
	found := identity{
		name:      trimName(raw),
		password:  fake[:maxPassword],
		privilege: accounts[int(level)%len(accounts)].Privilege,
	}
	for i, a := range accounts {
		var padded [ipmi.MaxUserName]byte
		copy(padded[:], a.Name)
		if subtle.ConstantTimeCompare(padded[:], name[:]) == 1 && len(a.Password) <= maxPassword {
			found.password = append(fake[:0], a.Password...) // in its place, so that both cost the same
			found.privilege = a.Privilege
			found.userID = uint8(firstUserID + i)
			found.real = true
		}
	}
	return found
}

// fakes make up what belongs to names that nobody has.
type fakes struct {
	passwords hash.Hash // keyed with a secret of this BMC's
	levels    hash.Hash // keyed with levelsKey
	name      [ipmi.MaxUserName]byte
	sum       [sha256.Size]byte
}

func newFakes(secret []byte, accounts []Account) fakes {
	return fakes{passwords: hmac.New(sha256.New, secret), levels: hmac.New(sha256.New, levelsKey(accounts))}
}

// of returns a password, which the caller may keep, and a number for the level.
func (f *fakes) of(name [ipmi.MaxUserName]byte) (password []byte, level uint8) {
	f.name = name
	password = keyed(f.passwords, f.name[:], make([]byte, 0, sha256.Size))
	return password, keyed(f.levels, f.name[:], f.sum[:0])[0]
}

// levelsKey is what privileges are made up with. It comes from the accounts,
// whose passwords make it a secret: BMCs that share accounts, and this one after
// a restart, must agree on the level of a name, or those that nobody has would
// be the ones whose level differs.
func levelsKey(accounts []Account) []byte {
	h := sha256.New()
	for _, a := range accounts {
		fmt.Fprintf(h, "%q %q %d\n", a.Name, string(a.Password), a.Privilege)
	}
	return h.Sum(nil)
}

func keyed(mac hash.Hash, text, dst []byte) []byte {
	mac.Reset()
	mac.Write(text)
	return mac.Sum(dst)
}
