package bmc

import (
	"bytes"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// A setting has the "set in progress" of the parameter sets: flags and no locks,
// so a client that died with one set hinders nobody (R19).
type setting struct {
	lan, sol, systemInfo uint8
}

// setProgress takes the data of a "set in progress". Commit has nothing to do,
// but ipmitool sends it.
func setProgress(flag *uint8, dst, data []byte) ([]byte, error) {
	switch {
	case len(data) != 1:
		return nil, ipmi.InvalidLength
	case data[0]&3 == setInProgressReserved:
		return nil, ipmi.InvalidField
	}
	*flag = data[0] & 3
	return dst, nil
}

// unchanged accepts a parameter as it is, which ipmi-config writes back, and
// calls all others read only: the gateway owns the addresses. now is dst with
// the present value behind it.
func unchanged(dst, now, data []byte) ([]byte, error) {
	if !bytes.Equal(now[len(dst):], data) {
		return nil, ipmi.ParameterReadOnly
	}
	return dst, nil
}

func setLANParameters(c *call, dst []byte) ([]byte, error) {
	r, err := ipmi.ParseSetLANParameterRequest(c.data())
	if err != nil {
		return nil, err
	}
	if err := checkChannel(r.Channel); err != nil {
		return nil, err
	}
	if r.Parameter == ipmi.LANSetInProgress {
		return setProgress(&c.b.setting.lan, dst, r.Data)
	}
	now, err := c.b.config.appendLANParameter(dst, ipmi.LANParameterRequest{Parameter: r.Parameter})
	if err != nil {
		return nil, err
	}
	return unchanged(dst, now, r.Data)
}

// suspendARPs suspends none: the host's kernel answers ARP, and the status says so.
func suspendARPs(c *call, dst []byte) ([]byte, error) {
	channel, err := ipmi.ParseSuspendARPRequest(c.data())
	if err != nil {
		return nil, err
	}
	if err := checkChannel(channel); err != nil {
		return nil, err
	}
	return ipmi.AppendARPStatus(dst, c.b.config.LAN.Address.Unmap().Is4()), nil
}
