package vsphere

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// tagging is what the last successful tag look-up said.
type tagging struct {
	vcenter string                     // instance UUID of the vCenter whose object ids refs holds
	at      time.Time                  // when it was asked; zero: never
	refs    map[string]map[string]bool // "category/name" → managed object ids
	missing map[string]string          // "category/name" → why it has no id
	err     error                      // of the last look-up, nil after a successful one
}

// setTags stores a look-up and reports whether List may answer otherwise. One of
// another vCenter is dropped: its object ids name other VMs here.
func (m *memory) setTags(t tagging) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if t.vcenter != m.vcenter {
		return false
	}
	same := !m.tags.at.IsZero() && m.tags.err == nil && len(t.missing) == len(m.tags.missing) && len(t.refs) == len(m.tags.refs)
	for tag, refs := range t.refs {
		same = same && equalSets(refs, m.tags.refs[tag])
	}
	m.tags = t
	return !same
}

// emptied reports whether a look-up finds a tag on no VM that was on some before.
func (m *memory) emptied(t tagging) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for tag, refs := range t.refs {
		if len(refs) == 0 && len(m.tags.refs[tag]) > 0 && t.vcenter == m.tags.vcenter {
			return true
		}
	}
	return false
}

// failTags notes that the tags could not be looked up; what was known is kept.
func (m *memory) failTags(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tags.err = err
}

func equalSets(a, b map[string]bool) bool {
	if len(a) != len(b) {
		return false
	}
	for k := range a {
		if !b[k] {
			return false
		}
	}
	return true
}

// list returns every VM with an identity, sorted by key, or why that is not
// possible. Tags may be as old as tagAge.
func (m *memory) list(folders []Folder, tags []string, tagAge time.Duration) ([]inventory.VM, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if err := m.fresh(); err != nil {
		return nil, err
	}
	if err := errors.Join(m.checkFolders(folders), m.checkTags(tags, tagAge)); err != nil {
		return nil, err
	}
	direct, below, tagged := m.namesByRef()
	vms := make([]inventory.VM, 0, len(m.byKey))
	for _, r := range m.byKey {
		vm := r.vm
		vm.Folders, vm.Below, vm.Tags = direct[vm.Ref], below[vm.Ref], tagged[vm.Ref]
		vm.Overrides = m.overrides(r.values)
		vms = append(vms, vm)
	}
	slices.SortFunc(vms, func(a, b inventory.VM) int { return strings.Compare(a.Key.VM, b.Key.VM) })
	return vms, nil
}

func (m *memory) checkFolders(folders []Folder) error {
	var errs []error
	for _, f := range folders {
		switch member := m.folders[f]; {
		case member != nil && member.ready:
		case member != nil && member.problem != "":
			errs = append(errs, fmt.Errorf("folder %q: %s", f.Path, member.problem))
		default:
			errs = append(errs, fmt.Errorf("folder %q: not looked at yet", f.Path))
		}
	}
	return errors.Join(errs...)
}

func (m *memory) checkTags(tags []string, age time.Duration) error {
	if len(tags) == 0 {
		return nil
	}
	if m.tags.at.IsZero() || time.Since(m.tags.at) > age {
		if m.tags.err != nil {
			return fmt.Errorf("%w: tags: %v", ErrStale, m.tags.err)
		}
		return fmt.Errorf("%w: tags are not known yet", ErrStale)
	}
	var errs []error
	for _, t := range tags {
		if why := m.tags.missing[t]; why != "" {
			errs = append(errs, fmt.Errorf("tag %q: %s", t, why))
		} else if m.tags.refs[t] == nil {
			errs = append(errs, fmt.Errorf("tag %q: not looked up yet", t))
		}
	}
	return errors.Join(errs...)
}

// namesByRef turns the memberships round: managed object id → sorted names.
func (m *memory) namesByRef() (direct, below, tagged map[string][]string) {
	direct, below, tagged = make(map[string][]string), make(map[string][]string), make(map[string][]string)
	for f, member := range m.folders {
		into := direct
		if f.Recursive {
			into = below
		}
		for ref := range member.refs {
			into[ref] = append(into[ref], f.Path)
		}
	}
	for tag, refs := range m.tags.refs {
		for ref := range refs {
			tagged[ref] = append(tagged[ref], tag)
		}
	}
	for _, names := range []map[string][]string{direct, below, tagged} {
		for _, list := range names {
			slices.Sort(list)
		}
	}
	return direct, below, tagged
}
