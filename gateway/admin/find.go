package admin

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// ErrNotFound is for a name that is no BMC's.
var ErrNotFound = errors.New("no such BMC")

// ErrAmbiguous is for a name that several BMCs have.
var ErrAmbiguous = errors.New("several BMCs have this name")

// Find returns the one BMC that name means: "tenant/vm", an address, a VM's
// instance or BIOS UUID, or a VM's name when only one has it. The first of
// these readings that fits at all decides. The error is ErrNotFound or
// ErrAmbiguous, wrapped, with the names to choose from.
func Find(bmcs []BMC, name string) (BMC, error) {
	if name == "" {
		return BMC{}, ErrNotFound // and not one without UUID
	}
	addr, _ := netip.ParseAddr(name)
	readings := []func(BMC) bool{
		func(b BMC) bool { return b.Tenant+"/"+b.Name == name },
		func(b BMC) bool { return addr.IsValid() && b.Address == addr },
		func(b BMC) bool { return strings.EqualFold(b.VM.InstanceUUID, name) },
		func(b BMC) bool { return strings.EqualFold(b.VM.BIOSUUID, name) },
		func(b BMC) bool { return b.Name == name },
	}
	for _, fits := range readings {
		found := matching(bmcs, fits)
		switch len(found) {
		case 0:
		case 1:
			return found[0], nil
		default:
			return BMC{}, fmt.Errorf("%s: %w: %s", name, ErrAmbiguous, choices(found))
		}
	}
	return BMC{}, fmt.Errorf("%s: %w", name, ErrNotFound)
}

func matching(bmcs []BMC, fits func(BMC) bool) []BMC {
	var found []BMC
	for _, b := range bmcs {
		if fits(b) {
			found = append(found, b)
		}
	}
	return found
}

// choices tells the candidates apart: by tenant, and by instance UUID where
// two VMs of one tenant share a name.
func choices(bmcs []BMC) string {
	words := make([]string, len(bmcs))
	for i, b := range bmcs {
		words[i] = fmt.Sprintf("%s/%s (%s)", b.Tenant, b.Name, b.VM.InstanceUUID)
	}
	return strings.Join(words, ", ")
}
