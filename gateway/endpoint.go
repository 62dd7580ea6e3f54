package gateway

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
	"github.com/bmc-gateway/bmc-gateway/gateway/listen"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

// An endpoint is a VM that can be reached as a BMC: a lease, an address on an
// interface, a socket on it and the BMC that answers there. It is started as
// one and stopped as one.
type endpoint struct {
	now     atomic.Pointer[inventory.VM] // replaced by the reconcile loop, read by everybody
	lease   address.Lease
	mac     string // of the lease
	pool    *pool  // that the address is of
	machine *machine
	bmc     *bmc.BMC
	since   time.Time
	extra   extraPorts
	undo    undo

	strangers throttle // packets of no session that the BMC hears; only with a quota of the tenant

	unfollow func()                // ends what follow began
	failure  atomic.Pointer[error] // why the BMC stopped answering; nil while it does
}

// vm returns the VM as it was last seen.
func (ep *endpoint) vm() inventory.VM { return *ep.now.Load() }

// follow has the VM measured by this vCenter, and by no other any more.
func (ep *endpoint) follow(vc *vsphere.VCenter) {
	if ep.unfollow != nil {
		ep.unfollow()
	}
	ep.unfollow = vc.Follow(ep.vm().Key)
}

// start makes the VM reachable. On an error nothing of it is left but the lease,
// which stays in use: the VM will want the same address at the next attempt.
func (t *tenant) start(vm inventory.VM) (_ *endpoint, err error) {
	ep := &endpoint{since: time.Now()}
	ep.now.Store(&vm)
	defer func() {
		if err != nil {
			ep.undo.run()
		}
	}()
	ep.lease, ep.pool, err = t.lender.lease(vm, t.pinned(vm), time.Now())
	if err != nil {
		return nil, err
	}
	ep.lease = overridden(ep.lease, t.pinned(vm))
	ep.mac = ep.lease.MAC.String()

	remove, err := ep.pool.add(ep.lease.Address)
	if errors.Is(err, address.ErrConflict) {
		err = errors.Join(err, ep.pool.conflict(ep.lease.Address))
	}
	if err != nil {
		return nil, err
	}
	ep.undo.push(func() { t.logIf(remove(), "removing the address failed", ep) })

	if err := t.listen(ep); err != nil {
		return nil, err
	}
	ep.pool.serves(ep.lease.Address)
	if err := ep.pool.announcer.Announce(ep.pool.config.Interface, ep.lease.Address); err != nil {
		t.logIf(err, "announcing the address failed", ep) // neighbours with an old entry wait until it ages
	}
	return ep, nil
}

// listen opens the socket and runs the BMC on it.
func (t *tenant) listen(ep *endpoint) error {
	at := netip.AddrPortFrom(ep.lease.Address, t.config().IPMI.Port)
	conn, err := ep.pool.open(t.sockets, at)
	if err != nil {
		return err
	}
	ep.undo.push(func() { t.logIf(conn.Close(), "closing the socket failed", ep) })

	ep.undo.push(func() { ep.extra.set(nil, nil) })

	key := ep.vm().Key
	ep.machine = &machine{
		tenant: t.config().Name,
		key:    key,
		vc:     t.vc,
		boot:   t.boots.of(key, t.vc(), *t.config()),
		ledger: t.ledger,
		cycles: t.cycles,
		policy: func() Power { return t.config().Power },
		ending: t.ending.Load,
		permit: func(c ipmi.ChassisControl, power bmc.PowerState) error { return t.permit(ep, c, power) },
		done:   t.powerDone,
		ran:    func(c ipmi.ChassisControl, id string, err error) { t.powerRan(ep, c, id, err) },
		note:   func(msg string, args ...any) { t.log.Info(msg, append([]any{"bmc", ep}, args...)...) },
		ops:    newOperations(func(c ipmi.ChassisControl, err error) { t.lateFailure(ep, c, err) }),
	}
	ep.machine.ops.isOn = ep.machine.isOn
	ep.machine.ops.earlier = func() []*operations { return t.retired.of(key) }
	ep.undo.push(func() { t.retire(ep.machine) })

	if c, left := t.cycles.take(key); left {
		ep.machine.finish(c)
	}
	ep.follow(t.vc())
	ep.undo.push(func() { ep.unfollow() })

	config, err := t.bmcConfig(ep)
	if err != nil {
		return err
	}
	b, detach, err := t.logs.of(key).attach(func(st bmc.SELStore) (*bmc.BMC, error) {
		config.SEL = st
		return bmc.New(config, ep.machine)
	})
	if err != nil {
		return err
	}
	ep.bmc = b
	ep.undo.push(detach)
	return ep.serve(conn)
}

