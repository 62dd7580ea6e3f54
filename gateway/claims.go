package gateway

import (
	"fmt"
	"sync"

	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// claims say which tenant has a VM when several select it: the first that did,
// for as long as it does. A VM has one BMC: with two, the accounts of both
// tenants would have power over it, and neither would know of the other.
type claims struct {
	mu    sync.Mutex
	owner map[inventory.Key]string // name of the tenant
}

func newClaims() *claims { return &claims{owner: make(map[inventory.Key]string)} }

// take makes the VM the tenant's, unless it is another's.
func (c *claims) take(key inventory.Key, tenant string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	owner, taken := c.owner[key]
	if taken && owner != tenant {
		return fmt.Errorf("tenant %q selects this VM too and has had it first", owner)
	}
	c.owner[key] = tenant
	return nil
}

// has reports whether the VM is the tenant's.
func (c *claims) has(key inventory.Key, tenant string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.owner[key] == tenant
}

// elsewhere reports whether the VM is another tenant's.
func (c *claims) elsewhere(key inventory.Key, tenant string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	owner, taken := c.owner[key]
	return taken && owner != tenant
}

// drop gives the VM up, if it is the tenant's.
func (c *claims) drop(key inventory.Key, tenant string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.owner[key] == tenant {
		delete(c.owner, key)
	}
}
