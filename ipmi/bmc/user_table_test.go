package bmc

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
)

var guest = Account{Name: "guest", Password: "Guest-Passw0rd", Privilege: ipmi.Operator, Temporary: true}

// setAccounts replaces the accounts and returns how many sessions that ended.
func (r *rig) setAccounts(t *testing.T, accounts ...Account) int {
	t.Helper()
	closed, err := r.bmc.SetAccounts(accounts)
	if err != nil {
		t.Fatal(err)
	}
	return closed
}

// accountsOf returns whose sessions there are, oldest first.
func (r *rig) accountsOf() (names []string) {
	for _, s := range r.bmc.Sessions() {
		names = append(names, s.Account)
	}
	return names
}

// TestSetAccounts: what becomes of the sessions that admin and oper have.
func TestSetAccounts(t *testing.T) {
	with := func(a Account, change func(*Account)) Account { change(&a); return a }
	tests := []struct {
		name string
		to   []Account
		left []string
	}{
		{"the same", []Account{admin, operator, user, callback}, []string{"admin", "oper"}},
		{"in another order", []Account{callback, operator, admin}, []string{"admin", "oper"}},
		{"one more", []Account{admin, operator, user, callback, guest}, []string{"admin", "oper"}},
		{"one gone", []Account{admin, user, callback}, []string{"admin"}},
		{"another password", []Account{with(admin, func(a *Account) { a.Password = "another" }), operator}, []string{"oper"}},
		{"another privilege", []Account{admin, with(operator, func(a *Account) { a.Privilege = ipmi.User })}, []string{"admin"}},
		{"other sources", []Account{with(admin, func(a *Account) { a.From = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")} }), operator}, []string{"oper"}},
		{"all gone", []Account{user}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			forEachVersion(t, func(t *testing.T, v version) {
				synctest.Test(t, func(t *testing.T) {
					quota := NewQuota(100, 4)
					r := serve(t, func(c *Config) { bothVersions(c); c.Limit = quota })
					sixteen := with(admin, func(a *Account) { a.Password = "Sixteen-byte-pw!" })
					r.setAccounts(t, sixteen, operator, user, callback)
					to := slices.Clone(tt.to)
					for i := range to {
						if to[i].Password == admin.Password {
							to[i].Password = sixteen.Password
						}
					}
					sessions := map[string]*remote.Session{}
					for _, a := range []Account{sixteen, operator} {
						s, err := v.enter(t, r.console(t), a, false)
						if err != nil {
							t.Fatal(err)
						}
						sessions[a.Name] = s
						time.Sleep(time.Second)
					}
					if closed := r.setAccounts(t, to...); closed != 2-len(tt.left) {
						t.Errorf("%d sessions were closed, want %d", closed, 2-len(tt.left))
					}
					if diff := cmp.Diff(tt.left, r.accountsOf()); diff != "" {
						t.Errorf("sessions (-want +got):\n%s", diff)
					}
					for _, name := range tt.left {
						command(t, sessions[name], ipmi.NetFnApp, cmdDeviceID, nil, ipmi.Completed)
					}
					if quota.Used() != len(tt.left) {
						t.Errorf("%d places are taken in the limit, want %d", quota.Used(), len(tt.left))
					}
				})
			})
		})
	}
}

func TestSetAccountsRefused(t *testing.T) {
	r := newBMC(t, nil)
	var many []Account
	for i := range maxAccounts + 1 {
		many = append(many, Account{Name: fmt.Sprintf("u%d", i), Password: "x", Privilege: ipmi.User})
	}
	badSource := admin
	badSource.From = []netip.Prefix{{}}
	tests := []struct {
		name     string
		accounts []Account
		want     string
	}{
		{"none", nil, "bmc: no account"},
		{"too many", many, "bmc: 62 accounts, more than 61"},
		{"temporary ones alone", []Account{guest}, "bmc: all accounts are temporary"},
		{"one name twice", []Account{admin, admin}, `bmc: account "admin": more than one has this name`},
		{"a source that is none", []Account{badSource}, `bmc: account "admin": a source is not a prefix`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := r.bmc.SetAccounts(tt.accounts); err == nil || err.Error() != tt.want {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if got := r.bmc.users.count(); got != 4 {
				t.Errorf("%d accounts are left, want the 4 from before", got)
			}
		})
	}
}

// TestUserIDsStay while there is an account of the name, whatever comes and goes.
func TestUserIDsStay(t *testing.T) {
	r := newBMC(t, nil)
	late := Account{Name: "late", Password: "x", Privilege: ipmi.User}
	steps := []struct {
		accounts []Account
		want     []string // names from user ID 2 on
	}{
		{[]Account{admin, operator, user, callback, guest}, []string{"admin", "oper", "user", "callback", "guest"}},
		{[]Account{admin, user, callback, guest}, []string{"admin", "", "user", "callback", "guest"}},
		{[]Account{late, guest, callback, user, admin}, []string{"admin", "late", "user", "callback", "guest"}},
		{[]Account{admin, callback}, []string{"admin", "", "", "callback"}},
		{[]Account{admin}, []string{"admin"}},
	}
	for i, step := range steps {
		r.setAccounts(t, step.accounts...)
		var got []string
		for id := uint8(firstUserID); id <= r.bmc.users.lastID(); id++ {
			a, null, err := r.bmc.account(id)
			if err != nil || null != (a.Name == "") {
				t.Errorf("step %d, user %d: %q, null %v, %v", i, id, a.Name, null, err)
			}
			got = append(got, a.Name)
		}
		if diff := cmp.Diff(step.want, got); diff != "" {
			t.Errorf("step %d (-want +got):\n%s", i, diff)
		}
		access, err := r.bmc.userAccess(firstUserID)
		if err != nil || int(access.EnabledUsers) != len(step.accounts) || int(access.MaxUsers) != len(step.want)+1 {
			t.Errorf("step %d: access %+v, %v", i, access, err)
		}
	}
}

// TestAccountFrom: from elsewhere the account is a name that nobody has, in its
// set-up and afterwards.
func TestAccountFrom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		inside := r.console(t) // 192.0.2.11
		outside := r.console(t)
		limited := guest
		limited.From = []netip.Prefix{netip.MustParsePrefix("192.0.2.11/32")}
		r.setAccounts(t, admin, limited)
		s := login(t, inside, limited)
		command(t, s, ipmi.NetFnApp, cmdDeviceID, nil, ipmi.Completed)

		if _, err := outside.Login(t.Context(), loginAs(t, limited)); err == nil {
			t.Error("login from elsewhere succeeded")
		}
		nobody := limited
		nobody.Name = "nobody"
		if _, err := outside.Login(t.Context(), loginAs(t, nobody)); err == nil {
			t.Error("login of nobody succeeded")
		}
		login(t, outside, admin)

		// A packet of the session, brought by somebody else.
		before := len(r.drops())
		if err := outside.Send(s.Request(ipmi.NetFnApp, cmdDeviceID, nil)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := r.drops()[before:]; !slices.Equal(got, []DropReason{DropNotAllowed}) {
			t.Errorf("the session's packet from elsewhere: %v, want %v", got, DropNotAllowed)
		}
	})
}

func (r *rig) drops() (all []DropReason) {
	r.journal.read(func(j *journal) { all = slices.Clone(j.drops) })
	return all
}

// TestAccountFromElsewhereIsNobody compares what a console is told of an account
// that may not be used from there with what it is told before there is one.
func TestAccountFromElsewhereIsNobody(t *testing.T) {
	b := newBMC(t, nil).bmc
	name := []byte(guest.Name)
	before := b.identify(bmcAddr, name, ipmi.MaxPassword)
	limited := guest
	limited.From = []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}
	if _, err := b.SetAccounts([]Account{admin, operator, user, callback, limited}); err != nil {
		t.Fatal(err)
	}
	after := b.identify(bmcAddr, name, ipmi.MaxPassword)
	if diff := cmp.Diff(before, after, cmp.AllowUnexported(identity{})); diff != "" {
		t.Errorf("before and after (-before +after):\n%s", diff)
	}
	for i := range 64 {
		name := []byte("nobody" + string(rune('A'+i)))
		if a, o := b.identify(bmcAddr, name, ipmi.MaxPassword), newBMC(t, nil).bmc.identify(bmcAddr, name, ipmi.MaxPassword); a.privilege != o.privilege {
			t.Errorf("%s: level %v where there is a temporary account, %v elsewhere", name, a.privilege, o.privilege)
		}
	}
}

