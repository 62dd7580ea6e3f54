package vspheretest

import (
	"context"
	"net"
	"net/netip"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// BMCs is how a vCenter speaks to the BMCs of its hosts. Package bmcclient has one
// that does it with IPMI over UDP.
type BMCs interface {
	// Check logs in to a BMC, sees whether the account may do what vCenter needs,
	// and reads the MAC address. The fault is what UpdateIpmi is to fail with.
	Check(ctx context.Context, bmc types.HostIpmiInfo) (mac string, fault types.BaseMethodFault)
	// PowerOn returns when the BMC has accepted to power the host on.
	PowerOn(ctx context.Context, bmc types.HostIpmiInfo) error
}

// hostMethods are the calls on a host that hostProxy answers.
var hostMethods = map[string]bool{"UpdateIpmi": true, "PowerDownHostToStandBy_Task": true, "PowerUpHostFromStandBy_Task": true}

// hostProxy answers the calls on a host that the simulator lacks. None of them
// holds the host's lock for as long as it takes, so that property reads go on: it
// brings a lock of its own, which is none.
type hostProxy struct {
	host *simulator.HostSystem
	v    *VCenter
}

// Reference implements mo.Reference.
func (p *hostProxy) Reference() types.ManagedObjectReference { return p.host.Self }

// Lock implements sync.Locker.
func (p *hostProxy) Lock() {}

// Unlock implements sync.Locker.
func (p *hostProxy) Unlock() {}

// longest is how long a login and a password of a BMC may be, in bytes.
const longest = 16

// UpdateIpmi implements the method of the same name: what is given is tried before
// it is kept. Nothing given at all makes vCenter forget the BMC.
func (p *hostProxy) UpdateIpmi(_ *simulator.Context, req *types.UpdateIpmi) soap.HasFault {
	if fault := p.v.updateIpmi(p.host, req.IpmiInfo); fault != nil {
		return &methods.UpdateIpmiBody{Fault_: simulator.Fault("", fault)}
	}
	return &methods.UpdateIpmiBody{Res: &types.UpdateIpmiResponse{}}
}

func (v *VCenter) updateIpmi(host *simulator.HostSystem, bmc types.HostIpmiInfo) types.BaseMethodFault {
	if bmc == (types.HostIpmiInfo{}) {
		v.keepBMC(host, nil)
		return nil
	}
	if wrong := wrongField(bmc); wrong != "" {
		return &types.InvalidArgument{InvalidProperty: "ipmiInfo." + wrong}
	}
	if v.cfg.BMCs == nil {
		return &types.NotSupported{}
	}
	ctx, cancel := v.untilClosed()
	defer cancel()
	mac, fault := v.cfg.BMCs.Check(ctx, bmc)
	if fault != nil {
		return fault
	}
	if !strings.EqualFold(mac, bmc.BmcMacAddress) {
		return &types.InvalidIpmiMacAddress{UserProvidedMacAddress: bmc.BmcMacAddress, ObservedMacAddress: mac}
	}
	v.keepBMC(host, &bmc)
	return nil
}

// wrongField names what cannot be right whatever the BMC says; "" when all can.
func wrongField(bmc types.HostIpmiInfo) string {
	if _, err := netip.ParseAddr(bmc.BmcIpAddress); err != nil {
		return "bmcIpAddress"
	}
	if mac, err := net.ParseMAC(bmc.BmcMacAddress); err != nil || len(mac) != 6 || strings.Count(bmc.BmcMacAddress, ":") != 5 {
		return "bmcMacAddress"
	}
	if len(bmc.Login) > longest {
		return "login"
	}
	if len(bmc.Password) > longest {
		return "password"
	}
	return ""
}

// keepBMC sets config.ipmi, in which nobody can read the password.
func (v *VCenter) keepBMC(host *simulator.HostSystem, bmc *types.HostIpmiInfo) {
	password := ""
	if bmc != nil {
		shown := *bmc
		password, shown.Password = bmc.Password, ""
		bmc = &shown
	}
	v.mu.Lock()
	v.machine(host.Self).bmc = password
	v.mu.Unlock()
	v.registry.WithLock(v.context(), host, func() { host.Config.Ipmi = bmc })
	v.hub.touch(host.Self)
}

// bmcOf returns what keepBMC kept.
func (v *VCenter) bmcOf(host *simulator.HostSystem) (bmc types.HostIpmiInfo) {
	v.registry.WithLock(v.context(), host, func() {
		if host.Config.Ipmi != nil {
			bmc = *host.Config.Ipmi
		}
	})
	v.mu.Lock()
	defer v.mu.Unlock()
	bmc.Password = v.machine(host.Self).bmc
	return bmc
}

// untilClosed is a context that ends with the vCenter.
func (v *VCenter) untilClosed() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	stop := make(chan struct{})
	v.spawn(func() {
		select {
		case <-v.closing:
			cancel()
		case <-stop:
		}
	})
	return ctx, func() {
		cancel()
		close(stop)
	}
}
