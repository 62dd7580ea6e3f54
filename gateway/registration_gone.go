package gateway

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

const (
	// goneAnswers is how many answers of vCenter in a row have to be without a host
	// before the account of its BMC is withdrawn, at least.
	goneAnswers = 3
	// goneAfter is how long these have to span.
	goneAfter = 2 * registerRetry
)

// absentHosts returns what judges which hosts are gone: what judges VMs that are gone,
// by the tenant's guard.
func absentHosts(c *Tenant) *inventory.Absences {
	return inventory.NewAbsences(hostGuard(c.Guard), nil)
}

// hostGuard is a guard that never believes the first answer.
func hostGuard(g inventory.Guard) inventory.Guard {
	g.Answers, g.After = max(g.Answers, goneAnswers), max(g.After, goneAfter)
	return g
}

// withdraw ends the accounts of BMCs whose host vCenter has no more. An answer that
// failed, that has no host or one of which nothing is told says nothing of any.
func (r *registrar) withdraw(vcenter string, l look, failed error) {
	if failed != nil || len(l.hosts) == 0 || slices.ContainsFunc(l.hosts, unidentified) {
		r.absent.Interrupt()
		return
	}
	present := l.present()
	ans := inventory.Answer{At: time.Now(), Named: make([]inventory.VM, len(l.hosts))}
	for key, accounts := range l.accounts {
		vm := inventory.VM{Key: key, Name: accounts[len(accounts)-1].VM}
		ans.Have = append(ans.Have, vm)
		if present[key] {
			ans.Wanted = append(ans.Wanted, vm)
		}
	}
	r.rule(vcenter, r.absent.Judge(ans), len(ans.Have))
}

// rule does what the guard has ruled.
func (r *registrar) rule(vcenter string, by inventory.Ruling, all int) {
	t := r.tenant
	if len(by.Wait) > 0 {
		r.soon()
	}
	if n := len(by.Hold); n > 0 && r.held == 0 {
		t.log.Warn("many hosts are gone at once, the accounts of their BMCs are kept for now", "at", vcenter, "hosts", n, "of", all)
		t.tellAll(admin.Warning, fmt.Sprintf("%d of %d hosts are gone from %s at once: the accounts of their BMCs are kept for now", n, all, vcenter))
	}
	r.held = len(by.Hold)
	for _, vm := range by.Remove {
		err := t.dropAccounts(vm.Key, func(g store.Grant) bool { return g.Registration.VCenter == vcenter })
		e := t.ordered(vm.Name, vm.Key.VM, fmt.Sprintf("account of vCenter %s is withdrawn: it has the host no more", vcenter))
		e.Via = admin.ViaGateway
		t.remember(e, err)
	}
}

// unidentified reports whether vCenter tells nothing of a host, which may be any then.
func unidentified(h vsphere.Host) bool { return h.UUID == "" && len(h.ServiceTags) == 0 }

// present returns the VMs that some host is, may be, or has the BMC of.
func (l look) present() map[inventory.Key]bool {
	there := make(map[inventory.Key]bool)
	for _, vm := range inventory.Candidates(identities(l.hosts), l.machines.all) {
		there[vm.Key] = true
	}
	at := make(map[string]inventory.Key)
	for key, s := range l.bmcs {
		for _, place := range places(s.bmc) {
			at[place] = key
		}
	}
	for _, h := range l.hosts {
		there[l.ours[h.BMC.Login]] = true
		for _, place := range places(h.BMC) {
			there[at[place]] = true
		}
	}
	return there
}

// places are the address and the MAC of a BMC, each in the one way to spell it.
func places(b vsphere.HostBMC) (all []string) {
	if a, err := netip.ParseAddr(b.Address); err == nil {
		all = append(all, a.Unmap().String())
	}
	if mac, err := net.ParseMAC(b.MAC); err == nil {
		all = append(all, mac.String())
	}
	return all
}
