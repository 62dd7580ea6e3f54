package docstest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest/bmcclient"
)

const (
	innerName   = "vcenter-nested.example.org"
	innerListen = "192.0.2.4:443"
	innerUser   = "svc-register@nested.local"
	innerDomain = ".example.org" // of its hosts, whose names begin with their VM's
)

// An innerVCenter has nested hosts, which are VMs of the world's vCenter, and does
// with them what somebody at its client would.
type innerVCenter struct {
	vc     *vspheretest.VCenter
	client *vim25.Client
}

// innerUsage is what it can be told, as usage.
var innerUsage = []string{
	"nested-ca", "nest VM", "host HOST", "ipmi HOST ADDRESS MAC LOGIN PASSWORD", "standby HOST", "wake HOST",
}

// startInner runs it until the world ends. It speaks to BMCs at port 623 and knows
// no other, like a real one.
func startInner() (*innerVCenter, error) {
	vc, err := vspheretest.Start(vspheretest.Config{
		Name: "vc-nested", Names: []string{innerName}, Username: innerUser, Password: vcenterPassword,
		Datacenter: "Nested", Listen: innerListen, VMs: 2, BMCs: bmcclient.Client{},
	})
	if err != nil {
		return nil, err
	}
	sc := soap.NewClient(vc.URL(), false)
	sc.DefaultTransport().TLSClientConfig.RootCAs = vc.CAPool()
	c, err := vim25.NewClient(context.Background(), sc)
	if err != nil {
		return nil, err
	}
	return &innerVCenter{vc, c}, session.NewManager(c).Login(context.Background(), url.UserPassword(innerUser, vcenterPassword))
}

// obey does one thing and says what is to be said of it.
func (i *innerVCenter) obey(outer *vspheretest.VCenter, words []string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience/2)
	defer cancel()
	if words[0] == "nested-ca" {
		return string(i.vc.CA()), nil
	}
	name := words[1]
	if words[0] == "nest" {
		return "", i.vc.AddNestedHost(vspheretest.NestedHost{Name: name + innerDomain, Outer: outer, VM: name, Swapped: true, BootTime: time.Second})
	}
	ref := types.ManagedObjectReference{Type: "HostSystem", Value: i.vc.HostRef(name)}
	if ref.Value == "" {
		return "", fmt.Errorf("no host %q", name)
	}
	var task types.ManagedObjectReference
	switch words[0] {
	case "host":
		r := i.vc.HostRuntime(name)
		return fmt.Sprintf("%s, %s, standby mode %s\n", r.ConnectionState, r.PowerState, r.StandbyMode), nil
	case "ipmi":
		_, err := methods.UpdateIpmi(ctx, i.client, &types.UpdateIpmi{This: ref, IpmiInfo: types.HostIpmiInfo{
			BmcIpAddress: words[2], BmcMacAddress: words[3], Login: words[4], Password: words[5],
		}})
		if soap.IsSoapFault(err) {
			err = fmt.Errorf("%T", soap.ToSoapFault(err).VimFault())
		}
		return "", err
	case "standby":
		res, err := methods.PowerDownHostToStandBy_Task(ctx, i.client, &types.PowerDownHostToStandBy_Task{This: ref, TimeoutSec: 30})
		if err != nil {
			return "", err
		}
		task = res.Returnval
	case "wake":
		res, err := methods.PowerUpHostFromStandBy_Task(ctx, i.client, &types.PowerUpHostFromStandBy_Task{This: ref, TimeoutSec: 30})
		if err != nil {
			return "", err
		}
		task = res.Returnval
	default:
		return "", errors.New("no such command")
	}
	return "", object.NewTask(i.client, task).Wait(ctx)
}
