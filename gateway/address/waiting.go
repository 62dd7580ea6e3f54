package address

import (
	"slices"

	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// A waitingLine is the VMs that a pool could give no address, the one that asked
// first first. It is as long as there are VMs without one.
type waitingLine struct {
	keys   []inventory.Key
	member map[inventory.Key]bool
}

func (w *waitingLine) join(k inventory.Key) {
	if w.member[k] {
		return
	}
	if w.member == nil {
		w.member = make(map[inventory.Key]bool)
	}
	w.member[k] = true
	w.keys = append(w.keys, k)
}

func (w *waitingLine) leave(k inventory.Key) {
	if !w.member[k] {
		return
	}
	delete(w.member, k)
	w.keys = slices.DeleteFunc(w.keys, func(o inventory.Key) bool { return o == k })
}

// ahead counts the VMs that have waited longer; all, for one that does not wait.
func (w *waitingLine) ahead(k inventory.Key) int {
	if w.member[k] {
		return slices.Index(w.keys, k)
	}
	return len(w.keys)
}
