package bmc

import (
	"crypto/sha256"
	"fmt"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// fakes make up what belongs to names that nobody has.
type fakes struct {
	secret     [sha256.Size]byte // of this BMC, for passwords
	levels     [sha256.Size]byte // see levelsKey
	privileges []ipmi.Privilege
}

// resemble makes the levels those of the accounts. Passwords stay as they are.
// A temporary account is no model: its BMC and those of its neighbours must go on
// to agree on the level of a name, and this one with itself before and after.
func (f *fakes) resemble(accounts []Account) {
	f.privileges = f.privileges[:0]
	var lasting []Account
	for _, a := range accounts {
		if !a.Temporary {
			lasting = append(lasting, a)
			f.privileges = append(f.privileges, a.Privilege)
		}
	}
	f.levels = levelsKey(lasting)
}

// of returns a password, which the caller may keep, and a level.
func (f *fakes) of(name [ipmi.MaxUserName]byte) (password []byte, level ipmi.Privilege) {
	n := keyed(f.levels, name)[0]
	made := keyed(f.secret, name)
	return made[:], f.privileges[int(n)%len(f.privileges)]
}

// levelsKey is what privileges are made up with. It comes from the accounts,
// whose passwords make it a secret: BMCs that share accounts, and this one after
// a restart, must agree on the level of a name, or those that nobody has would
// be the ones whose level differs.
func levelsKey(accounts []Account) (key [sha256.Size]byte) {
	h := sha256.New()
	for _, a := range accounts {
		fmt.Fprintf(h, "%q %q %d\n", a.Name, string(a.Password), a.Privilege)
	}
	h.Sum(key[:0])
	return key
}

// keyed is a code of the name that nobody can compute without the key. Both are of
// one length always, so a hash of one after the other is enough. Nothing of it is
// kept: an HMAC's two hashes would be a third of what an idle BMC needs.
func keyed(key [sha256.Size]byte, name [ipmi.MaxUserName]byte) [sha256.Size]byte {
	return sha256.Sum256(append(append(make([]byte, 0, len(key)+len(name)), key[:]...), name[:]...))
}
