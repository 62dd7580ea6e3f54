package gateway

import (
	"context"
	"errors"
	"fmt"

	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

// refusal says in words why a vCenter did not take a BMC, and what to do about it.
func (r registration) refusal(vcenter string, err error) string {
	at := fmt.Sprintf("the BMC at %s", r.of.bmc.Address)
	var other *vsphere.OtherBMCError
	switch {
	case errors.As(err, &other):
		return fmt.Sprintf("from vCenter, %s has the MAC %s instead of %s: the way from vCenter to that address leads to another machine; "+
			"look at routes, NAT and who else has the address there", at, other.Observed, other.Told)
	case errors.Is(err, vsphere.ErrBMCLogin):
		return fmt.Sprintf("vCenter cannot log in at %s: allow_from has to have the address that vCenter comes from, "+
			"and ipmi.cipher_suites 3 or ipmi.v15 md5; \"events\" shows logins that failed", at)
	case errors.Is(err, vsphere.ErrBMCRole):
		return fmt.Sprintf("vCenter may not do what it needs at %s: another machine answers there, for this account is an operator", at)
	case errors.Is(err, vsphere.ErrNoBMC):
		return fmt.Sprintf("vCenter gets no answer of %s: UDP port %d has to pass from vCenter to that address and back, "+
			"and allow_from has to have the address that vCenter comes from", at, hostPort)
	case errors.Is(err, vsphere.ErrDenied):
		return fmt.Sprintf("the role of the account at vCenter %q lacks Host.Config.Settings on the host; see docs/howto/vcenter-role.md", vcenter)
	case errors.Is(err, vsphere.ErrNotFound):
		return "the host is not in vCenter any more"
	case errors.Is(err, vsphere.ErrUnsupported):
		return fmt.Sprintf("vCenter %q does not take BMCs for its hosts: it is older than 4.0, or no vCenter", vcenter)
	default:
		return err.Error()
	}
}

// unanswered reports whether an error leaves open what vCenter has kept.
func unanswered(err error) bool {
	return errors.Is(err, vsphere.ErrUnavailable) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// silence reports whether an error says nothing of the host: vCenter is gone, or
// nobody waits any more.
func silence(vc *vsphere.VCenter, err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, vsphere.ErrUnavailable) && !vc.Connected()
}
