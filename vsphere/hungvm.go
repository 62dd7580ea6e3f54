package vsphere

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// hungVMWithin is how long a host may take over the support bundle for whose sake
// it sends the NMI; it sends it after about a minute.
const hungVMWithin = 5 * time.Minute

// A hungVM is where a VM runs and how its host calls it.
type hungVM struct {
	host       string // as vCenter calls it: what its certificate is pinned for
	thumbprint []byte
	path       string // of the configuration file, /vmfs/volumes/…
}

// url is that of vm-support with the one manifest that does what is wanted.
func (h hungVM) url() string {
	query := url.Values{"manifests": {"HungVM:Send_NMI_To_Guest"}, "vm": {h.path}}
	return (&url.URL{Scheme: "https", Host: h.host, Path: "/cgi-bin/vm-support.cgi", RawQuery: query.Encode()}).String()
}

// hungVM has the VM's ESXi host send the NMI, with a ticket for that one request.
// It returns when the host has been asked and has not refused within the time a
// task is observed. It needs the privilege Global.Diagnostics and HTTPS to the host.
func (v *VCenter) hungVM(ctx context.Context, t turn) error {
	content := t.conn.content
	target, err := findHungVM(ctx, t.rt, content.PropertyCollector, t.vm)
	if err != nil {
		return err
	}
	where := target.url()
	ticket, err := methods.AcquireGenericServiceTicket(ctx, t.rt, &types.AcquireGenericServiceTicket{
		This: *content.SessionManager,
		Spec: &types.SessionManagerHttpServiceRequestSpec{Method: "httpGet", Url: where},
	})
	if err != nil {
		return err
	}
	sent, result := make(chan struct{}), make(chan error, 1)
	if !v.crew.launch(func(ctx context.Context) { result <- v.askHost(ctx, t.ticket, target, ticket.Returnval.Id, sent) }) {
		return fmt.Errorf("%w: %v", ErrUnavailable, errNotRunning)
	}
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-sent:
	}
	watched := time.NewTimer(observation)
	defer watched.Stop()
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-watched.C:
		return nil
	}
}

// findHungVM reads what vCenter knows of the VM's file and host.
func findHungVM(ctx context.Context, rt soap.RoundTripper, collector, vm types.ManagedObjectReference) (hungVM, error) {
	const file, stores = "config.files.vmPathName", "config.datastoreUrl"
	objects, err := readProperties(ctx, rt, collector, []types.ManagedObjectReference{vm}, "runtime.host", file, stores)
	if err != nil {
		return hungVM{}, err
	}
	of := objects[vm.Value]
	host, ok := of["runtime.host"].(types.ManagedObjectReference)
	path, known := of[file].(string)
	if !ok || !known {
		return hungVM{}, fmt.Errorf("%w: its host and file cannot be read", ErrState)
	}
	if list, ok := of[stores].(types.ArrayOfVirtualMachineConfigInfoDatastoreUrlPair); ok {
		path = onHost(path, list.VirtualMachineConfigInfoDatastoreUrlPair)
	}
	const thumb = "summary.config.sslThumbprint"
	if objects, err = readProperties(ctx, rt, collector, []types.ManagedObjectReference{host}, "name", thumb); err != nil {
		return hungVM{}, err
	}
	name, _ := objects[host.Value]["name"].(string)
	print, _ := objects[host.Value][thumb].(string)
	pin, err := parseThumbprint(print)
	if err != nil {
		return hungVM{}, fmt.Errorf("%w: vCenter does not tell the certificate of host %q: %v", ErrFailed, name, err)
	}
	return hungVM{host: name, thumbprint: pin, path: path}, nil
}

// onHost writes "[store] vm/vm.vmx" as a host does: /vmfs/volumes/…/vm/vm.vmx.
func onHost(path string, stores []types.VirtualMachineConfigInfoDatastoreUrlPair) string {
	for _, s := range stores {
		if rest, ok := strings.CutPrefix(path, "["+s.Name+"] "); ok {
			return strings.TrimSuffix(strings.TrimPrefix(s.Url, "ds://"), "/") + "/" + rest
		}
	}
	return path
}

// askHost makes the request and reads the bundle to its end: the host stops when
// nobody does. It is given up like a call to vCenter when there is no connection to
// the host in time; sent is closed when the request is on its way.
func (v *VCenter) askHost(ctx context.Context, t *ticket, target hungVM, secret string, sent chan<- struct{}) error {
	ctx, cancel := context.WithTimeout(ctx, hungVMWithin)
	defer cancel()
	ctx, disarm := t.arm(ctx)
	defer disarm()
	var once sync.Once
	trace := &httptrace.ClientTrace{WroteRequest: func(i httptrace.WroteRequestInfo) {
		if i.Err == nil {
			once.Do(func() { close(sent) })
		}
	}}
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, trace), http.MethodGet, target.url(), nil)
	if err != nil {
		return fmt.Errorf("%w: host %q: %v", ErrFailed, target.host, err)
	}
	req.AddCookie(&http.Cookie{Name: "vmware_cgi_ticket", Value: secret})
	client := new(http.Client)
	harden(client, v.toHost(target))
	resp, err := client.Do(req)
	switch {
	case err != nil && errors.Is(context.Cause(ctx), errTooLate):
		return fmt.Errorf("%w: host %q: %w", ErrBusy, target.host, errTooLate)
	case err != nil:
		err = errors.Unwrap(err) // the address is long and says nothing new
		return fmt.Errorf("%w: host %q: %v", ErrFailed, target.host, err)
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
		_, _ = io.Copy(io.Discard, resp.Body) // it does not say whether the guest has noticed
		return nil
	case http.StatusUnauthorized, http.StatusForbidden:
		err = ErrDenied
	case http.StatusNotFound, http.StatusNotImplemented:
		err = ErrUnsupported
	default:
		err = ErrFailed
	}
	return fmt.Errorf("%w: host %q answers %s", err, target.host, resp.Status)
}

// toHost is a transport that speaks to the one host whose certificate vCenter knows.
func (v *VCenter) toHost(target hungVM) *http.Transport {
	conf := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: true, // the pin is checked instead
		VerifyConnection:   func(s tls.ConnectionState) error { return checkPin(s, target.thumbprint) },
	}
	return &http.Transport{
		DisableKeepAlives: true,
		DialTLSContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return dialTLS(ctx, network, addr, conf, v.cfg.DialTimeout)
		},
	}
}
