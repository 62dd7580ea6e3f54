package gateway

import (
	"context"
	"errors"
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
	sockets *listen.Server
	keeper  *address.Keeper // nil: every pool's addresses are there already
}

// openHost opens netlink when some pool needs it. Without the right to send ARP
// the daemon works on: neighbours learn of a moved address a little later, and
// nobody is asked whether an address is free.
func openHost(pools []Pool, tags *address.Tags, tell func(address.Event), log *slog.Logger) (*host, error) {
	h := &host{}
	for _, p := range pools {
		if p.Existing || h.keeper != nil {
			continue
		}
		var err error
		h.keeper, err = address.NewKeeper(tell)
		switch {
		case errors.Is(err, address.ErrPermission):
			log.Warn("addresses are neither announced nor checked for conflicts", "error", err)
		case err != nil:
			return nil, err
		}
		h.keeper.TagWith(tags.Of)
	}
	var err error
	if h.sockets, err = listen.New(min(runtime.GOMAXPROCS(0), maxReceivers)); err != nil {
		return nil, errors.Join(err, h.close())
	}
	return h, nil
}

// newPool makes a pool and what keeps its addresses. A VLAN interface is made first;
// what is wrong with it the keeper tells.
func (h *host) newPool(c Pool, shared *sharedState) (*pool, error) {
	if c.Existing {
		return newPool(c, shared, nil)
	}
	if c.VLAN != (address.VLAN{}) {
		_ = h.keeper.UseVLAN(c.Interface, c.VLAN)
	}
	if !c.Routed {
		p, err := newPool(c, shared, h.keeper.Segment(c.Policy))
		if err == nil {
			p.keeper = h.keeper
		}
		return p, err
	}
	p, err := newPool(c, shared, nil)
	if err == nil {
		p.keeper, p.routes = h.keeper, h.keeper.Routes(c.Interface, c.Prefixes())
		p.addresser, p.announcer = p.routes, p.routes
	}
	return p, err
}

// run keeps the addresses until ctx ends, as long as live says that the daemon
// makes progress.
func (h *host) run(ctx context.Context, live func() error) {
	if h.keeper != nil {
		h.keeper.Run(ctx, live)
	}
}

func (h *host) close() error {
	if h.sockets != nil {
		h.sockets.Close()
	}
	if h.keeper == nil {
		return nil
	}
	return h.keeper.Close()
}
