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
	clearing := info.validClearing
	if err := info.set(r); err != nil {
		return nil, err
	}
	info.mark(r.Parameter, r.Invalid)
	if (clearing^info.validClearing)&keepOnTimeout != 0 {
		return c.keepBootFlags(dst)
	}
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
	validFor := b.bootFlagsValidFor()
	what := fmt.Sprintf("Set System Boot Options %v, flags %x", flags.Device(), flags[:])
	return c.hold(what, dst, func(ctx context.Context) error {
		if flags != present || len(r.Data) != 0 {
			err := m.SetBoot(ctx, flags, validFor)
			if unmarked && errors.Is(err, ipmi.InvalidField) {
				// Nobody said that this device, which the machine has not, is to be used.
				flags, unmarked = flags.Cleared(), false
				err = m.SetBoot(ctx, flags, validFor)
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

// keepBootFlags gives flags that wait a new time to wait.
func (c *call) keepBootFlags(dst []byte) ([]byte, error) {
	m, validFor := c.b.machine, c.b.bootFlagsValidFor()
	flags := m.Boot()
	if !flags.Valid() || flags.Persistent() {
		return dst, nil
	}
	return c.hold("Set System Boot Options, valid bit clearing", dst, func(ctx context.Context) error {
		return m.SetBoot(ctx, flags, validFor)
	})
}

func (b *BMC) bootFlagsValidFor() time.Duration {
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
