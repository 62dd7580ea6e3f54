package vsphere

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// A conn is one SOAP session from its login to its end. A new login makes a new
// conn with a clean cookie jar, because vCenter takes a login on a live session
// for a wrong password.
type conn struct {
	cfg     Config
	kind    string // "watch" or "operations", shown in the operation id
	soap    *soap.Client
	content types.ServiceContent
	vcenter string // instance UUID, or the UUID of an ESXi host's hardware; lower case
	user    types.UserSession

	restricted atomic.Bool // a licence let it only read
}

// openConn logs in and returns the session.
func openConn(ctx context.Context, cfg Config, transport http.RoundTripper, kind, password string) (*conn, error) {
	c := &conn{cfg: cfg, kind: kind, soap: newSOAP(cfg, transport)}
	content, err := methods.GetServiceContent(ctx, c)
	if err != nil {
		return nil, err
	}
	if content.SessionManager == nil || content.ViewManager == nil || content.SearchIndex == nil {
		return nil, fmt.Errorf("%s is neither a vCenter nor an ESXi host", cfg.URL.Host)
	}
	c.content = content
	if c.user, err = c.login(ctx, transport, password); err != nil {
		return c, err
	}
	if c.vcenter, err = c.identity(ctx); err != nil {
		return c, errors.Join(err, c.logout(ctx))
	}
	return c, nil
}

func newSOAP(cfg Config, transport http.RoundTripper) *soap.Client {
	sc := soap.NewClient(cfg.URL, cfg.Insecure)
	harden(&sc.Client, transport)
	sc.Namespace, sc.Version = "urn:"+vim25.Namespace, vim25.Version
	sc.UserAgent = userAgent()
	return sc
}

// harden gives a client the transport that checks the certificate, and keeps it
// from following a redirect, which would take the password to a host, or over
// plain HTTP, that nobody configured.
func harden(c *http.Client, transport http.RoundTripper) {
	c.Transport = transport
	c.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		return fmt.Errorf("redirected to %s, which is not followed", r.URL.Host)
	}
}

// userAgent names the gateway in vCenter's session list.
func userAgent() string {
	if info, ok := debug.ReadBuildInfo(); ok && strings.HasPrefix(info.Main.Version, "v") {
		return "bmc-gateway/" + strings.TrimPrefix(info.Main.Version, "v")
	}
	return "bmc-gateway/devel"
}

// logout ends the session; without it, it would count against vCenter's limit
// until it has been idle for half an hour.
func (c *conn) logout(ctx context.Context) error {
	_, err := methods.Logout(ctx, c, &types.Logout{This: *c.content.SessionManager})
	return err
}

// RoundTrip makes one call with the configured timeout, or the longer one of a slow
// call; it never repeats one.
func (c *conn) RoundTrip(ctx context.Context, req, res soap.HasFault) error {
	return c.call(ctx, max(c.cfg.CallTimeout, slowness(ctx)), req, res)
}

type slowKey struct{}

// slowly marks calls that vCenter answers when somebody else has answered it: they may
// take so long, and that one does says nothing of vCenter.
func slowly(ctx context.Context, d time.Duration) context.Context {
	return context.WithValue(ctx, slowKey{}, d)
}

// slowness returns how long a slow call may take; 0 for any other.
func slowness(ctx context.Context) time.Duration {
	d, _ := ctx.Value(slowKey{}).(time.Duration)
	return d
}

// call makes one call. An expired session is always a NotAuthenticated fault,
// also where vCenter hides it in the missing set of an answer that looks good.
func (c *conn) call(ctx context.Context, timeout time.Duration, req, res soap.HasFault) error {
	method := strings.TrimSuffix(reflect.TypeOf(req).Elem().Name(), "Body")
	return observeCall(ctx, c.cfg, method, timeout, func(ctx context.Context) error {
		id := operationID(ctx, c.kind, method)
		if err := c.soap.RoundTrip(context.WithValue(ctx, types.ID{}, id), req, res); err != nil {
			if _, ok := faultOf(err).(*types.RestrictedVersion); ok {
				c.restricted.Store(true)
			}
			return err
		}
		return hiddenFault(res)
	})
}

// observeCall gives one call its timeout and tells the configured observer.
func observeCall(ctx context.Context, cfg Config, method string, timeout time.Duration, do func(context.Context) error) error {
	inner, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	began := time.Now()
	err := do(inner)
	took := time.Since(began)
	if err != nil && inner.Err() != nil && ctx.Err() == nil {
		// Ours, not the caller's: it must not look like his deadline.
		err = &timeoutError{method: method, after: timeout}
	}
	if cfg.OnCall != nil {
		cfg.OnCall(method, took, err)
	}
	return err
}

// A timeoutError says that vCenter did not answer in the time a call may take.
type timeoutError struct {
	method string
	after  time.Duration
}

func (e *timeoutError) Error() string {
	return fmt.Sprintf("%s: no answer within %v", e.method, e.after)
}

// hiddenFault looks for NotAuthenticated in the missing sets of a property read.
func hiddenFault(res soap.HasFault) error {
	switch b := res.(type) {
	case *methods.RetrievePropertiesExBody:
		if b.Res != nil && b.Res.Returnval != nil {
			for _, o := range b.Res.Returnval.Objects {
				if err := missingLogin(o.MissingSet); err != nil {
					return err
				}
			}
		}
	case *methods.WaitForUpdatesExBody:
		if b.Res != nil && b.Res.Returnval != nil {
			return hiddenInUpdates(b.Res.Returnval.FilterSet)
		}
	}
	return nil
}

func hiddenInUpdates(filters []types.PropertyFilterUpdate) error {
	for _, f := range filters {
		for _, o := range f.ObjectSet {
			if err := missingLogin(o.MissingSet); err != nil {
				return err
			}
		}
	}
	return nil
}

func missingLogin(missing []types.MissingProperty) error {
	for _, m := range missing {
		if _, ok := m.Fault.Fault.(*types.NotAuthenticated); ok {
			return soap.WrapVimFault(m.Fault.Fault)
		}
	}
	return nil
}

// apiURL returns where the SOAP API of a vCenter is, without user information.
func apiURL(u *url.URL) *url.URL {
	c := *u
	c.User = nil
	if c.Path == "" || c.Path == "/" {
		c.Path = vim25.Path
	}
	return &c
}
