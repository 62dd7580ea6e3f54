package vsphere

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"sync"
	"time"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"
)

const (
	rightsPeriod = time.Hour       // between two checks of the privileges
	rightsRetry  = 5 * time.Minute // the same while one is missing or could not be told
	rightsGap    = time.Minute     // at least, and between two looks whether there are other VMs
	rightsStart  = 5 * time.Second // how long the first waits for all selectors to be known
	rightsPoll   = time.Second / 4 // between two looks until then
	rightsBatch  = 100             // objects in one call
)

// rights holds what the last check of the privileges found.
type rights struct {
	mu   sync.Mutex
	last Privileges
}

// Privileges returns what the last check found, from memory. The first is made
// when the inventory is known, the next after an hour, after five minutes while
// something is missing, or after a minute when there are other VMs.
func (v *VCenter) Privileges() Privileges {
	v.rights.mu.Lock()
	defer v.rights.mu.Unlock()
	return v.rights.last
}

// A rightsPlan says when the privileges are to be checked again.
type rightsPlan struct {
	asked   time.Time // zero: never
	about   uint64    // which entities
	failing bool      // something was missing or could not be told
}

// due reports whether it is time, with these entities. However often VMs come and
// go, or vCenter itself, there is a minute between two checks.
func (p rightsPlan) due(now time.Time, about uint64) bool {
	age := now.Sub(p.asked)
	switch {
	case p.asked.IsZero():
		return true
	case about != p.about:
		return age >= rightsGap
	case p.failing:
		return age >= rightsRetry
	default:
		return age >= rightsPeriod
	}
}

// fingerprint is another one for other entities.
func fingerprint(entities []entity) uint64 {
	h := fnv.New64a()
	for _, e := range entities {
		fmt.Fprintf(h, "%s/%s\n", e.ref.Value, e.name)
	}
	return h.Sum64()
}

