package gateway

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

// A machine is the VM behind a BMC: it answers IPMI's questions from what
// vSphere's watch has reported and turns its commands into vSphere's verbs.
type machine struct {
	tenant string
	key    inventory.Key
	vc     func() *vsphere.VCenter // that speaks to the VM's vCenter now
	boot   *bootOverride
	ops    *operations
	ledger *ledger
	cycles *cycles
	policy func() Power // of the tenant, as it is configured now
	ending func() bool  // the daemon ends
	soft   softOff
	note   func(msg string, args ...any)                   // logs what nobody's command is told of
	permit func(ipmi.ChassisControl, bmc.PowerState) error // of the tenant, for each action that is not joined
	done   func(ipmi.ChassisControl, error)
	ran    func(c ipmi.ChassisControl, id string, err error) // an action that was not joined, under its operation id
}

var (
	_ bmc.Machine      = (*machine)(nil)
	_ bmc.PowerOnHours = (*machine)(nil)
	_ bmc.CycleTimer   = (*machine)(nil)
)

// Power returns what the watch last said. A suspended VM is not off: it can come
// back with its old memory and write to its disks.
func (m *machine) Power() (bmc.PowerState, error) {
	s, err := m.vc().State(m.key)
	if err != nil {
		return 0, bmc.ErrStale
	}
	switch s.Power {
	case vsphere.PoweredOn:
		return bmc.On, nil
	case vsphere.PoweredOff:
		return bmc.Off, nil
	case vsphere.Suspended:
		return bmc.Sleeping, nil
	default:
		return 0, bmc.ErrStale
	}
}

func (m *machine) isOn() bool {
	power, err := m.Power()
	return err == nil && power == bmc.On
}

// Control carries out a power action. Its errors carry the completion code of
// the fault and vSphere's words. vCenter is asked also when the VM seems to be in
// the wanted state already: a task under way may be about to change that, and a
// fence agent must not take an "off" from memory for one that was carried out.
func (m *machine) Control(ctx context.Context, c ipmi.ChassisControl) error {
	m.boot.restartCountdown()
	if c != ipmi.ChassisSoftOff {
		m.soft.cancel()
	}
	asked := vsphere.NewCommand(m.tenant) // now: also the wait for another action is part of its wait
	err := completionCode(m.ops.do(ctx, c, func(ctx context.Context, accept func()) error {
		note := func() { bmc.TraceIn(ctx).Note(asked.ID(), asked.Task()) }
		note()
		ctx = asked.In(ctx)
		err := m.carryOut(ctx, c, func() { note(); accept() })
		note()
		m.ran(c, asked.ID(), err)
		if err != nil && !vsphere.Begun(ctx) {
			return untouched{err}
		}
		return err
	}))
	m.done(c, err)
	return err
}

func (m *machine) carryOut(ctx context.Context, c ipmi.ChassisControl, accept func()) error {
	power, err := m.present()
	permitted := power
	if errors.Is(err, vsphere.ErrDoubted) && (c == ipmi.ChassisPowerUp || c == ipmi.ChassisPowerDown) {
		power, permitted, err = bmc.Off, bmc.On, nil // vCenter is asked, and knows
	}
	if err != nil {
		return err
	}
	if err := m.permit(c, permitted); err != nil {
		return err
	}
	if power == bmc.On {
		if err := m.boot.isOn(); err != nil {
			return err
		}
	}
	switch c {
	case ipmi.ChassisPowerUp:
		return m.powerUp(ctx, power)
	case ipmi.ChassisPowerDown:
		return m.vc().PowerOff(ctx, m.key)
	case ipmi.ChassisSoftOff:
		return m.shutdown(ctx, power)
	case ipmi.ChassisPowerCycle:
		return m.cycle(ctx, power, accept)
	case ipmi.ChassisHardReset:
		return m.whenOn(power, func() error { return m.reset(ctx, accept) })
	case ipmi.ChassisDiagnostic:
		return m.whenOn(power, func() error { return m.vc().NMI(ctx, m.key) })
	default:
		return ipmi.InvalidField
	}
}

// powerUp starts the VM with the boot override applied. One that is suspended
// resumes where it was, which is no boot and uses no override up.
func (m *machine) powerUp(ctx context.Context, power bmc.PowerState) error {
	if power == bmc.Off {
		return m.bootUp(ctx)
	}
	return m.vc().PowerOn(ctx, m.key)
}

func (m *machine) bootUp(ctx context.Context) error {
	return m.boot.start(ctx, func() error { return m.vc().PowerOn(ctx, m.key) })
}

