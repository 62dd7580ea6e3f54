package page

import (
	"fmt"
	"strings"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// A problem is something that somebody should look at.
type problem struct {
	Look    string // error, or remark for what works in part
	Title   string
	Means   string   // what does not work because of it
	Details []string // what the daemon says of it
	BMCs    link     // those concerned; without an address there are none
	Command string   // what helps, for administrators; empty: nothing in particular
	Since   stamp
}

// problemsOf says what is wrong, the worst first.
func problemsOf(s *scene) []problem {
	var worst, lesser []problem
	for _, p := range allProblems(s) {
		if !s.viewer.All {
			p.Command = "" // it is not theirs to give
		}
		if p.Look == "error" {
			worst = append(worst, p)
		} else {
			lesser = append(lesser, p)
		}
	}
	return append(worst, lesser...)
}

func allProblems(s *scene) (all []problem) {
	for _, v := range s.status.VCenters {
		all = append(all, ofLink(s, v)...)
	}
	all = append(all, ofDaemon(s)...)
	all = append(all, ofTenants(s)...)
	for _, p := range s.status.Pools {
		all = append(all, ofPool(p)...)
	}
	for _, v := range s.status.VCenters {
		all = append(all, ofRights(v)...)
	}
	return all
}

// askVCenters is what says why a vCenter does not do what it should.
const askVCenters = "bmc-gateway config check --online"

// ofLink says whether a vCenter answers.
func ofLink(s *scene, v admin.VCenter) []problem {
	p := problem{Look: "error", Details: some(v.LastError), BMCs: concerned(v), Command: askVCenters, Since: stampOf(s.at, v.Since)}
	switch {
	case v.State != admin.Up && v.LastAnswer.IsZero():
		p.Title, p.BMCs = "vCenter "+v.Name+" has not answered yet", link{}
		p.Means = "Its virtual machines are not known, so they have no BMC. Nothing is taken away from those that had one."
	case v.State != admin.Up:
		p.Title = "vCenter " + v.Name + " is gone"
		p.Means = "“Off” is told as unknown at once, “on” from memory for a short while. Commands are refused with “node busy”, which clients repeat."
	case v.CircuitOpen:
		p.Title, p.Command = "vCenter "+v.Name+" does not answer calls", "bmc-gateway status"
		p.Means = "Too many calls in a row got no answer. Commands are refused until a trial call is answered; states are still followed."
	default:
		return nil
	}
	return []problem{p}
}

// concerned leads to the BMCs of a vCenter.
func concerned(v admin.VCenter) link {
	return link{query{VCenter: v.Name}.Path(), several(v.VMs, "BMC")}
}

// ofRights says what the gateway's account may not do, and what else is wrong.
func ofRights(v admin.VCenter) (all []problem) {
	for _, m := range v.MissingPrivileges {
		p := problem{Look: "error", Title: "Privilege " + m.Privilege + " is missing on " + v.Name, Means: "Without it: " + m.Without + ".", Details: onObjects(m.Objects), BMCs: concerned(v), Command: askVCenters}
		if m.Optional {
			p.Look = "remark"
		}
		all = append(all, p)
	}
	if len(v.MissingPrivileges) == 0 && len(v.Notices) > 0 { // the privileges are among the notices
		all = append(all, problem{Look: "remark", Title: "vCenter " + v.Name + " is not as it should be", Details: v.Notices, BMCs: concerned(v), Command: askVCenters})
	}
	return all
}

// onObjects names the first objects.
func onObjects(objects []string) []string {
	const most = 5
	if n := len(objects); n > most {
		return []string{"On " + strings.Join(objects[:most], ", ") + fmt.Sprintf(" and %d more.", n-most)}
	}
	if len(objects) == 0 {
		return nil
	}
	return []string{"On " + strings.Join(objects, ", ") + "."}
}

func some(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}

// ofDaemon is what concerns all tenants.
func ofDaemon(s *scene) (all []problem) {
	if f := s.status.State.Failure; f != "" {
		all = append(all, problem{Look: "error", Title: "The state file cannot be written", Details: some(f), Command: "bmc-gateway doctor",
			Means: "No virtual machine gets a new address, because it could not be kept for it. What is served goes on."})
	}
	if a := s.status.Audit; a != nil && a.Failing {
		all = append(all, problem{Look: "error", Title: "The audit file cannot be written", Details: []string{fmt.Sprintf("%s: %s lost.", a.File, several(int(a.Lost), "line"))},
			Means: "What people do is not written down. Look at the disk and at the file's owner."})
	}
	if c := s.status.Config; len(c.Problems) > 0 {
		all = append(all, problem{Look: "error", Title: "The configuration was not reloaded", Details: c.Problems, Command: "bmc-gateway reload --dry-run", Since: stampOf(s.at, c.At),
			Means: "It has errors; the one before stays in force. A daemon that starts now would refuse it."})
	}
	return all
}

func ofPool(p admin.Pool) (all []problem) {
	its := link{query{Pool: p.Name}.Path(), several(p.InUse, "BMC")}
	if p.Waiting > 0 {
		all = append(all, problem{Look: "error", Title: "Pool " + p.Name + " has no address left", BMCs: its, Command: "bmc-gateway leases",
			Details: []string{fmt.Sprintf("%s of %s in use, %s held, %s in quarantine, %s reserved.", grouped(p.InUse), grouped(p.Addresses), grouped(p.Held), grouped(p.Quarantined), grouped(p.Reserved))},
			Means:   several(p.Waiting, "virtual machine") + " without a BMC. Give the pool more addresses, or release held ones."})
	}
	if len(p.Notices) > 0 {
		all = append(all, problem{Look: "remark", Title: "Pool " + p.Name + " is not as it should be on " + p.Interface, Details: p.Notices, BMCs: its, Command: "bmc-gateway doctor",
			Means: "Clients may reach another host at these addresses, or none."})
	}
	return all
}
