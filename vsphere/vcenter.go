package vsphere

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/vmware/govmomi/vim25/methods"
	"golang.org/x/time/rate"
)

const (
	keepAlive   = 5 * time.Minute // between two calls on an idle operations session; vCenter ends it after 30 min
	logoutGrace = 3 * time.Second
)

// A VCenter is everything the gateway knows of one vCenter and may ask of it.
// It works between the start and the end of Run; before and after, verbs answer
// ErrUnavailable and reads, once nothing is fresh any more, ErrStale. All methods
// may be called from any goroutine.
type VCenter struct {
	cfg        Config
	transport  *http.Transport
	gate       *gate
	crew       *crew
	updates    chan struct{} // held by who has vCenter speak to a BMC; capacity updatesAtOnce
	link       *link
	memory     *memory
	operations *session
	dispatcher *dispatcher
	places     *datacenters
	tasks      *taskObserver
	nmi        nmiProbe
	wants      *wants
	watcher    *watcher
	tagger     *tagger
	rights     rights

	pathing sync.Mutex            // held while vCenter is asked for a path: one asks for all
	paths   map[string]folderPath // by managed object id of the folder

	statsWanted, wattsWanted *interest
	counter                  struct { // of the power draw, as the vCenter numbers it
		vcenter string
		id      int32
	}
}

// New checks the configuration and returns a VCenter that has spoken to nobody yet.
func New(cfg Config) (*VCenter, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	transport, err := newTransport(cfg)
	if err != nil {
		return nil, err
	}
	v := &VCenter{
		cfg: cfg, transport: transport, gate: newGate(), crew: new(crew), link: new(link), updates: make(chan struct{}, updatesAtOnce),
		memory:      newMemory(cfg.Freshness, cfg.Folders),
		paths:       make(map[string]folderPath),
		places:      newDatacenters(),
		wants:       newWants(cfg),
		statsWanted: newInterest(), wattsWanted: newInterest(),
	}
	v.memory.prefix = cfg.AttributePrefix
	v.operations = v.newSession("operations")
	v.operations.limit = rate.NewLimiter(rate.Limit(cfg.Rate), cfg.Burst)
	v.operations.slots = make(chan struct{}, cfg.Limits.Reads)
	v.operations.link = v.link
	v.dispatcher = newDispatcher(cfg.Limits, cfg.Shares, v.sendBatch)
	v.tasks = &taskObserver{session: v.operations, crew: v.crew}
	v.watcher = &watcher{cfg: cfg, session: v.newSession("watch"), mem: v.memory, link: v.link, operations: v.operations, wants: v.wants}
	v.tagger = &tagger{
		watch: v.watcher.session,
		cfg:   cfg, wants: v.wants, names: new(tagNames), mem: v.memory, link: v.link,
		rest: &restSession{cfg: cfg, transport: transport, gate: v.gate},
	}
	return v, nil
}

func (v *VCenter) newSession(kind string) *session {
	return &session{kind: kind, cfg: v.cfg, transport: v.transport, gate: v.gate, crew: v.crew}
}

// Run keeps the VCenter alive until ctx ends. It owns every goroutine and
// session; before it returns nil it has logged out, or given up on it after 3 s.
// It may be called once.
func (v *VCenter) Run(ctx context.Context) error {
	if err := v.crew.begin(ctx); err != nil {
		return v.explain(err, "run", v.cfg.URL.Host)
	}
	v.crew.launch(v.watcher.run)
	v.crew.launch(v.keepOperations)
	v.crew.launch((&meter{wanted: v.statsWanted, measure: v.measureStats, link: v.link}).run)
	v.crew.launch((&meter{wanted: v.wattsWanted, measure: v.measureWatts, link: v.link}).run)
	v.crew.launch(v.watchNICs)
	v.crew.launch(v.watchPrivileges)
	if v.cfg.Events != nil {
		v.crew.launch((&eventReader{cfg: v.cfg, session: v.operations, mem: v.memory, link: v.link}).run)
	}
	v.crew.launch(v.tagger.run)
	<-ctx.Done()
	v.dispatcher.close()
	v.crew.stop()
	reachable := v.link.check() == nil
	v.link.bad(errNotRunning, time.Now())
	if reachable {
		v.logout(context.WithoutCancel(ctx))
	}
	v.transport.CloseIdleConnections()
	return nil
}

