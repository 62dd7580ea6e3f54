// Package vsphere speaks to vCenter: one shared, limited set of sessions per
// vCenter, a standing watch over the property collector that keeps the state of
// every VM in memory, tag polling, and the power and boot verbs. Faults come
// out as the sentinels of errors.go.
package vsphere
