package gateway

import "slices"

// An undo is what takes back the steps of a start, last step first.
type undo []func()

func (u *undo) push(step func()) { *u = append(*u, step) }

// run takes everything back, once.
func (u *undo) run() {
	for _, step := range slices.Backward(*u) {
		step()
	}
	*u = nil
}
