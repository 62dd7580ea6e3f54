package e2e

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/mdlayher/arp"
	"github.com/mdlayher/ethernet"
	"golang.org/x/sys/unix"
)

// A speaker sends and hears ARP on eth0 of one host.
type speaker struct {
	fd int
	hw net.HardwareAddr
}

// newSpeaker opens the socket on a thread that goes to the host's namespace and
// ends there; the socket stays in it.
func newSpeaker(t *testing.T, l *lan, host string) *speaker {
	t.Helper()
	s := &speaker{}
	var err error
	var opening sync.WaitGroup
	opening.Go(func() {
		runtime.LockOSThread()
		err = s.open("/var/run/netns/" + l.ns(host))
	})
	opening.Wait()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(s.fd) })
	return s
}

func (s *speaker) open(namespace string) error {
	ns, err := os.Open(namespace)
	if err != nil {
		return err
	}
	defer ns.Close()
	if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
		return err
	}
	eth0, err := net.InterfaceByName("eth0")
	if err != nil {
		return err
	}
	s.hw = eth0.HardwareAddr
	if s.fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0); err != nil {
		return err
	}
	const arpNetworkOrder = 0x0608 // htons(ETH_P_ARP)
	timeout := unix.NsecToTimeval(int64(100 * time.Millisecond))
	return errors.Join(
		unix.Bind(s.fd, &unix.SockaddrLinklayer{Protocol: arpNetworkOrder, Ifindex: eth0.Index}),
		unix.SetsockoptTimeval(s.fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout))
}

// send sends a request of the host to everybody.
func (s *speaker) send(sender, target netip.Addr) error {
	p, err := arp.NewPacket(arp.OperationRequest, s.hw, sender, make(net.HardwareAddr, 6), target)
	if err != nil {
		return err
	}
	payload, err := p.MarshalBinary()
	if err != nil {
		return err
	}
	frame := ethernet.Frame{Destination: ethernet.Broadcast, Source: s.hw, EtherType: ethernet.EtherTypeARP, Payload: payload}
	b, err := frame.MarshalBinary()
	if err != nil {
		return err
	}
	return unix.Send(s.fd, b, 0)
}

// answer returns who answers for the address, or nobody within a time that is
// generous to a busy machine.
func (s *speaker) answer(target netip.Addr, within time.Duration) net.HardwareAddr {
	buf := make([]byte, 2000)
	for deadline := time.Now().Add(within); time.Now().Before(deadline); {
		n, _, err := unix.Recvfrom(s.fd, buf, 0)
		if err != nil {
			continue
		}
		var frame ethernet.Frame
		var p arp.Packet
		if frame.UnmarshalBinary(buf[:n]) != nil || p.UnmarshalBinary(frame.Payload) != nil {
			continue
		}
		if p.Operation == arp.OperationReply && p.SenderIP == target && p.SenderHardwareAddr.String() != s.hw.String() {
			return p.SenderHardwareAddr
		}
	}
	return nil
}

// An arpWatch asks for an address again and again.
type arpWatch struct {
	asked, gaps int
	owners      map[string]bool
}

// watchARP asks until the function it returns is called.
func (s *speaker) watchARP(t *testing.T, from, target netip.Addr) (stop func() arpWatch) {
	t.Helper()
	w := arpWatch{owners: make(map[string]bool)}
	end := make(chan struct{})
	var asking sync.WaitGroup
	asking.Go(func() {
		for {
			if err := s.send(from, target); err != nil {
				t.Error(err)
				return
			}
			w.asked++
			if hw := s.answer(target, 5*time.Second); hw != nil {
				w.owners[hw.String()] = true
			} else {
				w.gaps++
			}
			select {
			case <-end:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
	return sync.OnceValue(func() arpWatch {
		close(end)
		asking.Wait()
		return w
	})
}
