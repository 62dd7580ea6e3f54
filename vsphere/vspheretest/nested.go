package vspheretest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// A NestedHost is an ESXi host that is itself a VM of another simulated vCenter.
// It follows that VM's power: BootTime after a power-on vCenter hears of it, and
// no more once the VM is off.
type NestedHost struct {
	Name  string // of the host; default: the VM's
	Outer *VCenter
	VM    string // by name, when the host is added

	// Swapped has the first three fields of the host's UUID backwards, as in VMs of
	// hardware version 13 and later. The service tag is the same in both.
	Swapped bool
	// NoServiceTag leaves UUID and network cards to tell which VM it is.
	NoServiceTag bool

	BootTime time.Duration // default 50 ms
}

// nested is a NestedHost that was added.
type nested struct {
	NestedHost
	host  *simulator.HostSystem
	vm    *simulator.VirtualMachine // of Outer
	power chan struct{}             // capacity 1: the VM's power state may have changed

	mu      sync.Mutex
	beats   bool          // vCenter hears of it
	changed chan struct{} // closed when beats changes
}

// AddNestedHost adds a host to the cluster and connects it if its VM is on. Its
// UUID, service tag and network cards are those of the VM now.
func (v *VCenter) AddNestedHost(n NestedHost) error {
	if n.Name == "" {
		n.Name = n.VM
	}
	if n.BootTime == 0 {
		n.BootTime = 50 * time.Millisecond
	}
	vm, err := n.Outer.find(n.VM)
	if err != nil {
		return fmt.Errorf("host %q: %w", n.Name, err)
	}
	cluster, err := v.findCluster(FirstCluster)
	if err != nil {
		return fmt.Errorf("host %q: %w", n.Name, err)
	}
	host, err := v.addHost(cluster, n.Name)
	if err != nil {
		return fmt.Errorf("host %q: %w", n.Name, err)
	}
	h := &nested{NestedHost: n, host: host, vm: vm, power: make(chan struct{}, 1), beats: true, changed: make(chan struct{})}
	v.identify(h)
	v.mu.Lock()
	v.nests[host.Self.Value] = h
	v.mu.Unlock()
	n.Outer.followedBy(vm.Self, h.power)
	if !h.running() {
		v.hears(h, false)
	}
	if !v.spawn(func() { v.follow(h) }) {
		return errors.New("the vCenter is closed")
	}
	return nil
}

func (v *VCenter) addHost(cluster *simulator.ClusterComputeResource, name string) (*simulator.HostSystem, error) {
	starting.Lock() // a host is licensed by what a Start writes
	defer starting.Unlock()
	v.inventory.Lock()
	defer v.inventory.Unlock()
	ctx := v.context()
	var task types.ManagedObjectReference
	v.registry.WithLock(ctx, cluster, func() {
		task = cluster.AddHostTask(ctx, &types.AddHost_Task{
			This: cluster.Self, Spec: types.HostConnectSpec{HostName: name}, AsConnected: true,
		}).(*methods.AddHost_TaskBody).Res.Returnval
	})
	if fault := v.await(task); fault != nil {
		return nil, errors.New(faultName(fault))
	}
	t := v.registry.Get(task).(*simulator.Task)
	var made types.ManagedObjectReference
	v.registry.WithLock(v.context(), t, func() { made = t.Info.Result.(types.ManagedObjectReference) })
	v.hub.touch(cluster.Self)
	v.hub.restructure()
	return v.registry.Get(made).(*simulator.HostSystem), nil
}

// identify gives the host what it reads in its VM's firmware and network cards.
func (v *VCenter) identify(n *nested) {
	var uuid string
	var macs []string
	n.Outer.registry.WithLock(n.Outer.context(), n.vm, func() {
		uuid = n.vm.Config.Uuid
		for _, d := range n.vm.Config.Hardware.Device {
			if card, ok := d.(types.BaseVirtualEthernetCard); ok {
				macs = append(macs, card.GetVirtualEthernetCard().MacAddress)
			}
		}
	})
	tag := serviceTag(uuid)
	if n.NoServiceTag {
		tag = ""
	}
	if n.Swapped {
		uuid = swapUUID(uuid)
	}
	v.registry.WithLock(v.context(), n.host, func() {
		setHardware(n.host, types.HostSystemInfo{Vendor: "VMware, Inc.", Model: "VMware7,1", Uuid: uuid, SerialNumber: tag})
		n.host.Config.Network.Pnic = pnics(macs)
		n.host.Capability.StandbySupported = true
		n.host.Capability.IpmiSupported = types.NewBool(true)
	})
	v.hub.touch(n.host.Self)
}