// present is the power state for a command. What nobody vouches for is as good as
// a vCenter that is gone, and of a VM that is not connected vCenter refuses all.
func (m *machine) present() (bmc.PowerState, error) {
	_, err := m.vc().State(m.key)
	switch {
	case errors.Is(err, vsphere.ErrNotFound):
		return 0, err
	case errors.Is(err, vsphere.ErrDisconnected):
		return 0, fmt.Errorf("%w: %v", vsphere.ErrState, err)
	case errors.Is(err, vsphere.ErrDoubted):
		return 0, err
	case err != nil:
		return 0, vsphere.ErrUnavailable
	}
	power, err := m.Power()
	if err != nil {
		return 0, vsphere.ErrUnavailable
	}
	return power, nil
}

// whenOn refuses what section 28.3 wants refused of a machine that is not on.
func (m *machine) whenOn(power bmc.PowerState, do func() error) error {
	if power != bmc.On {
		return fmt.Errorf("virtual machine is %s: %w", power, vsphere.ErrState)
	}
	return do()
}

// reset presses the reset button, unless a boot override waits: a VM reads its
// boot order reliably at a cold start only, so it then gets one.
func (m *machine) reset(ctx context.Context, accept func()) error {
	if m.boot.pending() {
		return m.coldStart(ctx, 0, accept)
	}
	return m.vc().Reset(ctx, m.key)
}

// PowerOnMinutes returns how long the VM has been on, as far as the gateway knows.
func (m *machine) PowerOnMinutes() uint32 { return m.ledger.minutes(m.key) }

// SetCycleInterval stores how long power cycles leave the VM off.
func (m *machine) SetCycleInterval(off time.Duration) error {
	return m.ledger.setCycleTime(m.key, off)
}

// Boot returns the boot flags as set, without their valid bit when they expired.
func (m *machine) Boot() ipmi.BootFlags { return m.boot.flags() }

// SetBoot remembers the flags; vSphere hears of them at the next boot.
func (m *machine) SetBoot(_ context.Context, f ipmi.BootFlags, validFor time.Duration) error {
	if f.Valid() && f.Device() != ipmi.BootNoOverride {
		if _, ok := bootDevice(f.Device()); !ok {
			return refusal{ipmi.InvalidField, fmt.Errorf("a VM cannot boot from %q", f.Device())}
		}
	}
	m.noteFirmware(f)
	return m.boot.set(f, validFor)
}

// noteFirmware logs flags that ask for an EFI boot of a VM that has a BIOS: the
// firmware of a VM with disks is not ours to change. Nothing is made of the
// opposite, because clients leave the bit away when they do not care.
func (m *machine) noteFirmware(f ipmi.BootFlags) {
	s, err := m.vc().State(m.key)
	if err == nil && f.Valid() && f.EFI() && !s.EFI {
		m.note("boot flags ask for EFI, the VM has a BIOS and keeps it", "flags", f.String())
	}
}

// bootDevice returns vSphere's device for IPMI's selector. Safe mode and a
// diagnostic partition are nothing a VM has.
func bootDevice(d ipmi.BootDevice) (vsphere.BootDevice, bool) {
	switch d {
	case ipmi.BootPXE:
		return vsphere.BootNetwork, true
	case ipmi.BootDisk, ipmi.BootRemoteDisk:
		return vsphere.BootDisk, true
	case ipmi.BootCDROM, ipmi.BootRemoteCDROM:
		return vsphere.BootCDROM, true
	case ipmi.BootFloppy, ipmi.BootRemoteFloppy:
		return vsphere.BootFloppy, true
	case ipmi.BootSetup:
		return vsphere.BootSetup, true
	default:
		return 0, false
	}
}

// faultCodes is what a client is told of each of vSphere's refusals. Node busy
// is the one that clients repeat, so it stands for everything that may pass.
var faultCodes = []struct {
	fault error
	code  ipmi.CompletionCode
}{
	{vsphere.ErrBusy, ipmi.NodeBusy},
	{vsphere.ErrStale, ipmi.NodeBusy},
	{vsphere.ErrUnavailable, ipmi.NodeBusy},
	{vsphere.ErrState, ipmi.NotInPresentState},
	{vsphere.ErrDenied, ipmi.InsufficientPrivilege},
	{vsphere.ErrNotFound, ipmi.NotPresent},
	{vsphere.ErrUnsupported, ipmi.InvalidField},
	{vsphere.ErrFailed, ipmi.Unspecified},
}

// A refusal is a fault with the completion code it has for the client.
type refusal struct {
	code  ipmi.CompletionCode
	fault error
}

// Error is the fault's; the code is told beside it.
func (r refusal) Error() string { return r.fault.Error() }

// Unwrap gives both.
func (r refusal) Unwrap() []error { return []error{r.code, r.fault} }

// completionCode puts the code of a fault into its error, for the dispatcher to find.
func completionCode(err error) error {
	if err == nil {
		return nil
	}
	if code := ipmi.Completed; errors.As(err, &code) {
		return err
	}
	for _, f := range faultCodes {
		if errors.Is(err, f.fault) {
			return refusal{f.code, err}
		}
	}
	return err
}
