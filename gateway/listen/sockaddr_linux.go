package listen

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A rawAddr is an address as the kernel reads and writes it. That of IPv6 has
// room for both.
type rawAddr struct{ unix.RawSockaddrInet6 }

// addrPort returns the address. An IPv4 one in IPv6's clothes does not occur:
// sockets are of one version.
func (r *rawAddr) addrPort() netip.AddrPort {
	if r.Family == unix.AF_INET {
		r4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(&r.RawSockaddrInet6))
		return netip.AddrPortFrom(netip.AddrFrom4(r4.Addr), hostOrder(&r4.Port))
	}
	addr := netip.AddrFrom16(r.Addr)
	if r.Scope_id != 0 { // link-local: the reply needs it
		addr = addr.WithZone(strconv.FormatUint(uint64(r.Scope_id), 10))
	}
	return netip.AddrPortFrom(addr, hostOrder(&r.Port))
}

// set writes the address and returns its size. The zone must be a number.
func (r *rawAddr) set(to netip.AddrPort) (size uintptr) {
	addr := to.Addr()
	if addr.Is4() {
		r4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(&r.RawSockaddrInet6))
		*r4 = unix.RawSockaddrInet4{Family: unix.AF_INET, Addr: addr.As4()}
		setNetOrder(&r4.Port, to.Port())
		return unix.SizeofSockaddrInet4
	}
	r.RawSockaddrInet6 = unix.RawSockaddrInet6{Family: unix.AF_INET6, Addr: addr.As16()}
	setNetOrder(&r.Port, to.Port())
	if zone := addr.Zone(); zone != "" {
		id, _ := strconv.ParseUint(zone, 10, 32) // what is no number is no zone here, and the kernel says so
		r.Scope_id = uint32(id)
	}
	return unix.SizeofSockaddrInet6
}

func hostOrder(port *uint16) uint16 {
	return binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(port))[:])
}

func setNetOrder(port *uint16, p uint16) {
	binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(port))[:], p)
}

// sockaddr is the address to bind to. Its zone may be the name of an interface.
func sockaddr(at netip.AddrPort) (unix.Sockaddr, error) {
	addr := at.Addr()
	if addr.Is4() {
		return &unix.SockaddrInet4{Port: int(at.Port()), Addr: addr.As4()}, nil
	}
	sa := &unix.SockaddrInet6{Port: int(at.Port()), Addr: addr.As16()}
	if zone := addr.Zone(); zone != "" {
		i, err := net.InterfaceByName(zone)
		if err != nil {
			return nil, fmt.Errorf("zone %q: %w", zone, err)
		}
		sa.ZoneId = uint32(i.Index)
	}
	return sa, nil
}

// localAddr is what a socket is bound to.
func localAddr(fd int) (netip.AddrPort, error) {
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return netip.AddrPort{}, err
	}
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port)), nil
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(sa.Addr), uint16(sa.Port)), nil
	default:
		return netip.AddrPort{}, fmt.Errorf("socket of an unexpected kind %T", sa)
	}
}
