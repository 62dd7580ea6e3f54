package usecases

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/lab"
	"github.com/bmc-gateway/bmc-gateway/gateway"
	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest/bmcclient"
)

// TestDPMWithoutTyping has the gateway register a cluster's hosts at the inner
// vCenter, which then sends them to standby and wakes them with what it was given.
func TestDPMWithoutTyping(t *testing.T) {
	t.Parallel()
	const hosts = 4
	u := begin(t, "DPM, register hosts", innerVCenter)
	inner := startInner(t, "vc-nested", hosts, bmcclient.Client{})
	l := lab.Start(t, lab.Config{Name: "vc-lab", Prefix: "esxi", Tenants: []lab.Tenant{{Name: "nested", VMs: hosts}}, Edit: func(c *gateway.Config) {
		c.VCenters = append(c.VCenters, vsphere.Config{
			Name: "vc-nested", URL: inner.URL(), Username: "administrator@vsphere.local", RootCAs: inner.CAPool(),
			Password: func() (string, error) { return "secret", nil },
		})
		c.Tenants[0].Register = gateway.Register{VCenter: "vc-nested", Mode: gateway.RegisterDisabled, Interval: time.Hour}
	}})
	if l.Port != lab.StandardPort {
		missing(t, u.name, "vCenter speaks to port 623 only, which needs root")
	}
	n := inhabit(t, l, inner, 0, hosts)
	u.step(t, "all hosts are registered at once, each with an account of its own", func(t *testing.T) {
		registerAll(t, n, hosts, admin.RegistrationRequest{}, admin.Registered)
		known := make(map[types.HostIpmiInfo]bool)
		for i := range hosts {
			bmc, want := inner.HostIPMI(l.VM(i)), n.bmc(l.VM(i))
			if known[bmc] || bmc.BmcIpAddress != want.BmcIpAddress || len(bmc.Password) != 16 || bmc.Password == lab.Password {
				t.Errorf("%s is registered at %s with %d letters of password, want %s", l.VM(i), bmc.BmcIpAddress, len(bmc.Password), want.BmcIpAddress)
			}
			known[bmc] = true
		}
	})
	u.step(t, "they go to standby, and are woken with these accounts", func(t *testing.T) { thereAndBack(t, n, hosts) })
	u.step(t, "with new accounts they are woken, too", func(t *testing.T) {
		before := inner.HostIPMI(l.VM(0))
		registerAll(t, n, hosts, admin.RegistrationRequest{Rotate: true}, admin.Registered)
		if inner.HostIPMI(l.VM(0)).Password == before.Password {
			t.Error("the password is the one before")
		}
		thereAndBack(t, n, hosts)
	})
	u.step(t, "once unregistered they cannot go to standby", func(t *testing.T) {
		registerAll(t, n, hosts, admin.RegistrationRequest{Unregister: true}, admin.Unregistered)
		if err := n.sleep(t.Context(), l.VM(0)); !fault.Is(err, &types.NotSupported{}) {
			t.Errorf("%v, want NotSupported", err)
		}
	})
}

// registerAll asks as root does, until all nested hosts are as wanted: the gateway
// may not have seen them yet.
func registerAll(t *testing.T, n *nest, hosts int, q admin.RegistrationRequest, want admin.Registration) {
	t.Helper()
	uid := uint32(os.Getuid())
	lab.Until(t, fmt.Sprintf("%d hosts are %s", hosts, want), func() error {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		all, err := n.lab.Gateway.RegisterHosts(ctx, q, admin.Caller{UID: &uid})
		if err != nil {
			return err
		}
		if len(all) != 1 || all[0].Error != "" {
			return fmt.Errorf("%+v", all)
		}
		found := 0
		for _, h := range all[0].Hosts {
			if h.State == want {
				found++
			} else if h.VM != "" {
				err = fmt.Errorf("%s is %s: %s", h.Host, h.State, h.Reason)
			}
		}
		if found != hosts && err == nil {
			err = fmt.Errorf("%d are", found)
		}
		return err
	})
}

// thereAndBack sends all hosts to standby and wakes them.
func thereAndBack(t *testing.T, n *nest, hosts int) {
	t.Helper()
	n.each(t, hosts, func(host string) error { return n.sleep(t.Context(), host) })
	n.each(t, hosts, func(host string) error { return n.is(host, asleep) })
	var again atomic.Int64
	n.each(t, hosts, func(host string) error { return n.wakes(t.Context(), host, &again) })
	n.each(t, hosts, func(host string) error { return n.is(host, awake) })
}
