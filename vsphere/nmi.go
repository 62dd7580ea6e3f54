package vsphere

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"
)

// An nmiProbe remembers the build of vCenter that has said it does not implement
// SendNMI, so that it is not asked again until it is another one.
type nmiProbe struct {
	mu    sync.Mutex
	build string
}

func (p *nmiProbe) lacks(build string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return build != "" && p.build == build
}

func (p *nmiProbe) note(build string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.build = build
}

// NMI sends the guest a non-maskable interrupt by SendNMI. ErrUnsupported where
// vCenter does not implement it, as that of 6.7 does not; with Config.HungVMRoute
// the interrupt then goes through the VM's ESXi host.
func (v *VCenter) NMI(ctx context.Context, key inventory.Key) error {
	err := v.perform(ctx, key, verb{name: "NMI", rows: nmiRows, start: func(ctx context.Context, t turn) (*types.ManagedObjectReference, error) {
		return nil, v.sendNMI(ctx, t)
	}})
	if v.cfg.HungVMRoute && errors.Is(err, ErrUnsupported) {
		return v.perform(ctx, key, verb{name: "NMI by its host", start: func(ctx context.Context, t turn) (*types.ManagedObjectReference, error) {
			return nil, v.hungVM(ctx, t)
		}})
	}
	return err
}

func (v *VCenter) sendNMI(ctx context.Context, t turn) error {
	about := t.conn.content.About
	build := about.Version + " " + about.Build
	if v.nmi.lacks(build) {
		return fmt.Errorf("%w: build %s has said before that it does not implement SendNMI", ErrUnsupported, about.Build)
	}
	_, err := methods.SendNMI(ctx, t.rt, &types.SendNMI{This: t.vm})
	switch faultOf(err).(type) {
	case *types.MethodNotFound, *types.NotImplemented: // NotSupported may be about this VM
		v.nmi.note(build)
	}
	return err
}
