package vspheretest

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	vapi "github.com/vmware/govmomi/vapi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// A VCenter is one simulated vCenter, serving SOAP and the tagging REST API
// over TLS. Several run side by side in one process. Its methods may be called
// from any goroutine.
type VCenter struct {
	cfg      Config
	model    *simulator.Model
	registry *simulator.Registry
	service  *simulator.Service
	tagging  http.Handler
	identity *identity
	gate     *gate
	server   *http.Server
	pool     types.ManagedObjectReference // where all VMs run
	store    string                       // directory of the datastore
	hub      *hub
	calls    calls
	faults   faults
	logins   logins
	denials  denials

	inventory sync.Mutex // one change of the folder tree at a time
	extending sync.Mutex // see extend
	// storage is held while the simulator makes, destroys or reconfigures a VM: it
	// reads its datastore without a lock. It is taken after the lock of a VM.
	storage sync.Mutex

	mu         sync.Mutex
	closed     bool
	machines   map[string]*machine // by managed object id
	names      map[string]string   // VM name -> managed object id, a hint
	tickets    map[string]string   // for a host, by id: the address it is good for
	nests      map[string]*nested  // nested hosts by managed object id
	followers  map[types.ManagedObjectReference][]chan<- struct{}
	serial     int // of the last VM made: seeds its identities
	guestDelay time.Duration
	manualDRS  bool
	frozen     bool // views made now do not see moves
	readers    []eventCollector
	closing    chan struct{}
	work       sync.WaitGroup // requests, tasks, the server
}

// starting is held by a Start until it is done, and while a host is added: making
// its licence manager, govmomi's simulator writes to a licence that is a variable of
// its package and that a new host reads.
var starting sync.Mutex

// Start brings up a vCenter and its VMs and serves until Close. Two at once take
// turns.
func Start(cfg Config) (*VCenter, error) {
	starting.Lock()
	defer starting.Unlock()
	cfg = cfg.withDefaults()
	v := &VCenter{
		cfg:        cfg,
		gate:       &gate{addr: cfg.Listen},
		hub:        newHub(),
		machines:   make(map[string]*machine),
		names:      make(map[string]string),
		tickets:    make(map[string]string),
		nests:      make(map[string]*nested),
		followers:  make(map[types.ManagedObjectReference][]chan<- struct{}),
		guestDelay: 20 * time.Millisecond,
		closing:    make(chan struct{}),
	}
	if err := v.start(); err != nil {
		v.Close()
		return nil, fmt.Errorf("simulated vCenter %q: %w", cfg.Name, err)
	}
	return v, nil
}

func (v *VCenter) start() error {
	host, _, err := net.SplitHostPort(v.cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen address: %w", err)
	}
	ips := append([]net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}, v.cfg.IPs...)
	if ip := net.ParseIP(host); ip != nil && !ip.IsUnspecified() {
		ips = append(ips, ip)
	}
	if v.identity, err = newIdentity(v.cfg.Name, v.cfg.Names, ips); err != nil {
		return err
	}
	if err := v.build(); err != nil {
		return err
	}
	v.server = &http.Server{
		Handler:  http.HandlerFunc(v.serve),
		ErrorLog: log.New(io.Discard, "", 0), // clients that go away are the purpose here
	}
	return v.listen()
}

// build makes the inventory and hooks this package into the simulator.
func (v *VCenter) build() error {
	m := v.newModel()
	v.model = m
	if err := m.Create(); err != nil {
		return err
	}
	v.service, v.registry = m.Service, m.Map()
	v.service.Listen = &url.URL{
		Scheme: "https", Host: v.cfg.Listen, Path: v.registry.Path,
		User: url.UserPassword(v.cfg.Username, v.cfg.Password),
	}
	v.service.RegisterSDK(v.registry, v.registry.Path+"/vimService")
	v.service.ServeMux.HandleFunc(v.registry.Path+"/vimServiceVersions.xml", v.service.ServiceVersions)
	if !v.cfg.ESXi {
		v.serveTags()
		v.serveTokens()
	}
	v.dropIdleTimeout()
	v.logins.set(v.cfg.Username, v.cfg.Password)
	v.registry.SessionManager().ValidLogin = v.logins.valid
	v.registry.Cookie = v.cookie
	v.registry.Handler = v.intercept
	v.registry.AddHandler(v.hub)
	v.identifyHosts()
	v.pool = v.registry.Any("ResourcePool").Reference()
	v.renameDatacenter()
	if err := v.storeInMemory(); err != nil {
		return err
	}
	return v.createVMs()
}

