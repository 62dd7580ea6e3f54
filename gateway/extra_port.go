package gateway

import (
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/gateway/listen"
	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// A LegacyPort is one more place where the BMC of a VM answers, for clients that
// were told of a port of this host instead of an address of its own.
type LegacyPort struct {
	VM     string // its name or its instance UUID
	Listen netip.AddrPort
}

// legacyPorts returns where else the BMC of a VM is to answer.
func (t *tenant) legacyPorts(vm inventory.VM) []netip.AddrPort {
	var all []netip.AddrPort
	for _, p := range t.config().LegacyPorts {
		if p.VM == vm.Name || strings.EqualFold(p.VM, vm.Key.VM) {
			all = append(all, p.Listen)
		}
	}
	return all
}

// An extraPort is a socket besides that of the BMC's own address. Whatever is
// wrong with it is its fate alone, not the BMC's.
type extraPort struct {
	at     netip.AddrPort
	socket *listen.Socket        // nil: it cannot be opened, see failed
	failed atomic.Pointer[error] // why nothing is received; nil while it is
}

func (p *extraPort) failure() string {
	if err := p.failed.Load(); err != nil {
		return (*err).Error()
	}
	return ""
}

// extraPorts are those of one endpoint.
type extraPorts struct {
	mu    sync.Mutex
	ports []*extraPort
}

// set opens what is wanted and not open, and closes what is not wanted any more.
// What cannot be opened is tried again by the next set. open is called with each.
func (e *extraPorts) set(want []netip.AddrPort, open func(*extraPort) error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var ports []*extraPort
	for _, p := range e.ports {
		if slices.Contains(want, p.at) && p.failure() == "" {
			ports = append(ports, p)
		} else if p.socket != nil {
			_ = p.socket.Close() // it is closed in any case
		}
	}
	for _, at := range want {
		if slices.ContainsFunc(ports, func(p *extraPort) bool { return p.at == at }) {
			continue
		}
		p := &extraPort{at: at}
		if err := open(p); err != nil {
			p.failed.Store(&err)
		}
		ports = append(ports, p)
	}
	e.ports = ports
}

// report returns the ports and what is wrong with them.
func (e *extraPorts) report() (all []admin.ExtraPort) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, p := range e.ports {
		all = append(all, admin.ExtraPort{Listen: p.at.String(), Failure: p.failure()})
	}
	return all
}

// openExtra gives an extra port its socket. Answers leave by the socket by which
// the request came.
func (t *tenant) openExtra(ep *endpoint, p *extraPort) error {
	socket, err := t.sockets.Open(p.at)
	if err != nil {
		return err
	}
	err = socket.Serve(listen.Handler{
		Receive: func(from netip.AddrPort, packet []byte) { ep.bmc.ReceiveVia(socket, from, packet) },
		Failed:  func(err error) { p.failed.Store(&err) },
	})
	if err != nil {
		_ = socket.Close()
		return err
	}
	p.socket = socket
	return nil
}

// tendExtra makes the extra ports of an endpoint what the configuration says.
func (t *tenant) tendExtra(ep *endpoint) {
	before := ep.extra.trouble()
	ep.extra.set(t.legacyPorts(ep.vm()), func(p *extraPort) error { return t.openExtra(ep, p) })
	if now := ep.extra.trouble(); now != "" && now != before {
		t.log.Error("an extra port of the BMC cannot be opened", "bmc", ep, "error", now)
	}
}

// trouble is what is wrong with the first port that something is wrong with.
func (e *extraPorts) trouble() string {
	for _, p := range e.report() {
		if p.Failure != "" {
			return "extra port: " + p.Failure
		}
	}
	return ""
}

// tendExtras looks after the extra ports of all endpoints.
func (t *tenant) tendExtras() {
	t.mu.Lock()
	all := make([]*endpoint, 0, len(t.endpoints))
	for _, ep := range t.endpoints {
		all = append(all, ep)
	}
	t.mu.Unlock()
	for _, ep := range all {
		t.tendExtra(ep)
	}
}
