package gateway

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
)

const (
	// maxSources is how many networks a grant may name.
	maxSources = 16
	// maxAccounts is how many accounts a BMC may have, grants among them.
	maxAccounts = 61
)

// Grants returns the accounts that BMCs have for a time, sorted by tenant and VM,
// without their passwords.
func (g *Gateway) Grants() []admin.Grant {
	var out []admin.Grant
	for _, t := range g.served() {
		name := t.config().Name
		for _, one := range t.grants.list(func(one store.Grant) bool { return one.Tenant == name && temporary(one) }) {
			out = append(out, t.told(one))
		}
	}
	slices.SortStableFunc(out, func(a, b admin.Grant) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.VM, b.VM))
	})
	return out
}

// granted counts the tenant's grants.
func (t *tenant) granted() int {
	name := t.config().Name
	return len(t.grants.list(func(one store.Grant) bool { return one.Tenant == name && temporary(one) }))
}

// told is a grant as an operator sees it.
func (t *tenant) told(g store.Grant) admin.Grant {
	out := admin.Grant{
		ID: g.ID, Tenant: g.Tenant, VM: g.VM, InstanceUUID: g.Key.VM, User: g.User, Privilege: g.Privilege,
		From: g.From, Granted: g.Granted.UTC(), Until: g.Until.UTC(), Port: t.config().IPMI.Port,
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if ep := t.endpoints[g.Key]; ep != nil {
		out.Address = ep.lease.Address
	}
	return out
}

// GrantAccess makes an account of one BMC for a time. It is on the disk, and the BMC
// knows it, when it returns. This is the only time that the password is told.
func (g *Gateway) GrantAccess(r admin.GrantRequest, by admin.Caller) (admin.Grant, error) {
	t, err := g.tenant(r.Tenant)
	if err != nil {
		return admin.Grant{}, err
	}
	vm, err := t.find(r.Target)
	if err != nil {
		t.operator(by, r.Target, "", "access grant", err)
		return admin.Grant{}, err
	}
	one, err := t.grant(vm, r, time.Now())
	t.operator(by, vm.Name, vm.Key.VM, "access grant "+describe(one), err)
	if err != nil {
		return admin.Grant{}, fmt.Errorf("%w: %w", admin.ErrRefused, err)
	}
	out := t.told(one)
	out.Password = admin.Secret(one.Password)
	return out, nil
}

// describe is a grant in the log.
func describe(g store.Grant) string {
	from := make([]string, len(g.From))
	for i, p := range g.From {
		from[i] = p.String()
	}
	return fmt.Sprintf("%s to %s as %s from %s until %s", g.ID, g.User, g.Privilege, cmp.Or(strings.Join(from, ","), "anywhere"), g.Until.UTC().Format(time.RFC3339))
}

// grant makes an account as asked for.
func (t *tenant) grant(vm inventory.VM, r admin.GrantRequest, now time.Time) (store.Grant, error) {
	one := store.Grant{
		ID: generate(nameLetters, 8), Tenant: t.config().Name, Key: vm.Key, VM: vm.Name,
		User: r.User, Password: store.Secret(generate(passwordLetters, passwordLength)),
		Privilege: r.Privilege, From: r.From, Granted: now, Until: now.Add(time.Duration(r.Seconds) * time.Second),
	}
	if one.User == "" {
		one.User = "tmp-" + generate(nameLetters, 8)
	}
	problem := errors.Join(
		t.grantable(r),
		t.sourcesAllowed(one.From),
		nameable(one.User, t.config().Accounts),
	)
	if problem != nil {
		return one, problem
	}
	err := t.grants.add(one, func(others []store.Grant) error { return t.room(one, others) })
	if err == nil {
		t.setAccounts(vm.Key)
	}
	return one, err
}

// grantable says what the configuration has against the time and the privilege.
func (t *tenant) grantable(r admin.GrantRequest) error {
	limits := t.config().Access
	ttl := time.Duration(r.Seconds) * time.Second
	p, err := ipmi.ParsePrivilege(r.Privilege)
	switch {
	case err != nil:
		return err
	case p > limits.MaxPrivilege:
		return fmt.Errorf("privilege %s is more than %s (access.max_privilege)", p, limits.MaxPrivilege)
	case r.Seconds < 1 || r.Seconds > int64(limits.MaxTTL/time.Second):
		return fmt.Errorf("%s is not from 1s to %s (access.max_ttl)", ttl, limits.MaxTTL)
	}
	return nil
}

// sourcesAllowed says which network would earn no answer all the same.
func (t *tenant) sourcesAllowed(from []netip.Prefix) error {
	if len(from) > maxSources {
		return fmt.Errorf("%d networks are more than %d", len(from), maxSources)
	}
	allowed := t.config().AllowFrom
	for _, p := range from {
		if !p.IsValid() {
			return errors.New("a network is none")
		}
		if len(allowed) > 0 && !slices.ContainsFunc(allowed, p.Overlaps) {
			return fmt.Errorf("%s is not in allow_from of tenant %q: nothing there is answered", p, t.config().Name)
		}
	}
	return nil
}

// nameable says why an account for a time cannot have the name.
func nameable(name string, accounts []bmc.Account) error {
	switch {
	case len(name) > ipmi.MaxUserName:
		return fmt.Errorf("user name %q has more than %d bytes", name, ipmi.MaxUserName)
	case strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' }):
		return fmt.Errorf("user name %q has characters that are not printable ASCII", name)
	case slices.ContainsFunc(accounts, func(a bmc.Account) bool { return a.Name == name }):
		return fmt.Errorf("user name %q is one of the configuration", name)
	}
	return nil
}

// room says whether the limits leave room for one more grant. others are those of the
// BMC; the lock of all is held.
func (t *tenant) room(one store.Grant, others []store.Grant) error {
	limits := t.config().Access
	here, lasting := 0, 0
	for _, o := range others {
		switch {
		case o.User == one.User:
			return fmt.Errorf("user name %q has access to this BMC already, by grant %s", o.User, o.ID)
		case temporary(o):
			here++
		default:
			lasting++
		}
	}
	all := t.grants.temporaries(one.Tenant, one.Granted)
	switch {
	case here >= limits.MaxPerBMC || len(t.config().Accounts)+here+lasting >= maxAccounts:
		return fmt.Errorf("this BMC has %d grants (access.max_per_bmc)", here)
	case all >= limits.MaxPerTenant:
		return fmt.Errorf("the tenant has %d grants (access.max_per_tenant)", all)
	}
	return nil
}

// RevokeAccess ends a grant and its sessions.
func (g *Gateway) RevokeAccess(id string, by admin.Caller) (admin.Grant, error) {
	for _, t := range g.served() {
		name := t.config().Name
		if len(t.grants.list(func(one store.Grant) bool { return one.Tenant == name && one.ID == id && temporary(one) })) == 0 {
			continue
		}
		one, err := t.grants.take(id)
		if errors.Is(err, admin.ErrNotFound) {
			break // its time is over in this moment
		}
		closed := t.setAccounts(one.Key)
		t.operator(by, one.VM, one.Key.VM, fmt.Sprintf("access revoke %s of %s, sessions closed: %d", id, one.User, closed), err)
		if err != nil {
			return admin.Grant{}, fmt.Errorf("%w: it does not hold any more, but a restart may bring it back: %w", admin.ErrRefused, err)
		}
		return t.told(one), nil
	}
	return admin.Grant{}, nothing(fmt.Sprintf("no grant has the ID %q", id))
}
