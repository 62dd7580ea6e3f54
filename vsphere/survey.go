package vsphere

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/vmware/govmomi/vim25/types"
)

// surveyInventory runs the VCenter until it knows everything, or ctx ends.
func (v *VCenter) surveyInventory(ctx context.Context, s *survey) {
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = v.Run(run) // fails only when called twice
	}()
	defer func() {
		stop()
		<-done
	}()
	tick := time.NewTicker(surveyPoll)
	defer tick.Stop()
	for !v.settled() {
		select {
		case <-ctx.Done():
			s.tell(Broken, "inventory", "no complete answer in time: "+v.Status().LastError, "see whether vCenter is busy; raise call_timeout if it is slow")
			return
		case <-tick.C:
		}
	}
	v.surveyFolders(s)
	v.surveyTags(s)
	v.surveySelectors(ctx, s)
	v.surveyPrivileges(s)
	if v.cfg.Hosts {
		v.surveyHosts(ctx, s)
	}
}

// settled reports whether there is nothing more to wait for.
func (v *VCenter) settled() bool {
	if v.link.check() != nil || v.wants.now().vms() && !v.memory.knowsAll() {
		return false
	}
	v.memory.mu.RLock()
	placed := len(v.cfg.Tags) == 0 || !v.memory.tags.at.IsZero() || v.memory.tags.err != nil
	for _, f := range v.memory.folders {
		placed = placed && (f.ready || f.problem != "")
	}
	v.memory.mu.RUnlock()
	p := v.Privileges()
	return placed && (len(v.cfg.Selectors) == 0 || !p.Checked.IsZero() || p.Err != nil)
}

func (v *VCenter) surveyFolders(s *survey) {
	for _, f := range v.cfg.Folders {
		topic := "folder " + f.Path
		v.memory.mu.RLock()
		m := v.memory.folders[f]
		problem, vms := m.problem, len(m.refs)
		v.memory.mu.RUnlock()
		if problem != "" {
			s.tell(Broken, topic, problem, "correct select.folders, or give the account its role on this folder: see docs/howto/vcenter-role.md")
			continue
		}
		s.fine(topic, "VMs: %d", vms)
	}
}

func (v *VCenter) surveyTags(s *survey) {
	if v.watcher.session.standalone() {
		return // told already
	}
	for _, t := range v.cfg.Tags {
		v.memory.mu.RLock()
		err := v.memory.checkTags([]string{t}, tagAge(v.cfg))
		vms := len(v.memory.tags.refs[t])
		v.memory.mu.RUnlock()
		if err != nil {
			s.tell(Broken, "tags", err.Error(), "create the tag in vCenter, or give the account read access to it: a global permission with the role Read-only")
			continue
		}
		s.fine("tag "+t, "VMs: %d", vms)
	}
}

func (v *VCenter) surveySelectors(ctx context.Context, s *survey) {
	for _, sel := range v.cfg.Selectors {
		vms, err := v.Source(sel).List(ctx)
		if err != nil {
			continue // its folder or tag is told of already
		}
		n := 0
		for _, vm := range vms {
			if sel.Match(vm) {
				n++
			}
		}
		if n == 0 {
			s.tell(Doubtful, "selector", "selects no VM: "+strings.Join(append(sel.Tags, sel.Folders...), ", "),
				"tag a VM or move one there; an object that the role may not read is not in the answer either")
		}
	}
}

func (v *VCenter) surveyPrivileges(s *survey) {
	p := v.Privileges()
	if p.Err != nil {
		s.tell(Doubtful, "privileges", "could not be told: "+p.Err.Error(), "compare the role with docs/howto/vcenter-role.md")
		return
	}
	for _, m := range p.Missing {
		level := Broken
		if m.Optional {
			level = Doubtful
		}
		s.tell(level, "privileges", m.String(), "add "+m.Privilege+" to the role, or assign the role there, with propagation: see docs/howto/vcenter-role.md")
	}
	if len(p.Missing) == 0 && len(v.cfg.Selectors) > 0 {
		s.fine("privileges", "all there; VMs and folders asked about: %d", p.Objects)
	}
}

// surveyHosts looks at the hosts that may be VMs, which somebody registers BMCs with.
func (v *VCenter) surveyHosts(ctx context.Context, s *survey) {
	hosts, err := v.Hosts(ctx)
	if err != nil {
		s.tell(Broken, "hosts", err.Error(), "give the account its role on the hosts: see docs/howto/vcenter-role.md")
		return
	}
	var virtual []entity
	for _, h := range hosts {
		if h.Virtual() {
			virtual = append(virtual, entity{types.ManagedObjectReference{Type: "HostSystem", Value: h.Ref}, h.Name})
		}
	}
	if len(virtual) == 0 {
		s.tell(Doubtful, "hosts", fmt.Sprintf("none that is a VM among %d", len(hosts)),
			"see whether register.vcenter is the vCenter of the nested hosts, and whether the account's role lets it see them")
		return
	}
	granted := make(map[types.ManagedObjectReference]map[string]bool)
	for batch := range slices.Chunk(virtual, rightsBatch) {
		if err := v.askPrivileges(ctx, batch, granted); err != nil {
			s.tell(Doubtful, "hosts", err.Error(), "compare the role with docs/howto/vcenter-role.md")
			return
		}
	}
	lacking := missing(hostNeeds, virtual, granted)
	for _, m := range lacking {
		s.tell(Doubtful, "hosts", m.String(), "add "+m.Privilege+" to the role, or assign the role to them: see docs/howto/vcenter-role.md")
	}
	if len(lacking) == 0 {
		s.fine("hosts", "VMs: %d of %d", len(virtual), len(hosts))
	}
}
