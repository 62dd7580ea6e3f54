//go:build !linux

package address

import (
	"fmt"
	"net/netip"
	"runtime"
)

// NewKeeper returns an error: addresses on an interface are for Linux only. It is
// declared elsewhere so that the demo, which needs none, can be built.
func NewKeeper(func(Event)) (*Keeper, error) {
	return nil, fmt.Errorf("addresses on an interface: not supported on %s", runtime.GOOS)
}

// Netlink puts addresses on interfaces, on Linux only.
type Netlink struct{ None }

// NewNetlink returns an error.
func NewNetlink() (*Netlink, error) {
	return nil, fmt.Errorf("addresses on an interface: not supported on %s", runtime.GOOS)
}

// Routes returns none.
func (*Netlink) Routes(string) ([]netip.Prefix, error) { return nil, nil }

// VLANs returns none.
func (*Netlink) VLANs() (map[string]VLAN, error) { return nil, nil }

// Close does nothing.
func (*Netlink) Close() error { return nil }
