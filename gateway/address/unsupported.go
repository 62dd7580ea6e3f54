//go:build !linux

package address

import (
	"fmt"
	"net/netip"
	"runtime"
)

// Netlink puts addresses on interfaces, on Linux only. It is declared elsewhere
// so that the demo, which needs none, can be built.
type Netlink struct{ None }

// NewNetlink returns an error.
func NewNetlink() (*Netlink, error) {
	return nil, fmt.Errorf("addresses on an interface: not supported on %s", runtime.GOOS)
}

// Close does nothing.
func (*Netlink) Close() error { return nil }

// Announcer sends gratuitous ARP, on Linux only.
type Announcer struct{}

// NewAnnouncer returns an error.
func NewAnnouncer() (*Announcer, error) {
	return nil, fmt.Errorf("announce addresses: not supported on %s", runtime.GOOS)
}

// Announce does nothing.
func (*Announcer) Announce(string, netip.Addr) error { return nil }
