package vsphere

// lossAnswers is how many look-ups in a row have to find a tag on a VM no more
// before that is believed: one that leaves VMs out looks the same as one made after
// somebody has taken the tag off them.
const lossAnswers = 3

// A bearer is a VM, by managed object id, that a tag is on.
type bearer struct{ tag, ref string }

// doubts reports whether a tag that has been taken off is still shown.
func (t *tagger) doubts() bool {
	for _, answers := range t.losses {
		if answers < lossAnswers {
			return true
		}
	}
	return false
}

// keepTagged adds to a look-up the VMs that it has lost and that still exist, unless
// enough look-ups before it have lost them too. before says how many those are; it
// returns the same with this one.
func (m *memory) keepTagged(found tagging, before map[bearer]int) (losses map[bearer]int) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if found.vcenter != m.tags.vcenter {
		return nil
	}
	for tag, refs := range found.refs {
		for ref := range m.tags.refs[tag] {
			if refs[ref] || m.byRef[ref] == nil {
				continue
			}
			if losses == nil {
				losses = make(map[bearer]int)
			}
			one := bearer{tag, ref}
			if losses[one] = before[one] + 1; losses[one] < lossAnswers {
				refs[ref] = true
			}
		}
	}
	return losses
}
