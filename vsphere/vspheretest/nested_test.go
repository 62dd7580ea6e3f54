package vspheretest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/vmware/govmomi/event"
	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// bmcs are BMCs with one MAC address, one password and the outer VM they power on.
type bmcs struct {
	outer *vspheretest.VCenter
	vm    string
	does  func() error // instead of the power-on; nil: nothing

	mu  sync.Mutex
	ons []types.HostIpmiInfo
}

const bmcMAC, bmcPassword = "02:00:00:00:00:aa", "sixteen-letters!"

func (b *bmcs) Check(_ context.Context, bmc types.HostIpmiInfo) (string, types.BaseMethodFault) {
	if bmc.Password != bmcPassword {
		return "", &types.InvalidIpmiLoginInfo{}
	}
	return bmcMAC, nil
}

func (b *bmcs) PowerOn(_ context.Context, bmc types.HostIpmiInfo) error {
	b.mu.Lock()
	b.ons = append(b.ons, bmc)
	b.mu.Unlock()
	if b.does != nil {
		return b.does()
	}
	return b.outer.SetPower(b.vm, on)
}

func hostOf(c *vim25.Client, v *vspheretest.VCenter, name string) *object.HostSystem {
	return object.NewHostSystem(c, types.ManagedObjectReference{Type: "HostSystem", Value: v.HostRef(name)})
}

// nest starts an outer vCenter with a VM and an inner one with the host in it.
func nest(t *testing.T) (outer, inner *vspheretest.VCenter, b *bmcs) {
	t.Helper()
	outer = start(t, vspheretest.Config{Name: "outer", VMs: 1, Prefix: "esx"})
	b = &bmcs{outer: outer, vm: "esx-01"}
	inner = start(t, vspheretest.Config{Name: "inner", VMs: 1, BMCs: b})
	must(t, inner.AddNestedHost(vspheretest.NestedHost{Outer: outer, VM: "esx-01"}))
	return outer, inner, b
}

func TestNestedHostTellsItsVM(t *testing.T) {
	outer := start(t, vspheretest.Config{Name: "outer", VMs: 3, Prefix: "esx"})
	inner := start(t, vspheretest.Config{Name: "inner"})
	const bios = "564d2f12-8041-639b-5018-05a835b72eaf"
	for n := range 3 {
		must(t, outer.Edit(fmt.Sprintf("esx-%02d", n+1), func(vm *mo.VirtualMachine) { vm.Config.Uuid = bios }))
	}
	must(t, inner.AddNestedHost(vspheretest.NestedHost{Outer: outer, VM: "esx-01"}))
	must(t, inner.AddNestedHost(vspheretest.NestedHost{Outer: outer, VM: "esx-02", Name: "newer", Swapped: true}))
	must(t, inner.AddNestedHost(vspheretest.NestedHost{Outer: outer, VM: "esx-03", NoServiceTag: true}))
	var macs []string
	for n := range 3 {
		must(t, outer.Edit(fmt.Sprintf("esx-%02d", n+1), func(vm *mo.VirtualMachine) {
			for _, d := range vm.Config.Hardware.Device {
				if card, ok := d.(types.BaseVirtualEthernetCard); ok {
					macs = append(macs, card.GetVirtualEthernetCard().MacAddress)
				}
			}
		}))
	}
	const tag = "VMware-56 4d 2f 12 80 41 63 9b-50 18 05 a8 35 b7 2e af"
	c := login(t, inner)
	for n, tt := range []struct{ host, uuid, tag string }{
		{"esx-01", bios, tag},
		{"newer", "122f4d56-4180-9b63-5018-05a835b72eaf", tag},
		{"esx-03", bios, ""},
	} {
		t.Run(tt.host, func(t *testing.T) {
			var h mo.HostSystem
			must(t, property.DefaultCollector(c).RetrieveOne(t.Context(), hostOf(c, inner, tt.host).Reference(),
				[]string{"name", "hardware.systemInfo", "config.network.pnic", "config.ipmi", "runtime"}, &h))
			info := h.Hardware.SystemInfo
			if h.Name != tt.host || info.Uuid != tt.uuid || info.SerialNumber != tt.tag || info.Vendor != "VMware, Inc." {
				t.Errorf("host %q is %+v", h.Name, info)
			}
			if tt.tag != "" && (len(info.OtherIdentifyingInfo) != 1 || info.OtherIdentifyingInfo[0].IdentifierValue != tt.tag) {
				t.Errorf("other identifying information is %+v", info.OtherIdentifyingInfo)
			}
			if cards := h.Config.Network.Pnic; len(cards) != 1 || cards[0].Mac != macs[n] {
				t.Errorf("network cards %+v, want one with %s", cards, macs[n])
			}
			if h.Config.Ipmi != nil || h.Runtime.ConnectionState != types.HostSystemConnectionStateConnected {
				t.Errorf("IPMI %+v, connection %s", h.Config.Ipmi, h.Runtime.ConnectionState)
			}
		})
	}
	t.Run("a host of another maker", func(t *testing.T) {
		var hosts []mo.HostSystem
		refs := []types.ManagedObjectReference{}
		for _, name := range []string{"DC0_C0_H0", "DC0_C0_H1"} {
			refs = append(refs, hostOf(c, inner, name).Reference())
		}
		must(t, property.DefaultCollector(c).Retrieve(t.Context(), refs, []string{"hardware.systemInfo"}, &hosts))
		if a, b := hosts[0].Hardware.SystemInfo, hosts[1].Hardware.SystemInfo; a.Uuid == b.Uuid || a.SerialNumber == b.SerialNumber || a.Vendor == "VMware, Inc." {
			t.Errorf("hosts that are not nested are %+v and %+v", a, b)
		}
	})
}

