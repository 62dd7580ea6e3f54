package vsphere

import (
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/vmware/govmomi/vim25/types"
)

// watchedPaths is all the watch asks of a VM. Quiet properties, none of them
// large: a wide set costs vCenter several times as much, and quickStats would make
// every running VM an update each half minute.
var watchedPaths = []string{
	"name",
	"config.template",
	"config.managedBy",
	"config.uuid",
	"config.instanceUuid",
	"config.changeVersion",
	"config.firmware",
	"config.version",
	"config.guestFullName",
	"config.hardware.numCPU",
	"config.hardware.memoryMB",
	"parent",
	"runtime.host",
	"customValue",
	"guestHeartbeatStatus",
	"runtime.bootTime",
	"runtime.powerState",
	"runtime.connectionState",
	"runtime.question",
	"guest.toolsRunningStatus",
	"guest.guestFullName",
}

// A record is what the watch said of one VM: who it is and how it is.
type record struct {
	vm    inventory.VM // without tags and folders; Key.VM is empty until known
	state State
	facts Facts
	nics  nics

	values map[int32]string // of custom attributes, by number; replaced, never changed
}

// entered returns the record after vCenter has said all it can of the VM. What
// it leaves out of the configuration (a VM on lost storage has none) stays as it
// was; what it leaves out of the state is unknown now.
func (r record) entered(changes []types.PropertyChange, now time.Time) record {
	since, power := r.state.Since, r.state.Power
	r.state, r.values = State{EFI: r.state.EFI}, nil
	for _, c := range changes {
		if c.Name == "config.instanceUuid" && c.Val != nil {
			r.vm.Agent = false // the configuration is there; managedBy would be too
		}
	}
	for _, c := range changes {
		r.change(c)
	}
	r.state.Since = since
	if r.state.Power != power {
		r.state.Since = now
	}
	return r
}

// modified returns the record after some properties changed.
func (r record) modified(changes []types.PropertyChange, now time.Time) record {
	power := r.state.Power
	for _, c := range changes {
		r.change(c)
	}
	if r.state.Power != power {
		r.state.Since = now
	}
	return r
}

func (r *record) change(c types.PropertyChange) {
	switch c.Name {
	case "runtime.powerState":
		r.state.Power = powerState(c.Val)
	case "runtime.connectionState":
		r.state.Connected = word(c.Val) == string(types.VirtualMachineConnectionStateConnected)
	case "customValue":
		r.values = customValues(c.Val)
	case "runtime.question":
		r.state.Question = c.Val != nil
	case "guest.toolsRunningStatus":
		// While tools run a script the guest is being shut down or resumed by them.
		w := word(c.Val)
		r.state.Tools = w == string(types.VirtualMachineToolsRunningStatusGuestToolsRunning) ||
			w == string(types.VirtualMachineToolsRunningStatusGuestToolsExecutingScripts)
	case "guestHeartbeatStatus":
		r.state.Heartbeat = heartbeat(c.Val)
	case "runtime.bootTime":
		r.state.BootTime = time.Time{}
		if at, ok := c.Val.(time.Time); ok {
			r.state.BootTime = at.UTC() // of one zone, so that two states can be compared
		}
	default:
		r.identify(c)
	}
}

// identify takes what a VM keeps when its configuration cannot be read.
func (r *record) identify(c types.PropertyChange) {
	if c.Val == nil {
		if c.Name == "config.managedBy" && c.Op != types.PropertyChangeOpIndirectRemove {
			r.vm.Agent = false
		}
		return
	}
	switch c.Name {
	case "name":
		r.vm.Name = displayName(word(c.Val))
	case "config.uuid":
		r.vm.BIOSUUID = word(c.Val)
	case "config.instanceUuid":
		r.vm.Key.VM = strings.ToLower(word(c.Val))
	case "config.firmware":
		r.state.EFI = word(c.Val) == string(types.GuestOsDescriptorFirmwareTypeEfi)
	case "config.template":
		r.vm.Template, _ = c.Val.(bool)
	case "config.managedBy":
		r.vm.Agent = true
	default:
		r.facts.change(c)
	}
}

// word returns a string or an enumeration as a string; govmomi decodes into
// either, depending on the type the server names.
func word(v types.AnyType) string {
	switch s := v.(type) {
	case string:
		return s
	case types.VirtualMachineConnectionState:
		return string(s)
	case types.VirtualMachinePowerState:
		return string(s)
	case types.ManagedEntityStatus:
		return string(s)
	default:
		return ""
	}
}

func powerState(v types.AnyType) PowerState {
	switch types.VirtualMachinePowerState(word(v)) {
	case types.VirtualMachinePowerStatePoweredOn:
		return PoweredOn
	case types.VirtualMachinePowerStatePoweredOff:
		return PoweredOff
	case types.VirtualMachinePowerStateSuspended:
		return Suspended
	default:
		return 0
	}
}

// displayName decodes a name: vCenter keeps slash, backslash and percent as %2f,
// %5c and %25. A name that is not well encoded, or is no text when it is decoded, is
// shown as it is: no client of ours, Prometheus first, could read it.
func displayName(s string) string {
	if d, err := url.PathUnescape(s); err == nil && utf8.ValidString(d) {
		return d
	}
	return s
}
