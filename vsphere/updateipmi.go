package vsphere

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"
)

// updatesAtOnce is how many hosts a vCenter is told the BMC of at a time: it logs in
// at each before it answers.
const updatesAtOnce = 2

// updateWithin is how long that may take: vCenter tries several ways to log in, and
// each of them several times when nobody answers.
const updateWithin = time.Minute

// Why a vCenter does not take a BMC for a host. Each is an ErrFailed.
var (
	// ErrBMCLogin: the BMC refuses the account or the password.
	ErrBMCLogin = fmt.Errorf("%w: the BMC does not let vCenter in", ErrFailed)
	// ErrBMCRole: the account may do less than vCenter needs.
	ErrBMCRole = fmt.Errorf("%w: the account of the BMC has too few privileges", ErrFailed)
	// ErrNoBMC: nothing that speaks IPMI answers there.
	ErrNoBMC = fmt.Errorf("%w: vCenter finds no BMC", ErrFailed)
	// errBMCOther is the ErrFailed of an OtherBMCError.
	errBMCOther = fmt.Errorf("%w: another BMC answers", ErrFailed)
)

// An OtherBMCError says that the BMC at the address has another hardware address than
// the one that vCenter was told.
type OtherBMCError struct {
	Told, Observed string
	cause          error
}

// Error tells both addresses.
func (e *OtherBMCError) Error() string {
	return fmt.Sprintf("%v: told %s, observed %s", errBMCOther, e.Told, e.Observed)
}

// Unwrap returns the ErrFailed, and what vCenter said.
func (e *OtherBMCError) Unwrap() []error { return []error{errBMCOther, e.cause} }

// bmcRows come before faultRows for UpdateIpmi.
var bmcRows = []faultRow{
	{"InvalidIpmiLoginInfo", is[*types.InvalidIpmiLoginInfo], ErrBMCLogin},
	{"InvalidBmcRole", is[*types.InvalidBmcRole], ErrBMCRole},
	{"MissingBmcSupport", is[*types.MissingBmcSupport], ErrNoBMC},
}

// A HostLogin is the BMC of a host and the account to wake it with; name and password
// have 16 bytes at most. The zero value is no BMC.
type HostLogin struct {
	HostBMC
	Password string
}

// String leaves the password out.
func (l HostLogin) String() string { return fmt.Sprintf("%s at %s, %s", l.Login, l.Address, l.MAC) }

// GoString leaves the password out of %#v.
func (l HostLogin) GoString() string { return l.String() }

// UpdateIPMI tells vCenter the BMC of a host, or, with a zero login, that it has none.
// vCenter logs in at the BMC before it answers, so this may take many seconds. Two go
// on at a time, others wait. The error is an ErrBMCLogin, an *OtherBMCError and so on,
// or one of the sentinels; after ErrUnavailable and a context's error nobody knows
// what vCenter has kept.
func (v *VCenter) UpdateIPMI(ctx context.Context, h Host, login HostLogin) error {
	select {
	case v.updates <- struct{}{}:
		defer func() { <-v.updates }()
	case <-ctx.Done():
		return v.explain(ctx.Err(), "UpdateIpmi", h.Name)
	}
	err := v.link.check()
	if err == nil {
		err = v.updateIPMI(ctx, h, login)
	}
	var other *OtherBMCError
	if !errors.As(err, &other) {
		err = sentinel(ctx, err, bmcRows...)
	}
	return v.explain(err, "UpdateIpmi", h.Name)
}

func (v *VCenter) updateIPMI(ctx context.Context, h Host, login HostLogin) error {
	ref := types.ManagedObjectReference{Type: "HostSystem", Value: h.Ref}
	c := commandIn(ctx)
	ctx = c.In(slowly(ctx, updateWithin))
	Commit(ctx) // nobody waits for it as a client of a BMC does
	_, err := v.start(ctx, inventory.Key{VCenter: h.VCenter}, ref, verb{name: "UpdateIpmi", start: func(ctx context.Context, t turn) (*types.ManagedObjectReference, error) {
		_, err := methods.UpdateIpmi(ctx, t.rt, &types.UpdateIpmi{This: t.vm, IpmiInfo: types.HostIpmiInfo{
			BmcIpAddress: login.Address, BmcMacAddress: login.MAC, Login: login.Login, Password: login.Password,
		}})
		return nil, err
	}})
	if f, ok := faultOf(err).(*types.InvalidIpmiMacAddress); ok {
		return &OtherBMCError{Told: f.UserProvidedMacAddress, Observed: f.ObservedMacAddress, cause: err}
	}
	return err
}

// parseMAC reads six bytes in hexadecimal, separated by colons or dashes.
func parseMAC(text string) (mac [6]byte, ok bool) {
	raw, err := hex.DecodeString(strings.NewReplacer(":", "", "-", "").Replace(text))
	if err != nil || len(raw) != len(mac) {
		return mac, false
	}
	return [6]byte(raw), true
}
