package browser

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// The showcase is the daemon of the pictures: three tenants at two vCenters, one of
// which has a VM more than its pool has addresses.
const (
	showcaseText = `apiVersion: bmc-gateway/v1
admin: {socket: %[1]s/admin.sock}
state: {path: %[1]s/state.db}
http: {listen: "%[2]s"}
vcenters:
- {name: vc-berlin, url: https://%[3]s, username: administrator@vsphere.local, password_file: vcenter, ca_file: vc-berlin.pem}
- {name: vc-dmz, url: https://%[4]s, username: administrator@vsphere.local, password_file: vcenter, ca_file: vc-dmz.pem}
pools:
- {name: lab, interface: lo, ranges: [127.120.8.11-127.120.8.90], prefix_length: 8, assign: existing}
- {name: platform, interface: lo, ranges: [127.120.9.11-127.120.9.20], prefix_length: 8, assign: existing}
- {name: dmz, interface: lo, ranges: [127.130.0.11-127.130.0.34], prefix_length: 8, assign: existing}
tenants:
- {name: nested-lab, vcenter: vc-berlin, pool: lab, select: {names: ["esxi-*"]}, %[5]s}
- {name: platform, vcenter: vc-berlin, pool: platform, select: {names: ["ci-*", "db-*"]}, %[5]s}
- {name: openshift, vcenter: vc-dmz, pool: dmz, select: {names: ["ocp-*"]}, %[5]s}
`
	showcaseReady = 40 + 6 + 24
	portrayed     = "esxi-07" // whose page is in a picture
)

// newShowcase starts it.
func newShowcase(t *testing.T) *site {
	t.Helper()
	s := &site{dir: t.TempDir(), http: freePort(t)}
	for i, c := range []vspheretest.Config{{Name: "vc-berlin", VMs: 40, Prefix: "esxi"}, {Name: "vc-dmz", VMs: 24, Prefix: "ocp"}} {
		vc, err := vspheretest.Start(c)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(vc.Close)
		s.vcenters[i] = vc
		s.write(t, c.Name+".pem", string(vc.CA()))
	}
	port := 6230
	if os.Geteuid() == 0 {
		port = 623
	}
	rest := fmt.Sprintf("allow_from: [127.0.0.0/8], ipmi: {port: %d}, accounts: [{username: operator, password_file: operator, privilege: operator}]", port)
	s.write(t, "config.yaml", fmt.Sprintf(showcaseText, s.dir, s.http, s.vcenters[0].URL().Host, s.vcenters[1].URL().Host, rest))
	s.write(t, "vcenter", "secret")
	s.write(t, "operator", operatorPassword)
	for _, name := range []string{"ci-runner-1", "ci-runner-2", "ci-runner-3", "db-primary", "db-replica", "db-witness"} {
		if err := s.vcenters[0].AddVM(name, "/DC0/vm"); err != nil {
			t.Fatal(err)
		}
	}
	s.daemon = &daemon{site: s}
	t.Cleanup(func() { s.daemon.stop(t) })
	s.daemon.start(t, showcaseReady)
	s.happen(t)
	return s
}

// happen makes some BMCs worth a look.
func (s *site) happen(t *testing.T) {
	t.Helper()
	client := admin.NewClient(filepath.Join(s.dir, "admin.sock"))
	if _, err := client.ChangeMaintenance(t.Context(), admin.MaintenanceChange{On: true, Tenant: "platform", Target: "db-primary", Reason: "the database is moved"}); err != nil {
		t.Fatal(err)
	}
	if err := s.vcenters[1].AddVM("ocp-25", "/DC0/vm"); err != nil {
		t.Fatal(err)
	}
	for n, name := range []string{"esxi-11", "esxi-12", "esxi-31", "ocp-04", "ocp-19"} {
		if err := s.vcenters[n/3].SetPower(name, "poweredOff"); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"esxi-07", "esxi-08"} {
		if err := s.vcenters[0].SetTools(name, true); err != nil {
			t.Fatal(err)
		}
	}
}

// traffic is what clients do until ctx ends: they poll, restart VMs, choose what is
// booted, and now and then have a wrong password or ask for what there is not.
func (s *site) traffic(ctx context.Context, t *testing.T) {
	var all []admin.BMC
	for _, b := range s.bmcs(t) {
		if b.State == admin.Ready {
			all = append(all, b)
		}
	}
	var sessions []*remote.Session
	for i := 0; i < len(all); i += 5 {
		sessions = append(sessions, login(t, all[i]))
	}
	mine := login(t, s.bmc(t, portrayed))
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := s.step(ctx, n, sessions[n%len(sessions)], mine, all[n%len(all)])
		refused := (*remote.StatusError)(nil)
		if err != nil && ctx.Err() == nil && !errors.As(err, &refused) {
			t.Errorf("traffic: %v", err)
			return
		}
	}
}

// step is what happens in a tenth of a second.
func (s *site) step(ctx context.Context, n int, one, mine *remote.Session, b admin.BMC) error {
	var failed error
	send := func(s *remote.Session, fn ipmi.NetFn, cmd uint8, data ...byte) {
		if _, err := s.Command(ctx, fn, cmd, data); err != nil {
			failed = err
		}
	}
	for range 1 + n/120%3 { // in waves, as monitoring does
		send(one, ipmi.NetFnChassis, 0x01)
	}
	switch {
	case n%450 == 9:
		send(mine, ipmi.NetFnChassis, cmdChassisControl, byte(ipmi.ChassisPowerCycle))
	case n%10 == 1:
		send(mine, ipmi.NetFnSensor, 0x2D, 6)
	case n%25 == 2:
		send(one, ipmi.NetFnChassis, cmdSetBootOptions, 5, 0x80, 4, 0, 0, 0)
	case n%240 == 3:
		send(mine, ipmi.NetFnChassis, cmdChassisControl, byte(ipmi.ChassisHardReset))
	case n%40 == 4:
		send(one, ipmi.NetFnChassis, cmdChassisControl, byte(ipmi.ChassisPowerUp))
	case n%450 == 15:
		send(mine, ipmi.NetFnStorage, cmdAddSELEntry, 0, 0, 2, 0, 0, 0, 0, 0x20, 0, 4, 0x12, 0x0C, 0x6F, 0x02, 0xFF, 0xFF)
	case n%300 == 5:
		send(mine, ipmi.NetFnChassis, cmdSetBootOptions, 5, 0x80, 4, 0, 0, 0)
	case n%30 == 6:
		send(one, ipmi.NetFnApp, 0x02) // a cold reset, which an operator may not
	case n%150 == 7:
		c, err := remote.Dial(netip.AddrPortFrom(b.Address, b.Port))
		if err != nil {
			return err
		}
		defer c.Close()
		suite, err := ipmi.CipherSuiteByID(17)
		if err != nil {
			return err
		}
		word := operatorPassword
		if n%300 == 7 {
			word = strings.ToUpper(word)
		}
		if _, err := c.Login(ctx, remote.Login{User: "operator", Password: word, Privilege: ipmi.Operator, Suite: suite, Insist: true}); err != nil {
			return err
		}
	case n%20 == 8:
		c, err := remote.Dial(netip.AddrPortFrom(b.Address, b.Port))
		if err != nil {
			return err
		}
		defer c.Close()
		return c.Send([]byte{6, 0, 0xFF, 7, 6, 0x40, 1, 2}) // of a session that there is not
	}
	return failed
}
