// Package inventory says which virtual machines should have a BMC: what a VM
// is, which VMs a tenant selects, how one answer of a vCenter differs from what is
// being served, and whether that is to be believed. It does no I/O of its own and
// knows no vSphere.
package inventory