// watchPrivileges checks them for as long as ctx lasts. While vCenter is gone it is
// quiet.
func (v *VCenter) watchPrivileges(ctx context.Context) {
	up, cancel := v.link.up.subscribe()
	defer cancel()
	wanted, end := v.wants.changed.subscribe()
	defer end()
	var began time.Time
	var plan rightsPlan
	for ctx.Err() == nil {
		wait := rightsGap
		if len(v.wants.now().Selectors) > 0 && v.link.check() == nil && v.memory.knowsAll() {
			if began.IsZero() {
				began = time.Now()
			}
			entities, complete := v.entities(ctx)
			about := fingerprint(entities)
			if v.wants.now().ReadOnly {
				about = ^about // other privileges count
			}
			switch {
			case !complete && time.Since(began) < rightsStart:
				wait = rightsPoll
			case plan.due(time.Now(), about):
				p := v.checkPrivileges(ctx, entities)
				plan = rightsPlan{asked: time.Now(), about: about, failing: p.Err != nil || len(p.Missing) > 0}
			}
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-up:
		case <-wanted:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// entities returns the VMs that some selector wants, and the folders in which no
// such VM lies yet; those by path, without reference. complete says that all
// selectors could be answered.
func (v *VCenter) entities(ctx context.Context) (all []entity, complete bool) {
	complete = true
	seen, filled := make(map[string]bool), make(map[string]bool)
	for _, sel := range v.wants.now().Selectors {
		vms, err := v.Source(sel).List(ctx) // from memory
		complete = complete && err == nil
		for _, vm := range vms {
			if seen[vm.Ref] || !sel.Match(vm) {
				continue
			}
			seen[vm.Ref] = true
			all = append(all, entity{types.ManagedObjectReference{Type: "VirtualMachine", Value: vm.Ref}, vm.Name})
			for _, f := range append(slices.Clone(vm.Folders), vm.Below...) {
				filled[f] = true
			}
		}
	}
	for _, f := range v.wants.now().Folders {
		if !filled[f.Path] {
			filled[f.Path] = true
			all = append(all, entity{name: f.Path})
		}
	}
	return all, complete
}

// checkPrivileges asks about the entities and remembers the answer.
func (v *VCenter) checkPrivileges(ctx context.Context, entities []entity) Privileges {
	p := Privileges{Checked: time.Now()}
	granted := make(map[types.ManagedObjectReference]map[string]bool)
	entities, p.Err = v.findFolders(ctx, entities)
	for batch := range slices.Chunk(entities, rightsBatch) {
		if p.Err == nil {
			p.Err = v.askPrivileges(ctx, batch, granted)
		}
	}
	v.rights.mu.Lock()
	defer v.rights.mu.Unlock()
	if p.Err != nil {
		v.rights.last.Err = p.Err
		return v.rights.last
	}
	p.Objects, p.Missing = len(granted), missing(v.wants.now().needed(), entities, granted)
	v.logMissing(v.rights.last.Missing, p.Missing)
	v.rights.last = p
	return p
}

// logMissing says what was not missing before.
func (v *VCenter) logMissing(before, now []MissingPrivilege) {
	for _, m := range now {
		known := slices.ContainsFunc(before, func(b MissingPrivilege) bool {
			return b.Privilege == m.Privilege && slices.Equal(b.Objects, m.Objects)
		})
		if !known && !m.Optional {
			v.cfg.Log.Warn("privilege missing", "vcenter", v.cfg.Name, "privilege", m.Privilege, "objects", len(m.Objects), "reason", m.String())
		}
	}
}

// findFolders looks up the references of folders. One that is not there, or may
// not be seen, is another problem, and told elsewhere.
func (v *VCenter) findFolders(ctx context.Context, entities []entity) ([]entity, error) {
	c, err := v.operations.acquire(ctx)
	if err != nil {
		return nil, loginError(ctx, err)
	}
	found := entities[:0]
	for _, e := range entities {
		if e.ref.Value == "" {
			ref, err := c.lookUp(ctx, v.operations.on(c.vcenter), e.name)
			if err != nil && !isDenied(err) {
				return nil, fmt.Errorf("folder %q: %w", e.name, err)
			}
			if err != nil || ref == nil {
				continue
			}
			e.ref = *ref
		}
		found = append(found, e)
	}
	return found, nil
}

// askPrivileges adds what the account may do on each of the entities. It asks by
// user, as vCenter 6.5 and later do it, or else by session.
func (v *VCenter) askPrivileges(ctx context.Context, batch []entity, granted map[types.ManagedObjectReference]map[string]bool) error {
	c, err := v.operations.acquire(ctx)
	if err != nil {
		return loginError(ctx, err)
	}
	if c.content.AuthorizationManager == nil {
		return errors.New("privileges: there is nobody to ask")
	}
	refs := make([]types.ManagedObjectReference, len(batch))
	for i, e := range batch {
		refs[i] = e.ref
	}
	err = v.askByUser(ctx, c, refs, granted)
	switch faultOf(err).(type) {
	case *types.MethodNotFound, *types.NotImplemented, types.BaseNotSupported, *types.UserNotFound, types.BaseNoPermission:
		if !isExpired(err) {
			err = v.askBySession(ctx, c, refs, granted)
		}
	}
	if err != nil {
		return fmt.Errorf("privileges: %w", err)
	}
	return nil
}

func (v *VCenter) askByUser(ctx context.Context, c *conn, refs []types.ManagedObjectReference, granted map[types.ManagedObjectReference]map[string]bool) error {
	res, err := methods.FetchUserPrivilegeOnEntities(ctx, v.operations.on(c.vcenter), &types.FetchUserPrivilegeOnEntities{
		This: *c.content.AuthorizationManager, Entities: refs, UserName: c.user.UserName,
	})
	if err != nil {
		return err
	}
	for _, r := range res.Returnval {
		have := make(map[string]bool, len(needs))
		for _, p := range r.Privileges {
			if slices.ContainsFunc(slices.Concat(needs, hostNeeds), func(n need) bool { return n.privilege == p }) {
				have[p] = true
			}
		}
		granted[r.Entity] = have
	}
	return nil
}

func (v *VCenter) askBySession(ctx context.Context, c *conn, refs []types.ManagedObjectReference, granted map[types.ManagedObjectReference]map[string]bool) error {
	req := &types.HasPrivilegeOnEntities{This: *c.content.AuthorizationManager, Entity: refs, SessionId: c.user.Key}
	for _, n := range slices.Concat(needs, hostNeeds) {
		req.PrivId = append(req.PrivId, n.privilege)
	}
	res, err := methods.HasPrivilegeOnEntities(ctx, v.operations.on(c.vcenter), req)
	if err != nil {
		return err
	}
	for _, r := range res.Returnval {
		have := make(map[string]bool, len(needs))
		for _, p := range r.PrivAvailability {
			have[p.PrivId] = p.IsGranted
		}
		granted[r.Entity] = have
	}
	return nil
}
