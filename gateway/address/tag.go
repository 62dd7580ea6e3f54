package address

import (
	"crypto/sha256"
	"encoding/binary"
	"net/netip"
	"sync"

	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// Tag is what the kernel keeps with an IPv4 address on an interface, so that its VM
// finds it again when the state file is lost: 32 bits of the VM's identity, never 0.
func Tag(k inventory.Key) uint32 {
	sum := sha256.Sum256([]byte(k.String()))
	return max(binary.BigEndian.Uint32(sum[:]), 1)
}

// Tags are those of the addresses that VMs have. Its methods are called from many
// goroutines; the kernel's side asks under locks of its own, so these take none
// that a pool holds.
type Tags struct {
	of sync.Map // netip.Addr -> uint32
}

// Put notes whose the address is.
func (t *Tags) Put(a netip.Addr, k inventory.Key) { t.of.Store(a, Tag(k)) }

// Of returns the tag of the address; 0: none is known.
func (t *Tags) Of(a netip.Addr) uint32 {
	tag, ok := t.of.Load(a)
	if !ok {
		return 0
	}
	return tag.(uint32)
}
