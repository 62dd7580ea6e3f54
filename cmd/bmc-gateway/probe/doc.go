// Package probe asks one BMC what an IPMI client asks first, from presence ping
// to Close Session, and times each step.
package probe
