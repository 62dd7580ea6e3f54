package bmc

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"hash"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// fakes make up what belongs to names that nobody has.
type fakes struct {
	passwords  hash.Hash // keyed with a secret of this BMC's
	levels     hash.Hash // keyed with levelsKey
	privileges []ipmi.Privilege
	name       [ipmi.MaxUserName]byte
	sum        [sha256.Size]byte
}

func newFakes(secret []byte, accounts []Account) fakes {
	f := fakes{passwords: hmac.New(sha256.New, secret)}
	f.resemble(accounts)
	return f
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
	f.levels = hmac.New(sha256.New, levelsKey(lasting))
}

// of returns a password, which the caller may keep, and a level.
func (f *fakes) of(name [ipmi.MaxUserName]byte) (password []byte, level ipmi.Privilege) {
	f.name = name
	password = keyed(f.passwords, f.name[:], make([]byte, 0, sha256.Size))
	n := keyed(f.levels, f.name[:], f.sum[:0])[0]
	return password, f.privileges[int(n)%len(f.privileges)]
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