// TestAccountGoneDuringSetUp: a console that has RAKP message 2 in hand learns no
// more than that its password is wrong.
func TestAccountGoneDuringSetUp(t *testing.T) {
	r := newBMC(t, nil)
	a := newAttempt(t, r.bmc, operator)
	a.open()
	if got := a.rakp1().Status; got != ipmi.StatusOK {
		t.Fatalf("RAKP message 1: %v", got)
	}
	stays := newAttempt(t, r.bmc, admin)
	stays.open()
	stays.rakp1()
	r.setAccounts(t, admin)
	if got := a.rakp3().Status; got != ipmi.StatusInvalidICV {
		t.Errorf("RAKP message 3: %v, want %v", got, ipmi.StatusInvalidICV)
	}
	if got := stays.rakp3().Status; got != ipmi.StatusOK {
		t.Errorf("RAKP message 3 of another account: %v, want %v", got, ipmi.StatusOK)
	}
	if n := len(r.bmc.Sessions()); n != 1 {
		t.Errorf("%d sessions, want that of the account that stays", n)
	}
}

// TestAccountGoneDuringSetUp15: the same of a console that has a challenge in hand.
func TestAccountGoneDuringSetUp15(t *testing.T) {
	r := newBMC(t, bothVersions)
	gone, stays := newActivation15(t, r, operator), newActivation15(t, r, root)
	r.setAccounts(t, root)
	if _, got := gone.send(gone.session.ActivationRequest(gone.login, gone.challenge)); got != DropBadIntegrity {
		t.Errorf("Activate Session: %v, want %v", got, DropBadIntegrity)
	}
	stays.activate()
	if all := r.bmc.Sessions(); len(all) != 1 || all[0].Account != root.Name {
		t.Errorf("sessions %+v, want that of the account that stays", all)
	}
}
