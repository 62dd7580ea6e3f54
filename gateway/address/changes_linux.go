package address

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// changesBuffer holds the notices of some ten thousand addresses.
const changesBuffer = 8 << 20

// watchChanges calls changed, from one goroutine, after the kernel has told of a
// change of interfaces or addresses that is not simply ours; lost says that
// notices were lost. The stop it returns waits for that goroutine.
func watchChanges(changed func(lost bool)) (stop func(), err error) {
	s, err := nl.Subscribe(unix.NETLINK_ROUTE, unix.RTNLGRP_LINK, unix.RTNLGRP_IPV4_IFADDR, unix.RTNLGRP_IPV6_IFADDR)
	if err != nil {
		return nil, fmt.Errorf("watch addresses: %w", err)
	}
	// Beyond the system's limit needs CAP_NET_ADMIN. With less, more is lost, and
	// looked up then.
	if s.SetReceiveBufferSize(changesBuffer, true) != nil {
		_ = s.SetReceiveBufferSize(changesBuffer, false)
	}
	var reader sync.WaitGroup
	reader.Go(func() { readChanges(s, changed) })
	return func() {
		s.Close()
		reader.Wait()
	}, nil
}

func readChanges(s *nl.NetlinkSocket, changed func(lost bool)) {
	for {
		msgs, _, err := s.Receive()
		switch {
		case errors.Is(err, unix.ENOBUFS):
			changed(true)
			continue
		case errors.Is(err, os.ErrClosed), err != nil:
			return
		}
		for _, m := range msgs {
			if matters(m.Header.Type, m.Data) {
				changed(false)
				break
			}
		}
	}
}

// matters is false for an address that was added or refreshed with our mark.
func matters(kind uint16, m []byte) bool {
	if kind != unix.RTM_NEWADDR {
		return true
	}
	h, _, err := parseAddress(m)
	return err != nil || h.proto != ourProto || h.dadFailed
}
