package address

import (
	"net/netip"
	"slices"
)

// note remembers what the books said of an address when it changes for the first
// time since Settle.
func (p *Pool) note(a netip.Addr) {
	if _, known := p.journal[a]; known {
		return
	}
	p.journal[a] = nil
	if e := p.entries[a]; e != nil {
		l := e.Lease
		p.journal[a] = &l
	}
}

// Changes returns what is to be stored, and forgotten, since [Pool.Settle] was
// called last, sorted by address.
func (p *Pool) Changes() (put []Lease, forget []netip.Addr) {
	for a, before := range p.journal {
		e := p.entries[a]
		switch {
		case e == nil && before != nil:
			forget = append(forget, a)
		case e != nil && (before == nil || *before != e.Lease):
			put = append(put, e.Lease)
		}
	}
	slices.SortFunc(put, func(a, b Lease) int { return a.Address.Compare(b.Address) })
	slices.SortFunc(forget, netip.Addr.Compare)
	return put, forget
}

// Settle says that the changes are stored, or will be.
func (p *Pool) Settle() { clear(p.journal) }

// Undo makes the books what they were at the last Settle: what cannot be stored
// is not given away.
func (p *Pool) Undo() {
	before := make([]Lease, 0, len(p.journal))
	for a, l := range p.journal {
		if e := p.entries[a]; e != nil {
			p.part(e)
		}
		if l == nil {
			p.vacate(a)
			continue
		}
		before = append(before, *l)
	}
	for _, l := range before {
		p.record(l)
	}
	p.Settle()
}
