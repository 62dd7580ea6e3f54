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

// watchRoutes calls changed after a route with our mark was removed. Notices are of
// all routes; lost ones are made good by the look each minute.
func (*Netlink) watchRoutes(changed func()) (stop func(), err error) {
	s, err := nl.Subscribe(unix.NETLINK_ROUTE, unix.RTNLGRP_IPV4_ROUTE, unix.RTNLGRP_IPV6_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("watch routes: %w", err)
	}
	var reader sync.WaitGroup
	reader.Go(func() {
		readNotices(s, func(kind uint16, m []byte) bool {
			return kind == unix.RTM_DELROUTE && len(m) >= unix.SizeofRtMsg && nl.DeserializeRtMsg(m).Protocol == ourRouteProto
		}, func(lost bool) {
			if !lost {
				changed()
			}
		})
	})
	return func() {
		s.Close()
		reader.Wait()
	}, nil
}

// watchChanges calls changed, from one goroutine, after the kernel has told of a
// change of interfaces or addresses that is not simply ours; lost says that
// notices were lost, because they did not fit the buffer. The stop it returns waits
// for that goroutine.
func watchChanges(buffer int, changed func(lost bool)) (stop func(), err error) {
	s, err := nl.Subscribe(unix.NETLINK_ROUTE, unix.RTNLGRP_LINK, unix.RTNLGRP_IPV4_IFADDR, unix.RTNLGRP_IPV6_IFADDR)
	if err != nil {
		return nil, fmt.Errorf("watch addresses: %w", err)
	}
	// Beyond the system's limit needs CAP_NET_ADMIN. With less, more is lost, and
	// looked up then.
	if s.SetReceiveBufferSize(buffer, true) != nil {
		_ = s.SetReceiveBufferSize(buffer, false)
	}
	var reader sync.WaitGroup
	reader.Go(func() { readNotices(s, matters, changed) })
	return func() {
		s.Close()
		reader.Wait()
	}, nil
}

// readNotices reads until the socket is closed.
func readNotices(s *nl.NetlinkSocket, matters func(kind uint16, m []byte) bool, changed func(lost bool)) {
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
