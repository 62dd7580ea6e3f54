package bmc

import (
	"testing"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
)

// root is an administrator whose password IPMI 1.5 can use.
var root = Account{Name: "root", Password: "Sixteen-byte-pw!", Privilege: ipmi.Administrator}

// bothVersions lets consoles log in with IPMI 1.5, too.
func bothVersions(c *Config) {
	c.V15 = V15MD5AndPassword
	c.Accounts = append(c.Accounts, root)
}

// A version is a way to log in. What a session does must not depend on it.
type version struct {
	name  string
	enter func(t *testing.T, c *remote.Console, a Account, stay bool) (*remote.Session, error)
}

func versions() []version {
	all := []version{version15("IPMI 1.5 with MD5", ipmi.AuthMD5), version15("IPMI 1.5 with the password", ipmi.AuthPassword)}
	for _, id := range []ipmi.CipherSuiteID{3, 17} {
		all = append(all, version20(id))
	}
	return all
}

func version20(id ipmi.CipherSuiteID) version {
	name := map[ipmi.CipherSuiteID]string{3: "IPMI 2.0 with suite 3", 17: "IPMI 2.0 with suite 17"}[id]
	return version{name, func(t *testing.T, c *remote.Console, a Account, stay bool) (*remote.Session, error) {
		l := loginAs(t, a)
		l.Suite, l.StayAtUser = suite(t, id), stay
		return c.Login(t.Context(), l)
	}}
}

func version15(name string, auth ipmi.AuthType) version {
	return version{name, func(t *testing.T, c *remote.Console, a Account, stay bool) (*remote.Session, error) {
		l := login15(a)
		l.Auth, l.StayAtUser = auth, stay
		return c.Login15(t.Context(), l)
	}}
}

// login logs in at the account's own level.
func (v version) login(t *testing.T, c *remote.Console, a Account) *remote.Session {
	t.Helper()
	s, err := v.enter(t, c, a, false)
	if err != nil {
		t.Fatalf("login as %s: %v", a.Name, err)
	}
	return s
}

func login15(a Account) remote.Login15 {
	return remote.Login15{Auth: ipmi.AuthMD5, User: a.Name, Password: string(a.Password), Privilege: a.Privilege}
}

// forEachVersion runs a test once for each way to log in.
func forEachVersion(t *testing.T, test func(t *testing.T, v version)) {
	for _, v := range versions() {
		t.Run(v.name, func(t *testing.T) { test(t, v) })
	}
}
