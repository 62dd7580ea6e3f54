// Package address decides which IP address belongs to which virtual machine and
// brings the decision to the host: [Pool] and [Lease] are pure bookkeeping,
// [Netlink] puts addresses on an interface and takes away only those that carry
// our mark, [Keeper] keeps them there as long as the daemon makes progress, tells
// the neighbours and hears which of them say they have one, too.
//
// The bookkeeping knows IPv4 and IPv6, and keeps one rule above all: an address
// that was one VM's means no other before its quarantine is over.
package address