// setHardware replaces what hosts share with the simulator's template; the host's
// lock is held. A serial number is the service tag, too.
func setHardware(host *simulator.HostSystem, info types.HostSystemInfo) {
	if info.SerialNumber != "" {
		info.OtherIdentifyingInfo = []types.HostSystemIdentificationInfo{{
			IdentifierValue: info.SerialNumber,
			IdentifierType: &types.ElementDescription{
				Description: types.Description{Label: "Service tag", Summary: "Service tag of the system"},
				Key:         string(types.HostSystemIdentificationInfoIdentifierServiceTag),
			},
		}}
	}
	hardware := *host.Hardware
	hardware.SystemInfo = info
	host.Hardware = &hardware
	summary := *host.Summary.Hardware
	summary.Vendor, summary.Model, summary.Uuid = info.Vendor, info.Model, info.Uuid
	summary.OtherIdentifyingInfo = info.OtherIdentifyingInfo
	host.Summary.Hardware = &summary
}

// pnics are vmnic0 and so on.
func pnics(macs []string) []types.PhysicalNic {
	cards := make([]types.PhysicalNic, len(macs))
	for n, mac := range macs {
		name := fmt.Sprintf("vmnic%d", n)
		cards[n] = types.PhysicalNic{
			Key: "key-vim.host.PhysicalNic-" + name, Device: name, Pci: fmt.Sprintf("0000:%02x:00.0", n+3),
			Driver: "nvmxnet3", Mac: mac,
		}
	}
	return cards
}

// serviceTag is how a VM's firmware spells config.uuid:
// "VMware-56 4d 2f 12 80 41 63 9b-50 18 05 a8 35 b7 2e af".
func serviceTag(uuid string) string {
	digits := strings.ReplaceAll(uuid, "-", "")
	var pairs []string
	for pair := range slices.Chunk([]byte(digits), 2) {
		pairs = append(pairs, string(pair))
	}
	half := len(pairs) / 2
	return "VMware-" + strings.Join(pairs[:half], " ") + "-" + strings.Join(pairs[half:], " ")
}

// swapUUID has the bytes of the first three fields in the other order.
func swapUUID(uuid string) string {
	fields := strings.Split(uuid, "-")
	for i := range min(3, len(fields)) {
		pairs := slices.Collect(slices.Chunk([]byte(fields[i]), 2))
		slices.Reverse(pairs)
		fields[i] = string(slices.Concat(pairs...))
	}
	return strings.Join(fields, "-")
}

// identifyHosts gives the hosts of the cluster hardware of their own: the
// simulator's all look like one and the same VM.
func (v *VCenter) identifyHosts() {
	if v.cfg.ESXi {
		v.identifyHost()
		return
	}
	hosts := v.registry.All("HostSystem")
	slices.SortFunc(hosts, func(a, b mo.Entity) int { return strings.Compare(a.Reference().Value, b.Reference().Value) })
	for n, e := range hosts {
		host := e.(*simulator.HostSystem)
		serial := fmt.Sprintf("%s-%d", v.cfg.Name, n)
		v.registry.WithLock(v.context(), host, func() {
			setHardware(host, types.HostSystemInfo{
				Vendor: "Example Corp.", Model: "Server 1", Uuid: derivedUUID("host", v.cfg.InstanceUUID, serial), SerialNumber: serial,
			})
			host.Config.Network.Pnic = pnics([]string{fmt.Sprintf("00:00:5e:00:53:%02x", v.cfg.macSeed()<<2|byte(n))})
		})
	}
}
