package bmc

import (
	"crypto/subtle"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// shortPassword is the longest password that is kept as one of sixteen bytes
// (section 22.30).
const shortPassword = 16

// account returns the account with the user ID. User 1 is the null user, who is
// disabled and has no account, and so is every ID that an account has left.
func (b *BMC) account(userID uint8) (a Account, null bool, err error) {
	switch {
	case userID == 0 || userID > b.users.lastID():
		return Account{}, false, ipmi.InvalidField
	case userID < firstUserID:
		return Account{}, true, nil
	}
	a = b.users.slots[userID-firstUserID]
	return a, a.Name == "", nil
}

// userAccess is what Get User Access says of the user (section 22.27).
func (b *BMC) userAccess(userID uint8) (ipmi.UserAccess, error) {
	a, null, err := b.account(userID)
	if err != nil {
		return ipmi.UserAccess{}, err
	}
	access := ipmi.UserAccess{
		MaxUsers:     b.users.lastID(),
		EnabledUsers: b.users.count(),
		FixedNames:   b.users.lastID(), // all are the configuration's
		Limit:        ipmi.NoAccess,
	}
	if !null {
		access.Enabled, access.Messaging, access.Limit = true, true, a.Privilege
	}
	return access, nil
}

func getUserAccess(c *call, dst []byte) ([]byte, error) {
	r, err := ipmi.ParseUserRequest(c.data())
	if err != nil {
		return nil, err
	}
	if err := checkChannel(r.Channel); err != nil {
		return nil, err
	}
	access, err := c.b.userAccess(r.UserID)
	if err != nil {
		return nil, err
	}
	return ipmi.AppendUserAccess(dst, access), nil
}

func setUserAccess(c *call, dst []byte) ([]byte, error) {
	r, err := ipmi.ParseSetUserAccessRequest(c.data())
	if err != nil {
		return nil, err
	}
	if err := checkChannel(r.Channel); err != nil {
		return nil, err
	}
	now, err := c.b.userAccess(r.UserID)
	if err != nil {
		return nil, err
	}
	same := r.Limit == now.Limit && r.SessionLimit == 0
	if r.Change {
		same = same && r.CallbackOnly == now.CallbackOnly && r.LinkAuth == now.LinkAuth && r.Messaging == now.Messaging
	}
	return ownedByConfig(dst, same)
}

func getUserName(c *call, dst []byte) ([]byte, error) {
	userID, err := ipmi.ParseUserNameRequest(c.data())
	if err != nil {
		return nil, err
	}
	a, _, err := c.b.account(userID)
	if err != nil {
		return nil, err
	}
	return ipmi.AppendUserName(dst, a.Name), nil
}

func setUserName(c *call, dst []byte) ([]byte, error) {
	userID, name, err := ipmi.ParseSetUserNameRequest(c.data())
	if err != nil {
		return nil, err
	}
	a, null, err := c.b.account(userID)
	switch {
	case err != nil:
		return nil, err
	case null:
		return nil, ipmi.InvalidField // the null user's name is fixed by the specification
	}
	return ownedByConfig(dst, string(name) == a.Name)
}

// setUserPassword tests a password and changes none. A wrong one is a guess as in a
// login, so that an account's own does not help to find out another's.
func setUserPassword(c *call, dst []byte) ([]byte, error) {
	r, err := ipmi.ParseSetPasswordRequest(c.data())
	if err != nil {
		return nil, err
	}
	a, null, err := c.b.account(r.UserID)
	if err != nil {
		return nil, err
	}
	switch r.Operation {
	case ipmi.PasswordEnableUser:
		return ownedByConfig(dst, !null)
	case ipmi.PasswordDisableUser:
		return ownedByConfig(dst, null)
	case ipmi.PasswordSet:
		return nil, ipmi.NotInPresentState
	}
	g := newGuesser(c.from, a.Name)
	switch {
	case r.Long != (len(a.Password) > shortPassword):
		return nil, ipmi.PasswordWrongSize
	case null:
		return nil, ipmi.PasswordWrong
	case c.b.backoff.waits(c.now, g):
		return nil, ipmi.NodeBusy
	case !samePassword(r.Password, a.Password):
		c.b.backoff.failed(c.now, g)
		return nil, ipmi.PasswordWrong
	}
	return dst, nil
}

// samePassword takes the same time for every password.
func samePassword(padded []byte, p Password) bool {
	var given, known [ipmi.MaxPassword]byte
	copy(given[:], padded)
	copy(known[:], p)
	return subtle.ConstantTimeCompare(given[:], known[:]) == 1
}
