// Package store keeps what must survive the process in one file: which address
// means which VM, which boot overrides are under way, which removals are held,
// the event logs of the BMCs, and how far the events of each vCenter were read. A
// Put that has returned survives SIGKILL and power loss.
//
// The file is a bbolt database. bbolt has no checksum over the data, so each
// record carries one of its own (see record.go).
package store