// newModel is one datacenter without VMs, whose hosts are in a cluster, or one host.
func (v *VCenter) newModel() *simulator.Model {
	if v.cfg.ESXi {
		m := simulator.ESX()
		m.Machine = 0
		return m
	}
	m := simulator.VPX()
	m.Host, m.ClusterHost, m.Machine, m.Portgroup = 0, 2, 0, 0
	m.ServiceContent.About.InstanceUuid = v.cfg.InstanceUUID
	return m
}

func (v *VCenter) serveTags() {
	patterns, tagging := vapi.New(v.service.Listen, v.registry)
	for _, p := range patterns {
		v.service.Handle(p, tagging)
	}
	v.tagging = tagging
}

// listen serves at the gate's address until the gate is shut.
func (v *VCenter) listen() error {
	l, err := v.gate.listen()
	if err != nil {
		return err
	}
	config := &tls.Config{Certificates: []tls.Certificate{v.identity.leaf}, NextProtos: []string{"http/1.1"}}
	if !v.spawn(func() { _ = v.server.Serve(tls.NewListener(l, config)) }) {
		v.gate.shut()
		return http.ErrServerClosed
	}
	return nil
}

// serve is the outermost HTTP handler.
func (v *VCenter) serve(w http.ResponseWriter, r *http.Request) {
	if !v.enter() {
		return
	}
	defer v.work.Done()
	if status := v.calls.refusal(); status != 0 {
		http.Error(w, http.StatusText(status), status)
		return
	}
	if name, ok := restCall(r); ok {
		v.calls.add(name, "")
		if f := v.faults.take(name, "", false); f != nil {
			v.pause(f.Delay)
			if f.Status != 0 {
				http.Error(w, http.StatusText(f.Status), f.Status)
				return
			}
		}
	}
	v.service.ServeMux.ServeHTTP(w, r)
}

// enter registers work that Close waits for; false after Close.
func (v *VCenter) enter() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return false
	}
	v.work.Add(1)
	return true
}

// spawn runs f in a goroutine that Close waits for; false after Close.
func (v *VCenter) spawn(f func()) bool {
	if !v.enter() {
		return false
	}
	go func() {
		defer v.work.Done()
		f()
	}()
	return true
}

// pause waits, but no longer than until Close; false when it was Close.
func (v *VCenter) pause(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-v.closing:
		return false
	}
}

// Close ends waiting requests and delayed tasks, cuts all connections and
// removes the simulator's files. It does not wait for clients.
func (v *VCenter) Close() {
	v.mu.Lock()
	if v.closed {
		v.mu.Unlock()
		return
	}
	v.closed = true
	close(v.closing)
	v.mu.Unlock()
	v.gate.shut()
	if v.server != nil {
		v.server.Close()
	}
	v.work.Wait()
	if v.service != nil {
		v.model.Remove()
		os.RemoveAll(v.store)
	}
}

// Name returns the name from the configuration.
func (v *VCenter) Name() string { return v.cfg.Name }

// InstanceUUID returns about.instanceUuid, or the UUID of an ESXi host's hardware.
func (v *VCenter) InstanceUUID() string { return v.cfg.InstanceUUID }

// URL returns the SDK's address, "https://IP:port/sdk", without user information.
// A wildcard listener is named by the first of Config.IPs, else by 127.0.0.1.
func (v *VCenter) URL() *url.URL {
	v.gate.mu.Lock()
	host, port, _ := net.SplitHostPort(v.gate.addr)
	v.gate.mu.Unlock()
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
		if len(v.cfg.IPs) > 0 {
			host = v.cfg.IPs[0].String()
		}
	}
	return &url.URL{Scheme: "https", Host: net.JoinHostPort(host, port), Path: v.registry.Path}
}

// CA returns the certificate authority's certificate as PEM.
func (v *VCenter) CA() []byte { return slices.Clone(v.identity.ca) }

// CAPool returns a pool that holds the certificate authority alone.
func (v *VCenter) CAPool() *x509.CertPool { return v.identity.pool.Clone() }

// Thumbprint returns the SHA-256 of the server certificate, "AA:BB:…".
func (v *VCenter) Thumbprint() string { return v.identity.thumbprint() }
