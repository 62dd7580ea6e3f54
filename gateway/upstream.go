package gateway

import (
	"cmp"
	"fmt"
	"reflect"
	"sync/atomic"
	"time"

	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

// An upstream is a vCenter as it is configured, and what speaks to it.
type upstream struct {
	config vsphere.Config // without what the tenants ask of it
	vc     *vsphere.VCenter
	secret *secret
}

// A secret is where a vCenter's password is read from, at every login. A reload may
// find it elsewhere.
type secret struct {
	get atomic.Pointer[func() (string, error)]
}

func (s *secret) read() (string, error) { return (*s.get.Load())() }

// connect makes what speaks to a vCenter. It does no I/O.
func (g *Gateway) connect(c vsphere.Config, tenants []Tenant) (*upstream, error) {
	u := &upstream{config: c, secret: new(secret)}
	u.secret.get.Store(&c.Password)
	full := filled(c, tenants)
	if c.Password != nil {
		full.Password = u.secret.read
	}
	full.Log = g.log
	full.Events = &eventSink{g}
	full.OnLink = func(lost error) { g.record.noteLink(c.Name, lost) }
	counts := g.metrics.VCenter(c.Name)
	full.OnCall = counts.Call
	full.OnCommand = func(tenant string, waited time.Duration, fate vsphere.Fate) {
		counts.Command(cmp.Or(tenant, ownTenant), string(fate), waited)
	}
	var err error
	if u.vc, err = vsphere.New(full); err != nil {
		return nil, fmt.Errorf("vcenter %q: %w", c.Name, err)
	}
	return u, nil
}

// sameVCenter reports whether nothing is configured otherwise, but for where the
// password is read from.
func sameVCenter(a, b vsphere.Config) bool {
	trust := a.RootCAs.Equal(b.RootCAs)
	a.RootCAs, b.RootCAs = nil, nil
	a.Password, b.Password = nil, nil
	return trust && reflect.DeepEqual(a, b)
}

// want is what the tenants ask of a vCenter.
func want(c vsphere.Config, tenants []Tenant) vsphere.Wanted {
	c = filled(c, tenants)
	return vsphere.Wanted{Folders: c.Folders, Tags: c.Tags, Selectors: c.Selectors, Shares: c.Shares, ReadOnly: c.ReadOnly, Hosts: c.Hosts}
}
