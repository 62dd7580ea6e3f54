package vspheretest

import (
	"crypto/rand"
	"crypto/sha1"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// An ESXi is the part of an ESXi host that sends a hung VM an NMI: HTTPS with a
// certificate of its own, and vm-support behind tickets that vCenter gives out.
// All hosts of the vCenter are this one.
type ESXi struct {
	v      *VCenter
	server *http.Server

	mu     sync.Mutex
	status int // answered instead; 0: none
}

// ServeESXi starts the host and makes vCenter know its address and certificate.
// It ends with the vCenter.
func (v *VCenter) ServeESXi() (*ESXi, error) {
	identity, err := newIdentity(v.cfg.Name+" host", nil, []net.IP{net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	e := &ESXi{v: v}
	e.server = &http.Server{Handler: e, ErrorLog: log.New(io.Discard, "", 0)}
	secure := tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{identity.leaf}})
	if !v.spawn(func() { _ = e.server.Serve(secure) }) {
		return nil, http.ErrServerClosed
	}
	v.spawn(func() {
		<-v.closing
		e.server.Close()
	})
	v.mount()
	sum := sha1.Sum(identity.leaf.Certificate[0]) // as vCenter has it up to 8.0
	e.Introduce(l.Addr().String(), strings.TrimSuffix(strings.ReplaceAll(fmt.Sprintf("% X", sum), " ", ":"), ":"))
	return e, nil
}

// mount gives the VMs there are what the simulator leaves out: how hosts call
// their datastore.
func (v *VCenter) mount() {
	for _, entity := range v.registry.All("VirtualMachine") {
		vm, ok := entity.(*simulator.VirtualMachine)
		if !ok {
			continue
		}
		v.registry.WithLock(v.context(), vm, func() {
			store, _, _ := strings.Cut(strings.TrimPrefix(vm.Config.Files.VmPathName, "["), "]")
			vm.Config.DatastoreUrl = []types.VirtualMachineConfigInfoDatastoreUrlPair{{Name: store, Url: "/vmfs/volumes/" + store + "/"}}
		})
	}
}

// Introduce tells vCenter what to call the host and how to know it.
func (e *ESXi) Introduce(address, thumbprint string) {
	for _, entity := range e.v.registry.All("HostSystem") {
		host := entity.(*simulator.HostSystem)
		e.v.registry.WithLock(e.v.context(), host, func() {
			host.Name, host.Summary.Config.Name = address, address
			host.Summary.Config.SslThumbprint = thumbprint
		})
	}
}

// Forget makes vCenter expect another certificate than the host has.
func (e *ESXi) Forget() {
	e.Introduce(e.v.registry.Any("HostSystem").(*simulator.HostSystem).Name, strings.Repeat("AB:", 19)+"AB")
}

// Refuse has the host answer with an HTTP status; 0 ends that.
func (e *ESXi) Refuse(status int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.status = status
}

// ServeHTTP answers vm-support.cgi and sends the NMI, if the ticket is for just
// this request and has not been used.
func (e *ESXi) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	status := e.status
	e.mu.Unlock()
	if status != 0 {
		http.Error(w, http.StatusText(status), status)
		return
	}
	cookie, err := r.Cookie("vmware_cgi_ticket")
	if err != nil || !e.v.redeem(cookie.Value, "https://"+r.Host+r.URL.String()) {
		http.Error(w, "no ticket", http.StatusUnauthorized)
		return
	}
	query := r.URL.Query()
	if r.URL.Path != "/cgi-bin/vm-support.cgi" || query.Get("manifests") != "HungVM:Send_NMI_To_Guest" || !e.v.interrupt(query.Get("vm")) {
		http.NotFound(w, r)
		return
	}
	fmt.Fprintln(w, "a support bundle")
}

// redeem takes back a ticket for an address; false when it is none.
func (v *VCenter) redeem(id, url string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	of, ok := v.tickets[id]
	delete(v.tickets, id)
	return ok && of == url
}

// interrupt sends an NMI to the VM with that configuration file.
func (v *VCenter) interrupt(path string) bool {
	for _, entity := range v.registry.All("VirtualMachine") {
		vm, ok := entity.(*simulator.VirtualMachine)
		if !ok {
			continue
		}
		var same bool
		v.registry.WithLock(v.context(), vm, func() { same = v.fileOf(&vm.VirtualMachine) == path })
		if same {
			v.mu.Lock()
			defer v.mu.Unlock()
			v.machine(vm.Self).nmis++
			return true
		}
	}
	return false
}

// fileOf is a VM's configuration file as its host calls it.
func (v *VCenter) fileOf(vm *mo.VirtualMachine) string {
	for _, s := range vm.Config.DatastoreUrl {
		if rest, ok := strings.CutPrefix(vm.Config.Files.VmPathName, "["+s.Name+"] "); ok {
			return strings.TrimSuffix(s.Url, "/") + "/" + rest
		}
	}
	return ""
}

// sessionManager remembers the tickets it gives out.
type sessionManager struct {
	*simulator.SessionManager
	v *VCenter
}

// AcquireGenericServiceTicket implements the method of the same name.
func (m *sessionManager) AcquireGenericServiceTicket(req *types.AcquireGenericServiceTicket) soap.HasFault {
	spec, ok := req.Spec.(*types.SessionManagerHttpServiceRequestSpec)
	if !ok || spec.Method != "httpGet" {
		return &methods.AcquireGenericServiceTicketBody{Fault_: simulator.Fault("", &types.InvalidArgument{InvalidProperty: "spec"})}
	}
	id := rand.Text()
	m.v.mu.Lock()
	defer m.v.mu.Unlock()
	m.v.tickets[id] = spec.Url
	return &methods.AcquireGenericServiceTicketBody{Res: &types.AcquireGenericServiceTicketResponse{
		Returnval: types.SessionManagerGenericServiceTicket{Id: id},
	}}
}

// SetBuild makes another build of the vCenter, as after an upgrade; sessions see
// it that begin later.
func (v *VCenter) SetBuild(build string) {
	root := v.registry.Get(rootRef).(*simulator.ServiceInstance)
	v.registry.WithLock(v.context(), root, func() { root.Content.About.Build = build })
}
