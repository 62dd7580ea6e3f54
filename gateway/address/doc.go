// Package address decides which IP address belongs to which virtual machine and
// brings the decision to the host: [Pool] and [Lease] are pure bookkeeping,
// [Netlink] puts addresses on an interface and takes away only those that carry
// our mark, [Announcer] tells the neighbours.
//
// Addresses are IPv4 for now. They are netip.Addr everywhere, so that IPv6 needs
// new code in the parser, the netlink messages and the announcement only.
package address