func TestUpdateIpmi(t *testing.T) {
	_, inner, _ := nest(t)
	c := login(t, inner)
	good := types.HostIpmiInfo{BmcIpAddress: "192.0.2.1", BmcMacAddress: "02:00:00:00:00:AA", Login: "dpm", Password: bmcPassword}
	read := func() *types.HostIpmiInfo {
		var h mo.HostSystem
		must(t, property.DefaultCollector(c).RetrieveOne(t.Context(), hostOf(c, inner, "esx-01").Reference(), []string{"config.ipmi"}, &h))
		if h.Config == nil {
			return nil
		}
		return h.Config.Ipmi
	}
	update := func(info types.HostIpmiInfo) error {
		_, err := methods.UpdateIpmi(t.Context(), c, &types.UpdateIpmi{This: hostOf(c, inner, "esx-01").Reference(), IpmiInfo: info})
		return err
	}
	for _, tt := range []struct {
		name  string
		edit  func(*types.HostIpmiInfo)
		fault types.BaseMethodFault
	}{
		{"wrong password", func(i *types.HostIpmiInfo) { i.Password = "x" }, &types.InvalidIpmiLoginInfo{}},
		{"another MAC", func(i *types.HostIpmiInfo) { i.BmcMacAddress = "02:00:00:00:00:01" }, &types.InvalidIpmiMacAddress{}},
		{"no MAC", func(i *types.HostIpmiInfo) { i.BmcMacAddress = "0200.0000.0001" }, &types.InvalidArgument{}},
		{"no address", func(i *types.HostIpmiInfo) { i.BmcIpAddress = "bmc.example.com" }, &types.InvalidArgument{}},
		{"long login", func(i *types.HostIpmiInfo) { i.Login = "seventeen-letters" }, &types.InvalidArgument{}},
		{"long password", func(i *types.HostIpmiInfo) { i.Password = "seventeen-letters" }, &types.InvalidArgument{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			info := good
			tt.edit(&info)
			if err := update(info); !fault.Is(err, tt.fault) {
				t.Errorf("%v, want %T", err, tt.fault)
			}
			var mac *types.InvalidIpmiMacAddress
			if _, ok := fault.As(update(info), &mac); ok && (mac.ObservedMacAddress != bmcMAC || mac.UserProvidedMacAddress != info.BmcMacAddress) {
				t.Errorf("the fault tells %+v", mac)
			}
			if got := read(); got != nil {
				t.Errorf("%+v is kept", got)
			}
		})
	}
	t.Run("not allowed", func(t *testing.T) {
		defer inner.Deny("Host.Config.Settings", "esx-01")()
		if err := update(good); !fault.Is(err, &types.NoPermission{}) {
			t.Errorf("%v, want NoPermission", err)
		}
	})
	t.Run("kept without the password", func(t *testing.T) {
		must(t, update(good))
		want := good
		want.Password = ""
		if got := read(); got == nil || *got != want {
			t.Errorf("%+v is read, want %+v", got, want)
		}
		if got := inner.HostIPMI("esx-01"); got != good {
			t.Errorf("%+v is kept, want %+v", got, good)
		}
	})
	t.Run("cleared", func(t *testing.T) {
		must(t, update(types.HostIpmiInfo{}))
		if got := read(); got != nil {
			t.Errorf("%+v is left", got)
		}
	})
}

// standby starts a task that takes a host down, or up.
func standby(t *testing.T, c *vim25.Client, host *object.HostSystem, up bool, seconds int32) error {
	t.Helper()
	if up {
		res, err := methods.PowerUpHostFromStandBy_Task(t.Context(), c, &types.PowerUpHostFromStandBy_Task{This: host.Reference(), TimeoutSec: seconds})
		if err != nil {
			return err
		}
		return finish(t, object.NewTask(c, res.Returnval), nil)
	}
	res, err := methods.PowerDownHostToStandBy_Task(t.Context(), c, &types.PowerDownHostToStandBy_Task{This: host.Reference(), TimeoutSec: seconds})
	if err != nil {
		return err
	}
	return finish(t, object.NewTask(c, res.Returnval), nil)
}

