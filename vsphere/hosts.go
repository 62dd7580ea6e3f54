package vsphere

import (
	"context"
	"slices"
	"strings"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// A Host is an ESXi host of a vCenter.
type Host struct {
	inventory.Host
	Ref       string  // managed object id, "host-42"
	VCenter   string  // instance UUID of the vCenter, lower case
	Connected bool    // vCenter has it in its hands; also while it is in standby
	BMC       HostBMC // what vCenter would wake it with; zero: nothing
}

// A HostBMC is what a vCenter knows of the BMC of a host. It tells no password.
type HostBMC struct{ Address, MAC, Login string }

// What is read of a host.
const (
	hostName      = "name"
	hostConnected = "runtime.connectionState"
	hostPower     = "runtime.powerState"
	hostSystem    = "hardware.systemInfo"
	hostCards     = "config.network.pnic"
	hostBMC       = "config.ipmi"
)

// SubscribeHosts is Subscribe for what Hosts returns, with Config.Hosts.
func (v *VCenter) SubscribeHosts() (hints <-chan struct{}, cancel func()) {
	return v.memory.hosts.subscribe()
}

// Hosts asks vCenter for all hosts that the account sees, sorted by name. It makes
// three calls, or one more for each further page of some hundred hosts.
func (v *VCenter) Hosts(ctx context.Context) ([]Host, error) {
	err := v.link.check()
	var hosts []Host
	if err == nil {
		hosts, err = v.readHosts(ctx)
	}
	if err != nil {
		return nil, v.explain(sentinel(ctx, err), "reading the hosts", v.cfg.URL.Host)
	}
	slices.SortFunc(hosts, func(a, b Host) int { return strings.Compare(a.Name+"\x00"+a.Ref, b.Name+"\x00"+b.Ref) })
	return hosts, nil
}

func (v *VCenter) readHosts(ctx context.Context) (hosts []Host, err error) {
	c, err := v.operations.acquire(ctx)
	if err != nil {
		return nil, loginError(ctx, err)
	}
	rt := v.operations.on(c.vcenter)
	view, err := methods.CreateContainerView(ctx, rt, &types.CreateContainerView{
		This: *c.content.ViewManager, Container: c.content.RootFolder, Type: []string{"HostSystem"}, Recursive: true,
	})
	if err != nil {
		return nil, err
	}
	defer func() {
		brief, cancel := context.WithTimeout(context.WithoutCancel(ctx), logoutGrace)
		defer cancel()
		if gone := destroyView(brief, rt, view.Returnval); gone != nil {
			v.cfg.Log.Debug("view was not destroyed", "vcenter", v.cfg.Name, "error", gone)
		}
	}()
	objects, err := retrieveView(ctx, rt, c.content.PropertyCollector, view.Returnval,
		types.PropertySpec{Type: "HostSystem", PathSet: []string{hostName, hostConnected, hostPower, hostSystem, hostCards, hostBMC}})
	for _, o := range objects {
		hosts = append(hosts, hostOf(o, c.vcenter))
	}
	return hosts, err
}

// retrieveView reads properties of all objects in a view, page by page.
func retrieveView(ctx context.Context, rt soap.RoundTripper, collector, view types.ManagedObjectReference, spec types.PropertySpec) ([]types.ObjectContent, error) {
	no, yes := false, true
	spec.All = &no
	res, err := methods.RetrievePropertiesEx(ctx, rt, &types.RetrievePropertiesEx{This: collector, SpecSet: []types.PropertyFilterSpec{{
		ObjectSet: []types.ObjectSpec{{
			Obj: view, Skip: &yes,
			SelectSet: []types.BaseSelectionSpec{&types.TraversalSpec{Type: "ContainerView", Path: "view", Skip: &no}},
		}},
		PropSet: []types.PropertySpec{spec},
	}}})
	if err != nil || res.Returnval == nil {
		return nil, err
	}
	objects, token := res.Returnval.Objects, res.Returnval.Token
	for token != "" {
		page, err := methods.ContinueRetrievePropertiesEx(ctx, rt, &types.ContinueRetrievePropertiesEx{This: collector, Token: token})
		if err != nil {
			return nil, err
		}
		objects, token = append(objects, page.Returnval.Objects...), page.Returnval.Token
	}
	return objects, nil
}

// hostOf makes a host of what vCenter says of one.
func hostOf(o types.ObjectContent, vcenter string) Host {
	h := Host{Ref: o.Obj.Value, VCenter: vcenter}
	standby := false
	for _, p := range o.PropSet {
		switch value := p.Val.(type) {
		case string:
			h.Name = displayName(value)
		case types.HostSystemConnectionState:
			h.Connected = value == types.HostSystemConnectionStateConnected
		case types.HostSystemPowerState:
			standby = value == types.HostSystemPowerStateStandBy
		case types.HostSystemInfo:
			h.identify(value)
		case types.ArrayOfPhysicalNic:
			for _, nic := range value.PhysicalNic {
				if mac, ok := parseMAC(nic.Mac); ok {
					h.MACs = append(h.MACs, mac)
				}
			}
		case types.HostIpmiInfo:
			h.BMC = HostBMC{Address: value.BmcIpAddress, MAC: value.BmcMacAddress, Login: value.Login}
		}
	}
	h.Connected = h.Connected || standby
	return h
}

// serviceTag is what vCenter calls the serial number of a host's hardware.
const serviceTag = "ServiceTag"

func (h *Host) identify(info types.HostSystemInfo) {
	h.Vendor, h.UUID = info.Vendor, info.Uuid
	if info.SerialNumber != "" { // since 6.7
		h.ServiceTags = append(h.ServiceTags, info.SerialNumber)
	}
	for _, other := range info.OtherIdentifyingInfo {
		if d, ok := other.IdentifierType.(*types.ElementDescription); ok && d.Key == serviceTag {
			h.ServiceTags = append(h.ServiceTags, other.IdentifierValue)
		}
	}
}

// watchHosts adds a filter over whether hosts are connected and what is known of
// their BMCs. What it tells is a hint to read them.
func (col *collector) watchHosts(ctx context.Context) error {
	no := false
	p, err := col.watch(ctx, col.conn.content.RootFolder, true,
		types.PropertySpec{Type: "HostSystem", All: &no, PathSet: []string{hostConnected, hostBMC}})
	if err != nil {
		return err
	}
	col.hosts, col.hostsView = p.filter.Value, p.view
	return nil
}
