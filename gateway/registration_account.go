package gateway

import (
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// registeredAs returns the accounts that a vCenter has or had of a BMC, the latest
// last.
func (t *tenant) registeredAs(vm inventory.Key, vcenter string) []store.Grant {
	return slices.DeleteFunc(t.grants.of(t.config().Name, vm), func(g store.Grant) bool {
		return temporary(g) || g.Registration.VCenter != vcenter
	})
}

// accountsAt returns the accounts that a vCenter has or had of all BMCs of the tenant,
// by BMC, the latest last, and which BMC each name is of.
func (t *tenant) accountsAt(vcenter string) (of map[inventory.Key][]store.Grant, by map[string]inventory.Key) {
	name := t.config().Name
	of, by = make(map[inventory.Key][]store.Grant), make(map[string]inventory.Key)
	for _, g := range t.grants.list(func(g store.Grant) bool {
		return g.Tenant == name && !temporary(g) && g.Registration.VCenter == vcenter
	}) {
		of[g.Key], by[g.User] = append(of[g.Key], g), g.Key
	}
	return of, by
}

// vcenterAccount returns the account of a BMC that a vCenter is to have. It is made
// when there is none, or when a fresh one is wanted; the one before holds until
// vCenter has taken the new one, for nobody can know earlier which of them it has.
func (t *tenant) vcenterAccount(vm inventory.VM, vcenter string, fresh bool) (store.Grant, error) {
	if all := t.registeredAs(vm.Key, vcenter); len(all) > 0 && !fresh {
		return all[len(all)-1], nil
	}
	one := store.Grant{
		ID: generate(nameLetters, 8), Tenant: t.config().Name, Key: vm.Key, VM: vm.Name,
		User: "vc-" + generate(nameLetters, 8), Password: store.Secret(generate(passwordLetters, passwordLength)),
		Privilege: ipmi.Operator.String(), Granted: time.Now(), Registration: &store.Registration{VCenter: vcenter},
	}
	if err := nameable(one.User, t.config().Accounts); err != nil {
		return store.Grant{}, err
	}
	err := t.grants.add(one, t.seat)
	if err != nil {
		return store.Grant{}, err
	}
	t.setAccounts(vm.Key)
	return one, nil
}

// seat says whether the BMC can have one more account.
func (t *tenant) seat(here []store.Grant) error {
	if len(t.config().Accounts)+len(here) >= maxAccounts {
		return errors.New("the BMC has as many accounts as it can; end some of them (access revoke)")
	}
	return nil
}

// keepAccount notes that a vCenter has taken an account, and ends the ones before.
func (t *tenant) keepAccount(g store.Grant) error {
	err := t.grants.note(g.ID, func(g *store.Grant) {
		g.Registration = &store.Registration{VCenter: g.Registration.VCenter, Told: time.Now()}
	})
	if err != nil {
		return err
	}
	return t.dropAccounts(g.Key, func(other store.Grant) bool { return other.ID != g.ID })
}

// dropAccounts ends those accounts of vCenters at a BMC, and their sessions.
func (t *tenant) dropAccounts(vm inventory.Key, which func(store.Grant) bool) error {
	var problems []error
	all := slices.DeleteFunc(t.grants.of(t.config().Name, vm), func(g store.Grant) bool { return temporary(g) || !which(g) })
	for _, g := range all {
		_, err := t.grants.take(g.ID)
		problems = append(problems, err)
	}
	if len(all) > 0 {
		t.setAccounts(vm)
	}
	return errors.Join(problems...)
}

// forgetRegistrations ends the accounts of vCenters at BMCs whose VM is gone for so
// long that it has no address any more. It returns the grants that are left.
func forgetRegistrations(st *store.Store, given []store.Grant, leases []address.Lease, log *slog.Logger) []store.Grant {
	leased := make(map[inventory.Key]bool, len(leases))
	for _, l := range leases {
		leased[l.Key] = true
	}
	var gone []string
	left := slices.DeleteFunc(given, func(g store.Grant) bool {
		if temporary(g) || leased[g.Key] {
			return false
		}
		gone = append(gone, g.ID)
		return true
	})
	if len(gone) == 0 {
		return left
	}
	if err := st.DeleteGrants(gone...); err != nil {
		log.Warn("accounts that nobody needs are still in the state file", "accounts", len(gone), "error", err)
	}
	return left
}
