// Package gateway turns an inventory into BMCs: it keeps the tenants, reconciles
// what should be served with what is, gives each VM an endpoint (lease, address,
// socket and BMC, one start with its undo) and carries power and boot commands
// from IPMI to vSphere. machine.go is the only file that speaks both.
package gateway
