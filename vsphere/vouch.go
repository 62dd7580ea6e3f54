package vsphere

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/vmware/govmomi/vim25/types"
)

// errSeveral is why nothing is done to a VM that may be the wrong one.
var errSeveral = errors.New("several virtual machines have this instance UUID")

// fresh returns ErrStale unless the watch has spoken within the freshness, by
// either clock: while the machine that this runs on is suspended only the wall
// clock goes on, and when that is set back only the other one.
func (m *memory) fresh() error {
	if !m.synced {
		return fmt.Errorf("%w: no complete answer from vCenter yet", ErrStale)
	}
	now := time.Now()
	if age := max(now.Sub(m.answered), now.Round(0).Sub(m.clock)); age > m.freshness {
		return fmt.Errorf("%w: last answer from vCenter is %v old", ErrStale, age.Round(time.Second))
	}
	return nil
}

// doubt notes that the watch has failed. What is on by the last complete answer
// goes on to be told, for that is how an outage of vCenter is borne. What is off is
// not before the next one: a fence agent would start the same disks elsewhere.
func (m *memory) doubt() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.doubted = true
}

// inDoubt reports whether the watch has failed since its last complete answer.
func (m *memory) inDoubt() bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.doubted
}

// state returns what is known of a VM. It allocates nothing unless it fails.
func (m *memory) state(key inventory.Key) (State, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if err := m.fresh(); err != nil {
		return State{}, err
	}
	r, _ := m.chosen(key)
	switch {
	case r == nil:
		return State{}, ErrNotFound
	case !r.state.Connected:
		return State{}, ErrDisconnected
	case r.state.Power == 0:
		return State{}, fmt.Errorf("%w: its power state is unknown", ErrStale)
	case r.state.Power != PoweredOff:
	case m.doubted:
		return State{}, ErrDoubted
	case !m.allOff(key):
		return State{}, fmt.Errorf("%w: %w, and not all are off", ErrStale, errSeveral)
	}
	return r.state, nil
}

// chosen returns the record of a VM, nil when there is none. Of several with one
// key, as an ESXi host has them of a VM that was copied there and any vCenter while
// one is registered anew, it is the only one whose host can vouch for it; several
// says that this does not tell which is meant.
func (m *memory) chosen(key inventory.Key) (r *record, several bool) {
	r = m.byKey[key]
	if m.hidden[key] == 0 {
		return r, false
	}
	connected := 0
	for _, one := range m.namesakes(key) {
		if one.state.Connected {
			connected++
			r = one
		}
	}
	if connected > 1 {
		return m.byKey[key], true
	}
	return r, false
}

// allOff reports whether no record with the key is of a VM that may run.
func (m *memory) allOff(key inventory.Key) bool {
	for _, r := range m.namesakes(key) {
		if r.state.Power != PoweredOff {
			return false
		}
	}
	return true
}

// namesakes returns the records with a key when some are hidden, else none.
func (m *memory) namesakes(key inventory.Key) (all []*record) {
	if m.hidden[key] == 0 {
		return nil
	}
	for _, r := range m.byRef {
		if r.vm.Key == key {
			all = append(all, r)
		}
	}
	return all
}

// reveal counts one record less as hidden.
func (m *memory) reveal(key inventory.Key) {
	if m.hidden[key]--; m.hidden[key] == 0 {
		delete(m.hidden, key)
	}
}

// withdrawn returns the changes of an update, with what it says of the VM's state
// unset where vCenter cannot, or may not, tell it any more: what it said before holds
// no longer, and no other update would say so.
func withdrawn(u types.ObjectUpdate) []types.PropertyChange {
	changes := slices.Clip(u.ChangeSet)
	for _, missing := range u.MissingSet {
		if strings.HasPrefix(missing.Path, "runtime.") {
			changes = append(changes, types.PropertyChange{Name: missing.Path, Op: types.PropertyChangeOpIndirectRemove})
		}
	}
	return changes
}
