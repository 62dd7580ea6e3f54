package gateway

import (
	"net/netip"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
)

// A tagger tells which VM an address on the interface was of, as far as its tag
// says; address.Segment is one.
type tagger interface {
	Tagged(iface string) (map[netip.Addr]uint32, error)
}

// tag notes whose the address of a lease in use is, for the kernel to keep.
func (p *pool) tag(l address.Lease) {
	if l.InUse() {
		p.tags.Put(l.Address, l.Key)
	}
}

// tagged returns the tags on the interface. Without them addresses that no lease
// explains are nobody's, which is safe.
func (p *pool) tagged() map[netip.Addr]uint32 {
	t, ok := p.addresser.(tagger)
	if !ok {
		return nil
	}
	tags, err := t.Tagged(p.config.Interface)
	if err != nil {
		return nil
	}
	return tags
}
