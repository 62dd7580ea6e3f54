package vsphere

import "maps"

// lossyAnswers is how many complete answers in a row have to leave out a VM that is
// known before it is dropped.
const lossyAnswers = 3

// lossy reports whether the answer to "tell everything" left VMs out that are known
// and is not to be believed in that yet: all of them, or some. A vCenter that is
// starting may have nothing to tell, or not everything.
func (w *watcher) lossy() (nothing, less bool) {
	if w.seen == nil || !w.mem.lacks(w.seen.vms) {
		w.losses = 0
		return false, false
	}
	if w.losses++; w.losses >= lossyAnswers {
		return false, false
	}
	return len(w.seen.vms) == 0, len(w.seen.vms) > 0
}

// lacks reports whether a complete answer left out a VM that is known.
func (m *memory) lacks(vms map[string]bool) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for ref := range m.byRef {
		if !vms[ref] {
			return true
		}
	}
	return false
}

// sweep forgets what a complete answer did not name. Of VMs that are to be kept it
// forgets only how they are: nobody vouches for that any more.
func (m *memory) sweep(vms map[string]bool, folders map[Folder]map[string]bool, keep bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for ref, r := range m.byRef {
		switch {
		case vms[ref]:
		case keep:
			unknown := *r
			unknown.state.Power = 0
			m.remember(ref, r, &unknown)
		default:
			m.forget(ref, r)
		}
	}
	for f, member := range m.folders {
		maps.DeleteFunc(member.refs, func(ref string, _ bool) bool {
			kept := keep && !vms[ref] && m.byRef[ref] != nil
			return !folders[f][ref] && !kept
		})
	}
}