// serve runs the BMC until the endpoint is stopped. Should its socket fail, the
// endpoint is marked and the reconcile loop starts it anew.
func (ep *endpoint) serve(conn *listen.Socket) error {
	stop, err := ep.bmc.Start(conn)
	if err != nil {
		return err
	}
	ep.undo.push(stop)
	return conn.Serve(listen.Handler{Receive: ep.bmc.Receive, Failed: func(err error) { ep.failure.Store(&err) }})
}

// bmcConfig is what the BMC of this endpoint says of itself.
func (t *tenant) bmcConfig(ep *endpoint) (bmc.Config, error) {
	order := ipmi.GUID
	if t.config().IPMI.GUID == GUIDAsSMBIOS {
		order = ipmi.SMBIOSGUID
	}
	guid, err := order(ep.vm().BIOSUUID)
	if err != nil {
		return bmc.Config{}, fmt.Errorf("BIOS UUID: %w", err)
	}
	suites, err := t.suites()
	if err != nil {
		return bmc.Config{}, err
	}
	config := bmc.Config{
		Accounts: t.accounts(ep.vm().Key),
		Suites:   suites,
		GUID:     guid,
		Firmware: t.version.Firmware,
		LAN: bmc.LAN{
			Address:      ep.lease.Address,
			PrefixLength: ep.pool.config.PrefixLength,
			Gateway:      ep.pool.config.Gateway,
			MAC:          ep.lease.MAC,
			Port:         t.config().IPMI.Port,
		},
		AllowFrom:         t.config().AllowFrom,
		IdleTimeout:       t.config().IPMI.SessionIdleTimeout,
		MaxSessions:       t.config().IPMI.SessionsPerBMC,
		Limit:             t.sessions,
		PacketRate:        t.config().IPMI.PacketsPerSecond,
		Hears:             func(now time.Time, s bmc.Standing, account string) bool { return t.hears(ep, now, s, account) },
		Mode:              func() bmc.Mode { return t.maintenance.mode(t.config().Name, ep.vm().Key) },
		V15:               t.config().IPMI.V15,
		Kg:                t.config().IPMI.Kg,
		BootFlagsValidFor: t.config().IPMI.BootFlagsValidFor,
		Sensors:           t.sensors,
		SDRTime:           sensorsMade(),
		PowerReading:      ep.machine.watts,
		Events:            t.events(ep),
	}
	err = t.describeVM(&config, ep)
	return config, err
}

func (t *tenant) suites() ([]ipmi.CipherSuite, error) {
	var suites []ipmi.CipherSuite
	for _, id := range t.config().IPMI.CipherSuites {
		s, err := ipmi.CipherSuiteByID(id)
		if err != nil {
			return nil, err
		}
		suites = append(suites, s)
	}
	return suites, nil
}

// failed returns why the BMC stopped answering, or nil.
func (ep *endpoint) failed() error {
	if err := ep.failure.Load(); err != nil {
		return *err
	}
	return nil
}

// LogValue names the endpoint in the log.
func (ep *endpoint) LogValue() slog.Value {
	vm := ep.vm()
	return slog.GroupValue(slog.String("name", vm.Name), slog.String("vm", vm.Key.VM),
		slog.Any("address", ep.lease.Address))
}
