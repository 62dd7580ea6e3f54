package address

import (
	"fmt"
	"strconv"
	"sync"

	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// MACs knows which VM has which hardware address, over all pools: in an
// inventory, or on a segment that two pools share, one address is one machine.
// It is safe for concurrent use.
type MACs struct {
	mu    sync.Mutex
	owner map[MAC]inventory.Key
}

// NewMACs returns it with no address taken.
func NewMACs() *MACs { return &MACs{owner: make(map[MAC]inventory.Key)} }

// take returns the address for a VM that has none: that of [MACFor], or, when
// another VM has it, the next one derived in the same way that nobody has.
func (m *MACs) take(k inventory.Key) MAC {
	m.mu.Lock()
	defer m.mu.Unlock()
	mac := MAC(MACFor(k))
	for n := 1; !m.available(mac, k); n++ {
		mac = MAC(derived(k.String() + "#" + strconv.Itoa(n)))
	}
	m.owner[mac] = k
	return mac
}

// claim notes that a VM has an address. It is an error when another has it.
func (m *MACs) claim(mac MAC, k inventory.Key) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.available(mac, k) {
		return fmt.Errorf("hardware address %s is that of vm %s already", mac, m.owner[mac])
	}
	m.owner[mac] = k
	return nil
}

// drop gives an address up, if it is the VM's.
func (m *MACs) drop(mac MAC, k inventory.Key) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.owner[mac] == k {
		delete(m.owner, mac)
	}
}

func (m *MACs) available(mac MAC, k inventory.Key) bool {
	owner, taken := m.owner[mac]
	return !taken || owner == k
}
