package inventory

import "slices"

// A Key identifies a VM for as long as it exists. It survives rename, folder
// moves, vMotion and unregister/register, which the managed object id does not.
// The BIOS UUID is no part of it, because clones share theirs.
type Key struct {
	VCenter string `json:"vcenter"` // instance UUID of the vCenter, lower case
	VM      string `json:"vm"`      // instance UUID of the VM, lower case
}

// String returns "vcenter/vm"; it is unique and sorts by vCenter.
func (k Key) String() string { return k.VCenter + "/" + k.VM }

// A VM is what selection and identity need to know of one virtual machine.
// What changes by the minute, such as the power state, is not in here.
type VM struct {
	Key      Key
	Ref      string   // managed object id ("vm-42"), a handle that may change
	Name     string   // decoded for display
	BIOSUUID string   // SMBIOS UUID as vCenter spells it, for Get System GUID
	Template bool     // a template is never given a BMC
	Agent    bool     // managed by another solution (vCLS and the like): never given a BMC
	Tags     []string // "category/name", only tags that some selector names, sorted
	Folders  []string // paths of folders that some selector names and that hold this VM directly, sorted
	Below    []string // paths of folders that some selector names recursively and that hold this VM at any depth, sorted

	Overrides Overrides // what its own attributes say of its BMC
}

// Equal reports whether the two say the same of the same VM.
func (v VM) Equal(o VM) bool {
	return v.Key == o.Key && v.Ref == o.Ref && v.Name == o.Name && v.BIOSUUID == o.BIOSUUID &&
		v.Template == o.Template && v.Agent == o.Agent &&
		slices.Equal(v.Tags, o.Tags) && slices.Equal(v.Folders, o.Folders) && slices.Equal(v.Below, o.Below) &&
		v.Overrides.Equal(o.Overrides)
}
