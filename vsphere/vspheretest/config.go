package vspheretest

import (
	"crypto/sha256"
	"fmt"
	"net"
)

// Config says what vCenter to simulate. All fields may be left zero.
type Config struct {
	Name         string // default "vc"; seeds all identities, so give two vCenters two names
	InstanceUUID string // about.instanceUuid, of an ESXi host its hardware's UUID; default derived from Name
	Username     string // default "administrator@vsphere.local"
	Password     string // default "secret"
	Certificate  []byte // DER of a solution user's that may ask for tokens, too; nil: none

	// ESXi makes it a host of its own, which no vCenter manages: no instance UUID,
	// no tags, no token service, one datacenter "ha-datacenter".
	ESXi bool

	Datacenter string // default "DC0"
	VMs        int    // created, powered on, in the datacenter's VM folder
	Prefix     string // of the VM names, "-01" follows; default Name+"-vm"

	Listen string   // "IP:port" of the HTTPS listener; default "127.0.0.1:0"
	IPs    []net.IP // more addresses the certificate is good for
	Names  []string // and names besides "localhost"

	BMCs BMCs // of the hosts; nil: this vCenter has no way to any
}

func (c Config) withDefaults() Config {
	set := func(field *string, value string) {
		if *field == "" {
			*field = value
		}
	}
	set(&c.Name, "vc")
	set(&c.InstanceUUID, derivedUUID("vcenter", c.Name))
	set(&c.Username, "administrator@vsphere.local")
	set(&c.Password, "secret")
	if c.ESXi {
		set(&c.Datacenter, "ha-datacenter")
	}
	set(&c.Datacenter, "DC0")
	set(&c.Prefix, c.Name+"-vm")
	set(&c.Listen, "127.0.0.1:0")
	return c
}

// vmName names the n-th VM, counted from 1. Width two keeps small inventories
// tidy; larger ones simply get longer names.
func (c Config) vmName(n int) string { return fmt.Sprintf("%s-%02d", c.Prefix, n) }

// derivedUUID makes a stable UUID from words, so that a restarted demo keeps its
// identities. It says of itself that it is random (version 4, RFC 9562, section
// 5.4), because ipmitool shows no version later than 5 as text.
func derivedUUID(words ...string) string {
	h := sha256.New()
	for _, w := range words {
		fmt.Fprintf(h, "%d:%s", len(w), w)
	}
	b := h.Sum(nil)
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

// macSeed is six bits that keep the network cards of two vCenters apart.
func (c Config) macSeed() byte {
	sum := sha256.Sum256([]byte(c.InstanceUUID))
	return sum[0] & 0x3f
}
