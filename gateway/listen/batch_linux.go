package listen

import (
	"net/netip"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// perTurn is how many packets a socket gets handled before others have
	// their turn: at some microseconds each, a tenth of a millisecond.
	perTurn = 16
	// maxDatagram is more than any IPMI packet has. What is longer is cut off, and
	// then its lengths or its auth code do not fit.
	maxDatagram = 1024
)

// A message is the kernel's struct mmsghdr.
type message struct {
	header unix.Msghdr
	length uint32
}

// A batch is the buffers of a worker, which all its sockets share.
type batch struct {
	messages [perTurn]message
	pieces   [perTurn]unix.Iovec
	from     [perTurn]rawAddr
	packets  [perTurn][maxDatagram]byte
}

func newBatch() *batch {
	b := &batch{}
	for i := range b.messages {
		b.pieces[i].Base = &b.packets[i][0]
		b.pieces[i].SetLen(maxDatagram)
		h := &b.messages[i].header
		h.Name = (*byte)(unsafe.Pointer(&b.from[i]))
		h.Iov = &b.pieces[i]
		h.SetIovlen(1)
	}
	return b
}

// receive takes up to perTurn packets off the socket, none when there are none.
func (b *batch) receive(fd int) (n int, err error) {
	for i := range b.messages {
		b.messages[i].header.Namelen = uint32(unsafe.Sizeof(b.from[i]))
	}
	for {
		// It never blocks, so the scheduler need not hear of it.
		r, _, errno := syscall.RawSyscall6(unix.SYS_RECVMMSG, uintptr(fd), uintptr(unsafe.Pointer(&b.messages[0])), perTurn, unix.MSG_DONTWAIT, 0, 0)
		switch errno {
		case 0:
			return int(r), nil
		case unix.EINTR:
		case unix.EAGAIN:
			return 0, nil
		default:
			return 0, errno
		}
	}
}

// packet returns a received packet, which is valid until the next receive.
func (b *batch) packet(i int) (from netip.AddrPort, packet []byte) {
	return b.from[i].addrPort(), b.packets[i][:b.messages[i].length]
}

// send sends one packet; it never blocks.
func send(fd int, packet []byte, to netip.AddrPort) error {
	var raw rawAddr
	size := raw.set(to)
	for {
		_, _, errno := syscall.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(packet))), uintptr(len(packet)),
			unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, uintptr(unsafe.Pointer(&raw)), size)
		switch errno {
		case 0:
			return nil
		case unix.EINTR:
		default:
			return errno
		}
	}
}
