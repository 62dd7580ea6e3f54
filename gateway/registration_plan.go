package gateway

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

// A served is a VM of the tenant and its BMC, as registration sees them.
type served struct {
	vm      inventory.VM
	bmc     vsphere.HostBMC // address and MAC; the login is that of the account
	why     string          // why nobody can log in; empty: somebody can
	account *store.Grant    // the one that the vCenter is to have; nil: none is made yet
	logins  []string        // of this and those it takes the place of
}

// A registration is one host and what is to become of it.
type registration struct {
	host   vsphere.Host
	match  inventory.Match
	of     served // with a match alone
	state  admin.Registration
	reason string
	act    bool // vCenter is to be told
}

// decide says how a host is registered, and whether that is to be changed:
//
//	match      BMC     config.ipmi is      adopt  state           act
//	ambiguous  -       -                   -      ambiguous       no
//	none       -       -                   -      no-bmc          no
//	one        silent  -                   -      no-bmc          no
//	one        ready   empty               -      would-register  yes
//	one        ready   this BMC, as told   -      registered      no
//	one        ready   this BMC, not so    -      drifted         yes
//	one        ready   another             no     elsewhere       no
//	one        ready   another             yes    would-register  yes
//
// It is this BMC when one of address, MAC and login is: of each there is one. A host
// that vCenter has lost is not acted on.
func decide(h vsphere.Host, m inventory.Match, of served, adopt bool) registration {
	r := registration{host: h, match: m, of: of, reason: m.Doubt}
	switch {
	case m.Ambiguous:
		r.state = admin.Ambiguous
		return r
	case m.VM == inventory.Key{}:
		r.state = admin.NoBMC
		return r
	case of.why != "":
		r.state, r.reason = admin.NoBMC, of.why
		return r
	}
	wrong := of.differences(h.BMC)
	switch {
	case h.BMC == vsphere.HostBMC{}:
		r.state, r.act = admin.WouldRegister, true
	case !of.owns(h.BMC) && !adopt:
		r.state, r.reason = admin.Elsewhere, fmt.Sprintf("vCenter has the BMC at %s, %s, with login %q; adopt replaces it", h.BMC.Address, h.BMC.MAC, h.BMC.Login)
	case !of.owns(h.BMC):
		r.state, r.reason, r.act = admin.WouldRegister, fmt.Sprintf("in place of the BMC at %s, %s", h.BMC.Address, h.BMC.MAC), true
	case len(wrong) > 0:
		r.state, r.reason, r.act = admin.Drifted, strings.Join(wrong, ", "), true
	default:
		r.state = admin.Registered
	}
	if r.act && !h.Connected {
		r.act, r.reason = false, "vCenter is not connected to the host"
	}
	return r
}

// with adds the accounts that a vCenter has of the BMC of the VM, the latest last.
func (s served) with(vm inventory.Key, accounts []store.Grant) served {
	if s.vm.Key != vm {
		s.vm.Key, s.why = vm, "the VM is gone"
	}
	for _, g := range accounts {
		s.logins = append(s.logins, g.User)
		s.account = &g
	}
	return s
}

// owns reports whether what a vCenter has is of this BMC.
func (s served) owns(has vsphere.HostBMC) bool {
	return sameAddress(has.Address, s.bmc.Address) || sameMAC(has.MAC, s.bmc.MAC) || slices.Contains(s.logins, has.Login)
}

// differences are in words what a vCenter has of this BMC that is not right.
func (s served) differences(has vsphere.HostBMC) (wrong []string) {
	if !sameAddress(has.Address, s.bmc.Address) {
		wrong = append(wrong, fmt.Sprintf("vCenter has the address %s", has.Address))
	}
	if !sameMAC(has.MAC, s.bmc.MAC) {
		wrong = append(wrong, fmt.Sprintf("vCenter has the MAC %s", has.MAC))
	}
	switch {
	case s.account == nil || has.Login != s.account.User:
		wrong = append(wrong, fmt.Sprintf("vCenter has the login %q", has.Login))
	case s.account.Registration.Told.IsZero():
		wrong = append(wrong, "vCenter may have another password")
	}
	return wrong
}

func sameAddress(a, b string) bool {
	x, err := netip.ParseAddr(a)
	y, wrong := netip.ParseAddr(b)
	return err == nil && wrong == nil && x.Unmap() == y.Unmap()
}

func sameMAC(a, b string) bool {
	x, err := net.ParseMAC(a)
	y, wrong := net.ParseMAC(b)
	return err == nil && wrong == nil && bytes.Equal(x, y)
}

// told is the registration as an operator sees it.
func (r registration) told() admin.RegisteredHost {
	out := admin.RegisteredHost{Host: r.host.Name, Ref: r.host.Ref, State: r.state, Reason: r.reason}
	if (r.match.VM == inventory.Key{}) {
		return out
	}
	out.VM, out.InstanceUUID, out.MatchedBy, out.MAC = r.of.vm.Name, r.match.VM.VM, r.match.By.String(), r.of.bmc.MAC
	out.Address, _ = netip.ParseAddr(r.of.bmc.Address)
	if r.of.account != nil {
		out.Login = r.of.account.User
	}
	return out
}
