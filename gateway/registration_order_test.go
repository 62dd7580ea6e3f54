package gateway

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// toRegister are hosts of these names that vCenter is to be told of.
func toRegister(names ...string) (rows []*registration) {
	for _, name := range names {
		rows = append(rows, &registration{host: vsphere.Host{Ref: name, VCenter: "inner"}, state: admin.WouldRegister, act: true})
	}
	return rows
}

// TestNewHostsDoNotWait for a hundred whose BMC vCenter does not reach, each of which
// takes a minute.
func TestNewHostsDoNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRegistrar(new(tenant), nil, nil, hostPort)
		var mu sync.Mutex
		var told []string
		busy, most := 0, 0
		tell := func(row *registration) error {
			mu.Lock()
			told = append(told, row.host.Ref)
			busy++
			most = max(most, busy)
			mu.Unlock()
			time.Sleep(time.Minute)
			mu.Lock()
			defer mu.Unlock()
			busy--
			return errors.New("no answer")
		}
		look := func(o order, rows []*registration) {
			for _, row := range rows {
				r.line.note(*row)
			}
			r.next = time.Now().Add(time.Hour)
			r.act(rows, o, tell)
		}
		var names []string
		for i := range 100 {
			names = append(names, fmt.Sprint("host-", i))
		}
		rows := toRegister(names...)
		began := time.Now()
		look(order{}, rows)
		if took := time.Since(began); took != time.Minute || len(told) != 2 {
			t.Fatalf("a look took %s for %d hosts", took, len(told))
		}
		if waits := rows[50]; waits.act || waits.state != admin.WouldRegister || waits.reason == "" || !r.next.IsZero() {
			t.Errorf("one that waits is %+v, the next look at %s", *waits, r.next)
		}
		for _, row := range rows[:2] { // as outcome does
			r.wait.failed(*row, "no answer", time.Now())
		}
		told = nil
		look(order{}, toRegister(slices.Concat(names, []string{"new"})...))
		slices.Sort(told) // of two at once either is first
		if diff := cmp.Diff([]string{"host-2", "new"}, told); diff != "" {
			t.Errorf("next are (-want +got):\n%s", diff)
		}
		told = nil
		look(order{by: &admin.Caller{}}, toRegister(names[:10]...))
		if len(told) != 10 || slices.Contains(told[:8], "host-0") || slices.Contains(told[:8], "host-1") {
			t.Errorf("an operator waits for all, first for those that were not refused: %q", told)
		}
		if most != registerAtOnce {
			t.Errorf("%d at a time", most)
		}
	})
}

// TestRegisterSideBySide: a tenant whose turn does not come holds up no other.
func TestRegisterSideBySide(t *testing.T) {
	n := newNest(t, 1, "127.61.28.1-127.61.28.20", RegisterDisabled)
	second := simulator(t, vspheretest.Config{Name: "second", VMs: 1, Prefix: "other"})
	n.addTenant(t, second, inventory.Selector{Names: []string{"other-*"}}, "127.61.29.1-127.61.29.20")
	n.config.Tenants[1].Register = n.config.Tenants[0].Register
	n.begin(t, 2)
	for _, slow := range n.gw.served() {
		slow.registrar.turn <- struct{}{}
		done := make(chan []admin.Registrations, 1)
		go func() {
			all, _ := n.gw.RegisterHosts(t.Context(), admin.RegistrationRequest{}, admin.Caller{})
			done <- all
		}()
		before := time.Now()
		within(t, time.Minute, "the other has looked", func() error {
			for _, r := range n.gw.Registrations() {
				if r.Tenant != slow.config().Name && !r.At.Before(before) && len(r.Hosts) > 0 {
					return nil
				}
			}
			return errors.New("not yet")
		})
		<-slow.registrar.turn
		if all := <-done; len(all) != 2 || all[0].Tenant != "outer" || all[1].Tenant != "second" {
			t.Errorf("told is %+v", all)
		}
	}
}
