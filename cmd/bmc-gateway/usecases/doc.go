// Package usecases proves what BMCs of VMs are for: real programs, driven as
// their users drive them, against a gateway and a vCenter simulator. Where
// package interop asks what each command of a client prints, a use case goes
// through a whole story and asks what became of the VM. It has only tests; their
// results are a table of docs/reference/compatibility.md.
package usecases
