package gateway

import (
	"net/netip"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
)

// save stores what the books have changed, and what could not be stored before.
func (p *pool) save() error {
	put, forget := p.books.Changes()
	for a := range p.owed {
		if l, ok := p.books.At(a); ok {
			put = append(put, l)
		} else {
			forget = append(forget, a)
		}
	}
	if len(put)+len(forget) == 0 {
		return nil // a VM that waits is tried every few seconds
	}
	if err := p.store.ChangeLeases(put, forget); err != nil {
		return err
	}
	clear(p.owed)
	p.books.Settle()
	for _, l := range put {
		p.tag(l)
	}
	return nil
}

// saveLater is save for what holds whether it is on disk or not, such as the end
// of a BMC: on an error it is stored with the next change.
func (p *pool) saveLater() error {
	err := p.save()
	if err != nil {
		put, forget := p.books.Changes()
		for _, l := range put {
			p.owed[l.Address] = true
		}
		for _, a := range forget {
			p.owed[a] = true
		}
		p.books.Settle()
	}
	return err
}

// change does something to the books for an operator; what cannot be stored has
// not happened. It returns what they then say of the address.
func (p *pool) change(a netip.Addr, do func(books *address.Pool, now time.Time) error) (address.Lease, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	err := do(p.books, p.clock.at(time.Now()))
	if err == nil {
		err = p.save()
	}
	if err != nil {
		p.books.Undo()
		return address.Lease{}, err
	}
	l, _ := p.books.At(a)
	return l, nil
}
