// Package bmcclient is a simulated vCenter as a client of BMCs: what it asks over
// UDP when it is told of a host's BMC, and when it wakes the host. It speaks IPMI
// 2.0, as the one BMC that is known to work with vCenter needs it, or 1.5, as
// VMware's documents have it.
package bmcclient
