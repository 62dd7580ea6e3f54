package vsphere

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/vmware/govmomi/vim25/types"
)

// A need is a privilege without which something does not work. The role in
// docs/howto/vcenter-role.md is made of this table.
type need struct {
	privilege string
	without   string // what happens, as the end of a sentence
	control   bool   // only where somebody may do more than read
	optional  bool   // most do without it
}

// needs is what is called on a VM or its folder, and what that asks for. The
// System privileges come with any role on the object.
var needs = []need{
	{privilege: "System.Read", without: "state, events and statistics cannot be read"},
	{privilege: "VirtualMachine.Interact.PowerOn", without: "power on and power cycle are refused", control: true},
	{privilege: "VirtualMachine.Interact.PowerOff", without: "power off, power cycle and soft off are refused", control: true},
	{privilege: "VirtualMachine.Interact.Reset", without: "power reset is refused", control: true},
	{privilege: "VirtualMachine.Config.Settings", without: "a boot device cannot be set", control: true},
	{privilege: "VirtualMachine.Interact.GuestControl", without: "power diag (NMI) is refused", control: true, optional: true},
}

// hostNeeds is what is called on a host to register its BMC.
var hostNeeds = []need{
	{privilege: "Host.Config.Settings", without: "BMCs cannot be registered with these hosts"},
}

// needed returns the rows that count for what is wanted.
func (w *Wanted) needed() []need {
	return slices.DeleteFunc(slices.Clone(needs), func(n need) bool { return n.control && w.ReadOnly })
}

// Privileges is what the account may not do on the VMs and folders of the selectors.
type Privileges struct {
	Checked time.Time // zero: not yet
	Objects int       // VMs and folders that were asked about
	Missing []MissingPrivilege
	Err     error // of the last check, which left the rest as it was; nil when it succeeded
}

// A MissingPrivilege is one that the account's role lacks, and where.
type MissingPrivilege struct {
	Privilege string   // its id, "VirtualMachine.Interact.PowerOn"
	Without   string   // what does not work, in words
	Optional  bool     // for something that most do without
	Objects   []string // names of VMs and paths of folders, sorted; not empty
}

// shownObjects is how many names a sentence about them has.
const shownObjects = 3

// String is the whole in a sentence, however many objects there are.
func (m MissingPrivilege) String() string {
	names := strings.Join(m.Objects[:min(len(m.Objects), shownObjects)], ", ")
	if more := len(m.Objects) - shownObjects; more > 0 {
		names += fmt.Sprintf(" and %d more", more)
	}
	return fmt.Sprintf("the role lacks %s on %s: %s", m.Privilege, names, m.Without)
}

// An entity is a VM or folder that privileges are asked about.
type entity struct {
	ref  types.ManagedObjectReference
	name string
}

// missing compares what is needed with what is granted, in the order of the table.
// An object that nothing is told of is left out.
func missing(needs []need, entities []entity, granted map[types.ManagedObjectReference]map[string]bool) (all []MissingPrivilege) {
	for _, n := range needs {
		m := MissingPrivilege{Privilege: n.privilege, Without: n.without, Optional: n.optional}
		for _, e := range entities {
			if have := granted[e.ref]; have != nil && !have[n.privilege] {
				m.Objects = append(m.Objects, e.name)
			}
		}
		if len(m.Objects) > 0 {
			slices.Sort(m.Objects)
			all = append(all, m)
		}
	}
	return all
}