func (v *VCenter) logout(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, logoutGrace)
	defer cancel()
	err := errors.Join(v.watcher.session.close(ctx), v.operations.close(ctx), v.tagger.rest.close(ctx))
	if err != nil {
		v.cfg.Log.Info("logout failed; vCenter will end the session by itself", "vcenter", v.cfg.Name, "error", err)
	}
}

// keepOperations logs the operations session in as soon as vCenter is there, so
// that no verb has to wait for it, and keeps it from idling out. When calls get no
// answer any more it is the one that tries.
func (v *VCenter) keepOperations(ctx context.Context) {
	up, cancel := v.link.up.subscribe()
	defer cancel()
	tick, probe := time.NewTicker(keepAlive), time.NewTicker(probeEvery)
	defer tick.Stop()
	defer probe.Stop()
	for try := v.link.check() == nil; ; {
		if try {
			if _, err := methods.GetCurrentTime(ctx, v.operations); err != nil && ctx.Err() == nil {
				v.link.note(err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-up:
			try = v.link.check() == nil
		case <-tick.C:
			try = v.link.check() == nil
		case <-probe.C:
			try = v.link.broken()
		}
	}
}

// Name returns the operator's name for this vCenter.
func (v *VCenter) Name() string { return v.cfg.Name }

// State returns what the watch last said of the VM, from memory, without waiting
// or asking. It fails with ErrStale when nobody can vouch for it, with
// ErrNotFound when the VM is not in the inventory. That a VM is off nobody vouches
// for as soon as vCenter is not there, or the watch has failed.
func (v *VCenter) State(key inventory.Key) (State, error) {
	s, err := v.memory.state(key)
	if (err == nil && s.Power == PoweredOff || errors.Is(err, ErrDoubted)) && !v.link.isUp() {
		return State{}, fmt.Errorf("%w: vCenter does not answer, and so does not say that it is off", ErrStale)
	}
	return s, err
}

// Subscribe returns a channel that holds one hint when the answer of List may
// have changed since the last receive, and the function that ends that. The
// channel is never closed.
func (v *VCenter) Subscribe() (hints <-chan struct{}, cancel func()) {
	return v.memory.changed.subscribe()
}

// SubscribePower is Subscribe for what State says of power.
func (v *VCenter) SubscribePower() (hints <-chan struct{}, cancel func()) {
	return v.memory.power.subscribe()
}

// Connected reports whether vCenter is there, as Status does, from memory.
func (v *VCenter) Connected() bool { return v.link.check() == nil }

// Status returns how the connection is.
func (v *VCenter) Status() Status {
	connected, broken, since, lastErr := v.link.status()
	vcenter, vms, answered := v.memory.about()
	underWay, waiting := v.dispatcher.load()
	return Status{
		CircuitOpen: broken, Commands: underWay, Reads: len(v.operations.slots), Waiting: waiting,
		Connected: connected, Since: since, LastAnswer: answered, LastError: lastErr,
		VMs: vms, InstanceUUID: vcenter, Insecure: v.cfg.Insecure, Logins: v.gate.count(),
		Notices: v.notices(),
	}
}

// Status is how the connection to a vCenter is.
type Status struct {
	Connected    bool      // the watch has everything and does not know vCenter to be gone: verbs are sent
	Since        time.Time // since when Connected is as it is
	LastAnswer   time.Time // of the watch, complete; ages are counted from here
	LastError    string    // of the last call that failed, also after recovery
	VMs          int       // virtual machines in memory, templates too
	InstanceUUID string    // of the vCenter, or of the hardware of an ESXi host, lower case; empty before the first login
	Insecure     bool      // the certificate is not checked
	Logins       int       // sessions opened since Run began, of all kinds
	Notices      []string  // what does not work although the connection is well; a sentence each

	CircuitOpen bool           // the watch goes on, but other calls get no answer: verbs are refused
	Commands    int            // calls under way that change something
	Reads       int            // other calls under way, without the watch
	Waiting     map[string]int // commands that wait for their turn, by tenant; "" is nobody's
}
