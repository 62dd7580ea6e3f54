package bmc

import (
	"context"
	"fmt"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

const (
	setInProgressReserved = 3
	// keepOnTimeout in parameter 3 turns off the end of the boot flags by time;
	// pyghmi, and with it OpenStack Ironic, sets it before it sets the flags.
	keepOnTimeout = 0x08
)

// bootInfo are the boot option parameters that mean nothing to the Machine
// (table 28-14): written, read back, and forgotten when the BMC restarts.
type bootInfo struct {
	setInProgress uint8
	validClearing uint8
	acknowledge   uint8
}

// setBootOptions takes parameters 0, 3, 4 and 5. Set in progress is a flag and
// not a lock, so a client that died with it set hinders nobody.
func setBootOptions(c *call, dst []byte) ([]byte, error) {
	r, err := ipmi.ParseSetBootOptionRequest(c.data())
	if err != nil {
		return nil, err
	}
	size, known := bootParameterSize(r.Parameter)
	switch {
	case !known:
		return nil, ipmi.ParameterUnsupported
	case len(r.Data) == 0:
		return dst, nil // the mark alone: all parameters here are always valid
	case len(r.Data) != size:
		return nil, ipmi.InvalidLength
	}
	info := &c.b.bootInfo
	switch r.Parameter {
	case ipmi.BootParameterSetInProgress:
		if r.Data[0]&3 == setInProgressReserved {
			return nil, ipmi.InvalidField
		}
		info.setInProgress = r.Data[0] & 3
	case ipmi.BootParameterValidClearing:
		return setValidClearing(c, dst, r.Data[0])
	case ipmi.BootParameterAcknowledge:
		mask := r.Data[0]
		info.acknowledge = info.acknowledge&^mask | r.Data[1]&mask
	case ipmi.BootParameterFlags:
		return setBootFlags(c, dst, r.Data)
	}
	return dst, nil
}

func bootParameterSize(p ipmi.BootParameter) (size int, known bool) {
	switch p {
	case ipmi.BootParameterSetInProgress, ipmi.BootParameterValidClearing:
		return 1, true
	case ipmi.BootParameterAcknowledge:
		return 2, true
	case ipmi.BootParameterFlags:
		return len(ipmi.BootFlags{}), true
	}
	return 0, false
}

func setBootFlags(c *call, dst, data []byte) ([]byte, error) {
	flags, err := ipmi.ParseBootFlags(data)
	if err != nil {
		return nil, err
	}
	if flags.Persistent() && c.operating() < ipmi.Administrator {
		return nil, ipmi.InsufficientPrivilege
	}
	b := c.b
	what := fmt.Sprintf("Set System Boot Options %v, flags %x", flags.Device(), flags[:])
	return c.hold(what, dst, func(ctx context.Context) error {
		return b.machine.SetBoot(ctx, flags, b.bootFlagsValidFor())
	})
}

// setValidClearing takes parameter 3. FreeIPMI writes the flags first and then
// that time must not end them, so flags that are set already are set anew. It
// is held like they are, so that each finds what the command before it left.
func setValidClearing(c *call, dst []byte, value uint8) ([]byte, error) {
	b := c.b
	what := fmt.Sprintf("Set System Boot Options, valid bit clearing %02x", value)
	return c.hold(what, dst, func(ctx context.Context) error {
		if !b.replaceValidClearing(value) {
			return nil
		}
		flags := b.machine.Boot()
		if !flags.Valid() || flags.Persistent() {
			return nil
		}
		return b.machine.SetBoot(ctx, flags, b.bootFlagsValidFor())
	})
}

// replaceValidClearing says whether the end of the flags by time was turned on or off.
func (b *BMC) replaceValidClearing(value uint8) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	changed := b.bootInfo.validClearing ^ value
	b.bootInfo.validClearing = value
	return changed&keepOnTimeout != 0
}

// bootFlagsValidFor is how long flags that are set now stay valid.
func (b *BMC) bootFlagsValidFor() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.bootInfo.validClearing&keepOnTimeout != 0 {
		return 0
	}
	return b.config.BootFlagsValidFor
}

// getBootOptions returns what was written, byte by byte, as far as it still holds.
func getBootOptions(c *call, dst []byte) ([]byte, error) {
	r, err := ipmi.ParseGetBootOptionRequest(c.data())
	if err != nil {
		return nil, err
	}
	info := c.b.bootInfo
	switch r.Parameter {
	case ipmi.BootParameterSetInProgress:
		return append(ipmi.AppendBootOption(dst, r.Parameter, nil), info.setInProgress), nil
	case ipmi.BootParameterValidClearing:
		return append(ipmi.AppendBootOption(dst, r.Parameter, nil), info.validClearing), nil
	case ipmi.BootParameterAcknowledge:
		return append(ipmi.AppendBootOption(dst, r.Parameter, nil), 0, info.acknowledge), nil
	case ipmi.BootParameterFlags:
		flags := c.b.machine.Boot()
		return ipmi.AppendBootOption(dst, r.Parameter, flags[:]), nil
	}
	return nil, ipmi.ParameterUnsupported
}
