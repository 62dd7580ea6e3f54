package gateway

import (
	"log/slog"
	"runtime"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
	"github.com/bmc-gateway/bmc-gateway/gateway/listen"
)

// maxReceivers is how many threads receive at most. One answers a hundred
// thousand commands a second.
const maxReceivers = 4

// A host is the network side of the machine we run on.
type host struct {
	netlink  *address.Netlink
	announce *address.Announcer
	sockets  *listen.Server
}

// openHost opens netlink when some pool needs it. Without the right to send ARP
// the daemon works on: neighbours learn of a moved address a little later.
func openHost(pools []Pool, log *slog.Logger) (*host, error) {
	h := &host{}
	for _, p := range pools {
		if p.Existing || h.netlink != nil {
			continue
		}
		var err error
		if h.netlink, err = address.NewNetlink(); err != nil {
			return nil, err
		}
		if h.announce, err = address.NewAnnouncer(); err != nil {
			log.Warn("new addresses will not be announced", "error", err)
		}
	}
	var err error
	if h.sockets, err = listen.New(min(runtime.GOMAXPROCS(0), maxReceivers)); err != nil {
		h.close()
		return nil, err
	}
	return h, nil
}

func (h *host) addresser(c Pool) address.Addresser {
	if c.Existing {
		return address.None{}
	}
	return h.netlink
}

func (h *host) announcer(c Pool) announcer {
	if c.Existing || h.announce == nil {
		return silent{}
	}
	return h.announce
}

func (h *host) close() {
	if h.sockets != nil {
		h.sockets.Close()
	}
	if h.netlink != nil {
		h.netlink.Close()
	}
}
