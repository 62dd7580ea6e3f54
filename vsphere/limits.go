package vsphere

import (
	"errors"
	"fmt"
	"time"
)

// Limits is how much of a vCenter the commands of all tenants together may take. A
// command here is a call that changes something; a batch of power-ons is one. Zero
// fields get the defaults.
type Limits struct {
	Rate   float64 // commands a second; default 5
	Burst  int     // commands at once after a pause; default 32, the hosts of a cluster
	AtOnce int     // command calls under way; default 8
	Reads  int     // other calls under way, without the watch and the logins; default 4
	// Wait is how long a command may wait for its turn, a session and a connection.
	// What has not been sent by then never is. The default, 1.5 s, leaves vCenter half
	// a second to answer before the client is told "node busy" in any case.
	Wait      time.Duration
	Queue     int // commands of one tenant that may wait; default 200
	BatchFrom int // waiting power-ons of a tenant that are sent as one call; default 16; 1 or less: never
	BatchMost int // of them in one call; default 32
}

// A TenantShare is what one tenant may take of the vCenter. Zero fields get the
// defaults, which also hold for commands without a tenant.
type TenantShare struct {
	Tenant string
	Weight float64 // relative to the others' while they wait too; default 1
	Rate   float64 // commands a second; default 2
	Burst  int     // default 32
}

func (l Limits) withDefaults() Limits {
	setDefault(&l.Rate, 5)
	setDefault(&l.Burst, 32)
	setDefault(&l.AtOnce, 8)
	setDefault(&l.Reads, 4)
	setDefault(&l.Wait, 1500*time.Millisecond)
	setDefault(&l.Queue, 200)
	setDefault(&l.BatchFrom, 16)
	setDefault(&l.BatchMost, 32)
	return l
}

func (s TenantShare) withDefaults() TenantShare {
	setDefault(&s.Weight, 1)
	setDefault(&s.Rate, 2)
	setDefault(&s.Burst, 32)
	return s
}

func (c Config) checkLimits() error {
	l := c.Limits
	if min(l.Rate, float64(l.Burst), float64(l.AtOnce), float64(l.Reads), float64(l.Wait), float64(l.Queue), float64(l.BatchMost)) < 0 {
		return fmt.Errorf("vCenter %q: negative limit", c.Name)
	}
	var errs []error
	for _, s := range c.Shares {
		if min(s.Weight, s.Rate, float64(s.Burst)) < 0 {
			errs = append(errs, fmt.Errorf("vCenter %q: tenant %q: negative share", c.Name, s.Tenant))
		}
	}
	return errors.Join(errs...)
}
