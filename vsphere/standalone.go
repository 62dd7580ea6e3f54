package vsphere

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/vmware/govmomi/vim25/types"
)

// errNoTags is what a selector by tag gets of an ESXi host.
var errNoTags = errors.New("a standalone ESXi host has no tags; select by folder, /ha-datacenter/vm")

// errNoTokens is what a login by token gets of an ESXi host.
var errNoTokens = errors.New("a standalone ESXi host has no token service; use auth: password")

// errRestricted is a licence, such as the free one, that lets the API only read.
var errRestricted = errors.New("the licence of the ESXi host makes its API read-only: power and boot commands are refused")

// standalone reports whether the other side is an ESXi host and no vCenter.
func (c *conn) standalone() bool { return c.content.About.ApiType == "HostAgent" }

// standalone is that of the session; false while there is none.
func (s *session) standalone() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conn != nil && s.conn.standalone()
}

// loneHost is what an ESXi host calls itself.
var loneHost = types.ManagedObjectReference{Type: "HostSystem", Value: "ha-host"}

// identity returns what tells the VMs of this vCenter from those of all others. A
// lone ESXi host has no instance UUID; its hardware's UUID outlives a new
// installation, but for boards that have none.
func (c *conn) identity(ctx context.Context) (string, error) {
	if uuid := c.content.About.InstanceUuid; uuid != "" || !c.standalone() {
		if uuid == "" {
			return "", fmt.Errorf("%s is a vCenter without an instance UUID", c.cfg.URL.Host)
		}
		return strings.ToLower(uuid), nil
	}
	const path = "summary.hardware.uuid"
	objects, err := readProperties(ctx, c, c.content.PropertyCollector, []types.ManagedObjectReference{loneHost}, path)
	if err != nil {
		return "", fmt.Errorf("hardware UUID: %w", err)
	}
	uuid := strings.ToLower(word(objects[loneHost.Value][path]))
	if strings.Trim(uuid, "0-") == "" || strings.Trim(uuid, "f-") == "" {
		return "", fmt.Errorf("ESXi host %s: its hardware has no UUID to know its VMs by", c.cfg.URL.Host)
	}
	return uuid, nil
}

// notices is what cannot be done of what is configured: by an ESXi host, by its
// licence, by the role.
func (v *VCenter) notices() (all []string) {
	if len(v.wants.now().Tags) > 0 && v.watcher.session.standalone() {
		all = append(all, errNoTags.Error())
	}
	if v.operations.restricted() {
		all = append(all, errRestricted.Error())
	}
	for _, m := range v.Privileges().Missing {
		if !m.Optional {
			all = append(all, m.String())
		}
	}
	return all
}

// restricted reports whether the present session has met such a licence.
func (s *session) restricted() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conn != nil && s.conn.restricted.Load()
}
