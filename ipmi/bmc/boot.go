package bmc

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

const (
	setInProgressReserved = 3
	// keepOnTimeout in parameter 3 turns off the end of the boot flags by time;
	// pyghmi, and with it OpenStack Ironic, sets it before it sets the flags,
	// FreeIPMI after.
	keepOnTimeout = 0x08
)

// setBootOptions stores a parameter as it is written, and its mark. Set in
// progress is a flag and not a lock, so a client that died with it set hinders
// nobody (R19).
func setBootOptions(c *call, dst []byte) ([]byte, error) {
	r, err := ipmi.ParseSetBootOptionRequest(c.data())
	if err != nil {
		return nil, err
	}
	least, most, known := bootParameterSize(r.Parameter)
	switch {
	case !known:
		return nil, ipmi.ParameterUnsupported
	case len(r.Data) != 0 && (len(r.Data) < least || len(r.Data) > most):
		return nil, ipmi.InvalidLength
	case r.Parameter == ipmi.BootParameterFlags:
		return setBootFlags(c, dst, r)
	case c.overtaken():
		return nil, ipmi.NodeBusy
	}
	info := &c.b.bootInfo
	if r.Parameter == ipmi.BootParameterValidClearing && len(r.Data) != 0 {
		return setValidClearing(c, dst, r)
	}
	if err := info.set(r); err != nil {
		return nil, err
	}
	info.mark(r.Parameter, r.Invalid)
	return dst, nil
}

// setBootFlags gives parameter 5 to the Machine. Flags that are marked invalid
// are withdrawn, whether they come with the mark or were there before.
func setBootFlags(c *call, dst []byte, r ipmi.SetBootOptionRequest) ([]byte, error) {
	b, m := c.b, c.b.machine
	present := m.Boot()
	flags, unmarked := present, b.bootInfo.unmarked
	if len(r.Data) != 0 {
		var err error
		if flags, err = ipmi.ParseBootFlags(r.Data); err != nil {
			return nil, err
		}
		if flags.Persistent() && c.operating() < ipmi.Administrator {
			return nil, ipmi.InsufficientPrivilege
		}
		unmarked = b.bootInfo.means(present, flags)
	}
	switch {
	case r.Invalid:
		flags, unmarked = flags.Cleared(), false
	case unmarked:
		flags = flags.Cleared().Marked()
	}
	what := fmt.Sprintf("Set System Boot Options %v, flags %x", flags.Device(), flags[:])
	return c.hold(what, dst, func(ctx context.Context) error {
		if flags != present || len(r.Data) != 0 {
			err := m.SetBoot(ctx, flags, b.bootFlagsValidFor())
			if unmarked && errors.Is(err, ipmi.InvalidField) {
				// Nobody said that this device, which the machine has not, is to be used.
				flags, unmarked = flags.Cleared(), false
				err = m.SetBoot(ctx, flags, b.bootFlagsValidFor())
			}
			if err != nil {
				return err
			}
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.bootInfo.unmarked = unmarked
		b.bootInfo.mark(r.Parameter, r.Invalid)
		return nil
	})
}

// setValidClearing takes parameter 3. FreeIPMI writes the flags first and then
// that time must not end them, so flags that are set already are set anew. It
// is held like they are, so that each finds what the command before it left.
func setValidClearing(c *call, dst []byte, r ipmi.SetBootOptionRequest) ([]byte, error) {
	b, value := c.b, r.Data[0]
	what := fmt.Sprintf("Set System Boot Options, valid bit clearing %02x", value)
	return c.hold(what, dst, func(ctx context.Context) error {
		if !b.replaceValidClearing(value, r.Invalid) {
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
func (b *BMC) replaceValidClearing(value uint8, invalid bool) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bootInfo.mark(ipmi.BootParameterValidClearing, invalid)
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
	info := &c.b.bootInfo
	if _, _, known := bootParameterSize(r.Parameter); !known {
		return nil, ipmi.ParameterUnsupported
	}
	dst = ipmi.AppendBootOption(dst, r.Parameter, info.invalid&(1<<r.Parameter) != 0, nil)
	if r.Parameter != ipmi.BootParameterFlags {
		return info.append(dst, r)
	}
	flags := c.b.machine.Boot()
	if info.unmarked {
		flags = flags.Cleared()
	}
	return append(dst, flags[:]...), nil
}
