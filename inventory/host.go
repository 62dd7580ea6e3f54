package inventory

import (
	"encoding/hex"
	"strings"
)

// A Host is an ESXi host as its own vCenter tells who it is. One that is a virtual
// machine itself has the marks of that machine.
type Host struct {
	Name        string
	Vendor      string    // of its hardware, "VMware, Inc."; empty: not told
	ServiceTags []string  // "VMware-56 4d 2f 12 80 41 63 9b-50 18 05 a8 35 b7 2e af", and those of others
	UUID        string    // of its hardware, in one of two orders of its bytes
	MACs        [][6]byte // of its physical network cards
}

// A uuid is the sixteen bytes in the order of their text.
type uuid [16]byte

// swapped has the bytes of the first three fields the other way round, as they are in
// the SMBIOS from version 2.6 on, and so in the UUID that a host on virtual hardware
// 13 or later tells.
func (u uuid) swapped() uuid {
	for _, field := range [][2]int{{0, 3}, {1, 2}, {4, 5}, {6, 7}} {
		u[field[0]], u[field[1]] = u[field[1]], u[field[0]]
	}
	return u
}

// parseUUID reads 32 hexadecimal digits, whatever blanks and dashes are between them.
// Zeros alone are the UUID of nobody.
func parseUUID(text string) (u uuid, ok bool) {
	raw, err := hex.DecodeString(strings.NewReplacer("-", "", " ", "").Replace(text))
	if err != nil || len(raw) != len(u) {
		return uuid{}, false
	}
	u = uuid(raw)
	return u, u != uuid{}
}

// Virtual reports whether the host may be a virtual machine of vSphere.
func (h Host) Virtual() bool {
	return h.Vendor == "" || strings.HasPrefix(strings.ToLower(h.Vendor), "vmware")
}

// claims returns the UUIDs that the host may have as a virtual machine, and what
// says so of each.
func (h Host) claims() map[uuid]Evidence {
	all := make(map[uuid]Evidence)
	for _, tag := range h.ServiceTags {
		if text, ok := strings.CutPrefix(tag, "VMware-"); ok {
			if u, ok := parseUUID(text); ok {
				all[u] |= ByServiceTag
			}
		}
	}
	if u, ok := parseUUID(h.UUID); ok {
		all[u] |= ByUUID
		all[u.swapped()] |= BySwappedUUID
	}
	return all
}