func TestStandby(t *testing.T) {
	outer, inner, b := nest(t)
	c := login(t, inner)
	host := hostOf(c, inner, "esx-01")
	must(t, inner.PlaceVM("inner-vm-01", "esx-01"))
	if err := standby(t, c, host, false, 60); !fault.Is(err, &types.NotSupported{}) {
		t.Errorf("standby without a BMC: %v, want NotSupported", err)
	}
	if err := standby(t, c, host, true, 60); !fault.Is(err, &types.InvalidState{}) {
		t.Errorf("waking a host that is not in standby: %v, want InvalidState", err)
	}
	_, err := methods.UpdateIpmi(t.Context(), c, &types.UpdateIpmi{This: host.Reference(), IpmiInfo: types.HostIpmiInfo{
		BmcIpAddress: "192.0.2.1", BmcMacAddress: bmcMAC, Login: "dpm", Password: bmcPassword,
	}})
	must(t, err)
	must(t, standby(t, c, host, false, 60))
	is := inner.HostRuntime("esx-01")
	if is.StandbyMode != "in" || is.PowerState != types.HostSystemPowerStateStandBy || is.ConnectionState != types.HostSystemConnectionStateNotResponding {
		t.Errorf("in standby it is %q, %s, %s", is.StandbyMode, is.PowerState, is.ConnectionState)
	}
	if outer.Power("esx-01") != off || inner.HostOf("inner-vm-01") == "esx-01" {
		t.Errorf("its VM is %s, the one that ran on it is on %s", outer.Power("esx-01"), inner.HostOf("inner-vm-01"))
	}

	t.Run("a BMC that fails", func(t *testing.T) {
		b.does = func() error { return errors.New("node busy") }
		defer func() { b.does = nil }()
		if err := standby(t, c, host, true, 60); !fault.Is(err, &types.HostPowerOpFailed{}) {
			t.Errorf("%v, want HostPowerOpFailed", err)
		}
		if got := inner.HostRuntime("esx-01").StandbyMode; got != "in" {
			t.Errorf("standby mode %q, want in", got)
		}
	})
	t.Run("a host that does not come", func(t *testing.T) {
		b.does = func() error { return nil }
		defer func() { b.does = nil }()
		if err := standby(t, c, host, true, 1); !fault.Is(err, &types.Timedout{}) {
			t.Errorf("%v, want Timedout", err)
		}
		if got := inner.HostRuntime("esx-01").StandbyMode; got != "in" {
			t.Errorf("standby mode %q, want in", got)
		}
	})
	must(t, standby(t, c, host, true, 60))
	is = inner.HostRuntime("esx-01")
	if is.StandbyMode != "none" || is.PowerState != types.HostSystemPowerStatePoweredOn || is.ConnectionState != types.HostSystemConnectionStateConnected {
		t.Errorf("out of standby it is %q, %s, %s", is.StandbyMode, is.PowerState, is.ConnectionState)
	}
	if got := b.ons[len(b.ons)-1]; got.Password != bmcPassword || got.Login != "dpm" {
		t.Errorf("woken with %+v", got)
	}
	seen := hostEvents(t, c)
	for _, want := range []string{"EnteringStandbyModeEvent", "EnteredStandbyModeEvent", "ExitingStandbyModeEvent", "ExitStandbyModeFailedEvent", "ExitedStandbyModeEvent"} {
		if !slices.Contains(seen, want) {
			t.Errorf("no %s among %q", want, seen)
		}
	}
}

// hostEvents are the kinds of the events of hosts, oldest first.
func hostEvents(t *testing.T, c *vim25.Client) (kinds []string) {
	t.Helper()
	all, err := event.NewManager(c).QueryEvents(t.Context(), types.EventFilterSpec{})
	must(t, err)
	for _, e := range slices.Backward(all) {
		if _, ok := e.(types.BaseHostEvent); ok {
			kinds = append(kinds, fmt.Sprintf("%T", e)[len("*types."):])
		}
	}
	return kinds
}

// TestHostFollowsItsVM is about power that nobody told the inner vCenter of, as a
// client sees it that waits for changes.
func TestHostFollowsItsVM(t *testing.T) {
	outer, inner, _ := nest(t)
	c := login(t, inner)
	until := func(want types.HostSystemConnectionState) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		must(t, property.Wait(ctx, property.DefaultCollector(c), hostOf(c, inner, "esx-01").Reference(), []string{"runtime.connectionState"},
			func(changes []types.PropertyChange) bool { return changes[0].Val == want }))
	}
	for range 3 {
		must(t, outer.SetPower("esx-01", off))
		until(types.HostSystemConnectionStateNotResponding)
		if got := inner.HostRuntime("esx-01").PowerState; got != types.HostSystemPowerStateUnknown {
			t.Errorf("power state of a lost host is %s", got)
		}
		must(t, outer.SetPower("esx-01", on))
		until(types.HostSystemConnectionStateConnected)
	}
}
