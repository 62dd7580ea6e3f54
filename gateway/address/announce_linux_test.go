package address

import (
	"encoding/hex"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

func openAnnouncer(t *testing.T) *Announcer {
	t.Helper()
	n, err := NewAnnouncer()
	must(t, err)
	t.Cleanup(func() { must(t, n.Close()) })
	return n
}

// listen returns a packet socket that gets the ARP frames which arrive at an
// interface.
func listen(t *testing.T, iface string) int {
	t.Helper()
	const arpNetworkOrder = 0x0608 // htons(ETH_P_ARP)
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	must(t, err)
	t.Cleanup(func() { must(t, unix.Close(fd)) })
	must(t, unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: arpNetworkOrder, Ifindex: link(t, iface).Attrs().Index}))
	return fd
}

// receive returns the next frame, or nothing when none comes within the time.
func receive(t *testing.T, fd int, within time.Duration) []byte {
	t.Helper()
	tv := unix.NsecToTimeval(within.Nanoseconds())
	must(t, unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &tv))
	frame := make([]byte, 2000)
	n, _, err := unix.Recvfrom(fd, frame, 0)
	for errors.Is(err, unix.EINTR) { // a signal of Go's own: the kernel repeats no call that has a time limit
		n, _, err = unix.Recvfrom(fd, frame, 0)
	}
	if errors.Is(err, unix.EAGAIN) {
		return nil
	}
	must(t, err)
	return frame[:n]
}

func TestAnnounceIsSeenByTheNeighbour(t *testing.T) {
	inNamespace(t)
	must(t, netlink.LinkSetHardwareAddr(link(t, "gw"), net.HardwareAddr{0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0xee}))
	neighbour := listen(t, "peer")
	n := openAnnouncer(t)
	must(t, n.Announce("gw", ip("10.9.0.5")))

	ethernet := "ffffffffffff" + "02aabbccddee" + "0806"
	header := "0001" + "0800" + "06" + "04"
	sender := "02aabbccddee" + "0a090005"
	padding := strings.Repeat("00", 18) // to the 60 bytes of the shortest Ethernet frame
	for _, want := range []struct{ name, frame string }{
		{"request", ethernet + header + "0001" + sender + "000000000000" + "0a090005" + padding},
		{"reply", ethernet + header + "0002" + sender + "02aabbccddee" + "0a090005" + padding},
	} {
		if got := hex.EncodeToString(receive(t, neighbour, time.Minute)); got != want.frame {
			t.Errorf("%s:\ngot  %s\nwant %s", want.name, got, want.frame)
		}
	}
}

// A neighbour that remembers another host for the address forgets it.
func TestAnnounceCorrectsTheNeighbour(t *testing.T) {
	inNamespace(t)
	peer := link(t, "peer")
	entry := netlink.Neigh{
		LinkIndex: peer.Attrs().Index, IP: net.IPv4(10, 9, 0, 5), State: netlink.NUD_STALE,
		HardwareAddr: net.HardwareAddr{0x02, 0, 0, 0, 0, 0x99},
	}
	must(t, netlink.NeighAdd(&entry))
	addForeign(t, "peer", "10.9.0.1/16", "")
	must(t, openAnnouncer(t).Announce("gw", ip("10.9.0.5")))

	want := link(t, "gw").Attrs().HardwareAddr.String()
	var got string
	for deadline := time.Now().Add(30 * time.Second); got != want && time.Now().Before(deadline); {
		all, err := netlink.NeighList(peer.Attrs().Index, netlink.FAMILY_V4)
		must(t, err)
		for _, n := range all {
			if n.IP.Equal(entry.IP) {
				got = n.HardwareAddr.String()
			}
		}
	}
	if got != want {
		t.Errorf("the neighbour has %s for 10.9.0.5, want %s", got, want)
	}
}

func TestAnnounceWithoutARP(t *testing.T) {
	inNamespace(t)
	n := openAnnouncer(t)
	must(t, n.Announce("lo", ip("127.0.0.5")))

	neighbour := listen(t, "peer")
	must(t, netlink.LinkSetARPOff(link(t, "gw")))
	must(t, n.Announce("gw", ip("10.9.0.5")))
	if got := receive(t, neighbour, 50*time.Millisecond); got != nil {
		t.Errorf("sent from an interface without ARP: %x", got)
	}
}

func TestAnnounceErrors(t *testing.T) {
	inNamespace(t)
	n := openAnnouncer(t)
	wantError(t, "no interface", n.Announce("none", ip("10.9.0.5")), ErrNoInterface)
	must(t, netlink.LinkSetDown(link(t, "gw")))
	wantError(t, "interface down", n.Announce("gw", ip("10.9.0.5")), unix.ENETDOWN)
	must(t, netlink.LinkSetUp(link(t, "gw")))
	must(t, n.Announce("gw", ip("10.9.0.5")))
	must(t, netlink.LinkDel(link(t, "gw")))
	wantError(t, "interface gone", n.Announce("gw", ip("10.9.0.5")), ErrNoInterface)
}
