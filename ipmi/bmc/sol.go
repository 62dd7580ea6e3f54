package bmc

import (
	"encoding/binary"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// getSOLParameters tells that Serial over LAN is off, and where it would be.
// What would be configured of it is not supported.
func getSOLParameters(c *call, dst []byte) ([]byte, error) {
	r, err := ipmi.ParseLANParameterRequest(c.data())
	if err != nil {
		return nil, err
	}
	if err := checkChannel(r.Channel); err != nil {
		return nil, err
	}
	dst = ipmi.AppendLANParameter(dst, nil)
	if r.RevisionOnly {
		return dst, nil
	}
	return c.b.appendSOLParameter(dst, ipmi.SOLParameter(r.Parameter))
}

func (b *BMC) appendSOLParameter(dst []byte, p ipmi.SOLParameter) ([]byte, error) {
	switch p {
	case ipmi.SOLSetInProgress:
		return append(dst, b.setting.sol), nil
	case ipmi.SOLEnable:
		return append(dst, 0), nil
	case ipmi.SOLChannel:
		return append(dst, ipmi.ChannelLAN), nil
	case ipmi.SOLPort:
		return binary.LittleEndian.AppendUint16(dst, b.config.LAN.Port), nil
	}
	return nil, ipmi.ParameterUnsupported
}

func setSOLParameters(c *call, dst []byte) ([]byte, error) {
	r, err := ipmi.ParseSetLANParameterRequest(c.data())
	if err != nil {
		return nil, err
	}
	if err := checkChannel(r.Channel); err != nil {
		return nil, err
	}
	p := ipmi.SOLParameter(r.Parameter)
	if p == ipmi.SOLSetInProgress {
		return setProgress(&c.b.setting.sol, dst, r.Data)
	}
	now, err := c.b.appendSOLParameter(dst, p)
	if err != nil {
		return nil, err
	}
	return unchanged(dst, now, r.Data)
}
