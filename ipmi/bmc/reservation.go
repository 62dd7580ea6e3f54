package bmc

// A reservation is what a client needs to change or to read in pieces what
// others may change (sections 31.4 and 33.11): it ends with every change, and when
// another client gets one.
type reservation struct {
	last uint16
	held bool
}

// next returns a new ID, never 0.
func (r *reservation) next() uint16 {
	if r.last++; r.last == 0 {
		r.last = 1
	}
	r.held = true
	return r.last
}

func (r *reservation) cancel() { r.held = false }

func (r *reservation) holds(id uint16) bool { return r.held && id == r.last }
