package bmc

import (
	"context"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// A resetKind is which of the BMC's resets a call asks for. Neither of them
// touches the machine.
type resetKind uint8

const (
	noReset resetKind = iota
	warmReset
	coldReset
)

// resetCold and resetWarm are answered first; what they do comes after.
func resetCold(c *call, dst []byte) ([]byte, error) { return c.resetBMC(dst, coldReset, "Cold Reset") }

func resetWarm(c *call, dst []byte) ([]byte, error) { return c.resetBMC(dst, warmReset, "Warm Reset") }

func (c *call) resetBMC(dst []byte, kind resetKind, what string) ([]byte, error) {
	if len(c.data()) != 0 {
		return nil, ipmi.InvalidLength
	}
	c.resets = kind
	c.changed(what)
	return dst, nil
}

// reset puts the BMC's own state back. A warm reset ends what clients have left
// half done; a cold one also ends the sessions, the watchdog and everything that
// is said to be lost when a BMC restarts (sections 20.2 and 20.3).
func (b *BMC) reset(now time.Time, kind resetKind) {
	b.setting = setting{}
	b.bootInfo.setInProgress = 0
	b.handshakes.abandonAll()
	if kind != coldReset {
		return
	}
	for _, s := range b.sessions {
		b.closeSession(s)
	}
	b.forgetAllParting()
	b.watchdog.halt(now)
	b.watchdog = watchdog{}
	b.bootInfo = bootInfo{}
	b.restart = restart{}
	b.traffic = traffic{}
	b.sel.unreserve()
	if b.identifying != (Identify{}) {
		b.identifying = Identify{}
		b.config.Events.Identify(b.identifying)
	}
	b.carrying.Go(b.forgetBootFlags)
}

// forgetBootFlags takes back an override for the next boot, which is lost with a
// BMC that restarts; one for every boot is in the machine and stays.
func (b *BMC) forgetBootFlags() {
	ctx, cancel := context.WithTimeout(context.Background(), holdTime)
	defer cancel()
	err := b.protected(func() error { return b.withdrawNextBoot(ctx) })
	if err != nil {
		b.config.Events.Changed(Audit{Command: "Cold Reset, boot flags", Code: completionCode(err), Err: err})
	}
}

// withdrawNextBoot takes back boot flags that are for the next boot only.
func (b *BMC) withdrawNextBoot(ctx context.Context) error {
	return b.changeBoot(ctx, func(f ipmi.BootFlags) error {
		if !f.Valid() || f.Persistent() {
			return nil
		}
		return b.machine.SetBoot(ctx, f.Cleared(), 0)
	})
}

// protected turns a panic of the Machine into an error.
func (b *BMC) protected(run func() error) error {
	_, err := b.guarded(context.Background(), func(context.Context) ([]byte, error) { return nil, run() })
	return err
}
