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
	what := fmt.Sprintf("Set System Boot Options, flags marked invalid %t", r.Invalid)
	written := len(r.Data) != 0
	var flags ipmi.BootFlags
	if written {
		var err error
		if flags, err = ipmi.ParseBootFlags(r.Data); err != nil {
			return nil, err
		}
		if flags.Persistent() && c.operating() < ipmi.Administrator {
			return nil, ipmi.InsufficientPrivilege
		}
		if r.Invalid {
			flags = flags.Cleared()
		}
		what = bootCommand(flags)
	}
	b := c.b
	return c.hold(what, dst, func(ctx context.Context) error {
		return b.changeBoot(ctx, func(present ipmi.BootFlags) error {
			if !written {
				return b.remarkBoot(ctx, present, r.Invalid)
			}
			return b.writeBoot(ctx, present, flags, r.Invalid)
		})
	})
}

func bootCommand(flags ipmi.BootFlags) string {
	return fmt.Sprintf("Set System Boot Options %v, flags %x", flags.Device(), flags[:])
}

// changeBoot lets one after the other of those who read and then write the boot
// flags do so, whichever session they are of: none goes by flags that are no more.
// It waits no longer than ctx.
func (b *BMC) changeBoot(ctx context.Context, change func(present ipmi.BootFlags) error) error {
	select {
	case b.booting <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-b.booting }()
	return change(b.machine.Boot())
}

// remarkBoot takes the mark of parameter 5 alone. Marked invalid, the flags that
// there are are withdrawn.
func (b *BMC) remarkBoot(ctx context.Context, present ipmi.BootFlags, invalid bool) error {
	if flags := present.Cleared(); invalid && flags != present {
		if err := b.machine.SetBoot(ctx, flags, b.bootFlagsValidFor()); err != nil {
			return err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bootInfo.unmarked = b.bootInfo.unmarked && !invalid
	b.bootInfo.mark(ipmi.BootParameterFlags, invalid)
	return nil
}

// writeBoot takes new flags, which are meant as they are or as bootInfo.means says.
func (b *BMC) writeBoot(ctx context.Context, present, flags ipmi.BootFlags, invalid bool) error {
	unmarked := !invalid && b.meansBoot(present, flags)
	if !flags.Valid() {
		flags = flags.Cleared() // what is not valid is not for every boot either
	}
	if unmarked {
		flags = flags.Marked()
	}
	err := b.machine.SetBoot(ctx, flags, b.bootFlagsValidFor())
	if unmarked && errors.Is(err, ipmi.InvalidField) {
		// Nobody said that this device, which the machine has not, is to be used.
		unmarked = false
		err = b.machine.SetBoot(ctx, flags.Cleared(), b.bootFlagsValidFor())
	}
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bootInfo.unmarked = unmarked
	b.bootInfo.mark(ipmi.BootParameterFlags, invalid)
	return nil
}

func (b *BMC) meansBoot(present, written ipmi.BootFlags) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.bootInfo.means(present, written)
}

// setValidClearing takes parameter 3. FreeIPMI writes the flags first and then
// that time must not end them, so flags that are set already are set anew. It
// is held like they are, so that each finds what the command before it left.
func setValidClearing(c *call, dst []byte, r ipmi.SetBootOptionRequest) ([]byte, error) {
	b, value := c.b, r.Data[0]
	what := fmt.Sprintf("Set System Boot Options, valid bit clearing %02x", value)
	return c.hold(what, dst, func(ctx context.Context) error {
		return b.changeBoot(ctx, func(flags ipmi.BootFlags) error {
			if !b.replaceValidClearing(value, r.Invalid) || !flags.Valid() || flags.Persistent() {
				return nil
			}
			return b.machine.SetBoot(ctx, flags, b.bootFlagsValidFor())
		})
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
