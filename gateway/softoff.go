package gateway

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

// A softOff cuts the power of a VM that is still on some time after a soft off.
// Any other command takes it back, and it never strikes a VM that was started
// since. It is not kept on disk: a gateway that was restarted has no business to
// power off what nobody has asked it for.
type softOff struct {
	mu      sync.Mutex
	wg      sync.WaitGroup
	pending *pendingOff
	closed  bool
}

// A pendingOff is one power off to come.
type pendingOff struct {
	of     vsphere.State // of the VM when the soft off came
	cancel context.CancelFunc
}

// arm has cut called after d, unless cancel comes first. A repeat of the same
// soft off does not put it off.
func (s *softOff) arm(of vsphere.State, d time.Duration, cut func(context.Context, *pendingOff)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.pending != nil && sameRun(s.pending.of, of) {
		return
	}
	s.drop()
	ctx, cancel := context.WithCancel(context.Background())
	p := &pendingOff{of: of, cancel: cancel}
	s.pending = p
	s.wg.Go(func() {
		defer cancel()
		defer s.claim(p) // it is over, however it ended
		if pause(ctx, d) == nil {
			cut(ctx, p)
		}
	})
}

// cancel takes back what is pending.
func (s *softOff) cancel() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop()
}

// drop is cancel. mu is held.
func (s *softOff) drop() {
	if s.pending != nil {
		s.pending.cancel()
		s.pending = nil
	}
}

// claim reports whether p still holds, and makes an end of it: a command that
// comes now waits until the power off is over.
func (s *softOff) claim(p *pendingOff) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pending != p {
		return false
	}
	s.pending = nil
	return true
}

// close cancels and waits.
func (s *softOff) close() {
	s.mu.Lock()
	s.closed = true
	s.drop()
	s.mu.Unlock()
	s.wg.Wait()
}

// sameRun reports whether a VM that is on has been so, without a break, from one
// state to the other.
func sameRun(then, now vsphere.State) bool {
	return then.Power == vsphere.PoweredOn && now.Power == vsphere.PoweredOn &&
		then.Since.Equal(now.Since) && then.BootTime.Equal(now.BootTime)
}

// shutdown asks VMware Tools for a shutdown; without them the tenant's policy
// says what happens. Of a VM that is off already it is success: provisioners
// repeat themselves.
func (m *machine) shutdown(ctx context.Context, power bmc.PowerState) error {
	before, err := m.vc().State(m.key)
	if err != nil {
		return err
	}
	err = m.vc().Shutdown(ctx, m.key)
	switch without := errors.Is(err, vsphere.ErrNoTools); {
	case power == bmc.Off && errors.Is(err, vsphere.ErrState):
		return nil
	case without && m.policy().SoftOff.Hard:
		return m.vc().PowerOff(ctx, m.key)
	case m.policy().SoftOff.HardAfter > 0 && power == bmc.On && (err == nil || without):
		m.soft.arm(before, m.policy().SoftOff.HardAfter, m.cut)
		return nil
	}
	return err
}

// errTakenBack is a power off that is not made after all. A client whose own has
// joined it is not told that it was, and comes again.
var errTakenBack = fmt.Errorf("the soft off was taken back: %w", vsphere.ErrBusy)

// cut powers the VM off, one action at a time like all others, if it is still in
// the run that the soft off was for.
func (m *machine) cut(ctx context.Context, p *pendingOff) {
	err := m.ops.do(ctx, ipmi.ChassisPowerDown, func(ctx context.Context, _ func()) error {
		now, err := m.vc().State(m.key)
		if !m.soft.claim(p) || err == nil && !sameRun(p.of, now) {
			return errTakenBack
		}
		if err != nil {
			return err
		}
		m.note("soft off: still on after its time, cutting the power")
		ctx = vsphere.NewCommand(m.tenant).In(ctx)
		vsphere.Commit(ctx) // nobody would ask again
		return m.vc().PowerOff(ctx, m.key)
	})
	if err != nil && !errors.Is(err, errTakenBack) && ctx.Err() == nil {
		m.ops.late(ipmi.ChassisSoftOff, err)
	}
}
