package gateway

import "slices"

// An undo is what takes back the steps of a start, last step first.
type undo []func()

func (u *undo) push(step func()) { *u = append(*u, step) }

// keep splits off the first steps, which run does not take back any more.
func (u *undo) keep(n int) undo {
	first := slices.Clone((*u)[:n])
	*u = slices.Delete(*u, 0, n)
	return first
}

// run takes everything back, once.
func (u *undo) run() {
	for _, step := range slices.Backward(*u) {
		step()
	}
	*u = nil
}
