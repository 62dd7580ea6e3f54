package gateway

import (
	"net/netip"
	"strings"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// A Pin fixes the addresses of one VM's BMC.
type Pin struct {
	VM      string      // its name or its instance UUID
	Address netip.Addr  // of one of the tenant's pools; zero: as it comes
	MAC     address.MAC // zero: derived from the VM's identity

	// wished: by the VM's own attribute, which whoever may edit the VM may set. It
	// moves the BMC where it can and takes it from nobody, also not from the VM.
	wished bool
}

// pinned returns what is fixed for a VM, by the configuration or else by its own
// attributes; the zero value when nothing is.
func (t *tenant) pinned(vm inventory.VM) Pin { return t.config().pinned(vm) }

func (t *Tenant) pinned(vm inventory.VM) Pin {
	var pin Pin
	for _, p := range t.Pins {
		if p.VM == vm.Name || strings.EqualFold(p.VM, vm.Key.VM) {
			pin = p
			break
		}
	}
	if !pin.Address.IsValid() && vm.Overrides.Address.IsValid() {
		pin.Address, pin.wished = vm.Overrides.Address, true
	}
	if pin.MAC == (address.MAC{}) {
		pin.MAC = vm.Overrides.MAC
	}
	return pin
}

// pinnedAddresses are those that nobody gets by turn.
func pinnedAddresses(tenants []Tenant) []netip.Addr {
	var all []netip.Addr
	for _, t := range tenants {
		for _, p := range t.Pins {
			if p.Address.IsValid() {
				all = append(all, p.Address)
			}
		}
	}
	return all
}
