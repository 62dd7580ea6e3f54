package page

import (
	"errors"
	"fmt"
	"strings"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// A portrait is one BMC with all that is known of it.
type portrait struct {
	admin.BMC
	Status      word
	SinceThen   stamp // of Status
	Place       string
	OnSince     stamp  // of Power
	VouchedFor  word   // whether its vCenter can say how it is
	AnswerSince stamp  // of a vCenter that is gone: when it was last heard
	Suites      string // cipher suites
	Asked       string // how many commands it has answered
	AskedLast   stamp
	People      []person
	Open        []session
	Ends        stamp // of its maintenance
	TenantPath  string
	IPMITool    string // how to ask it, without a password
	Remembered  *recollection
}

// A person is an account.
type person struct {
	Name, Privilege string
	Until           stamp
}

// A session is somebody who is logged in.
type session struct {
	admin.Session
	Opened, Heard stamp
}

// portraitOf finds a BMC by its tenant and its name, UUID or address. The error is
// admin.ErrNotFound, also when the viewer may not see it, or admin.ErrAmbiguous, wrapped.
func portraitOf(s *scene, src Source, tenant, name string) (portrait, error) {
	var its []admin.BMC
	for i := range s.bmcs {
		if s.bmcs[i].Tenant == tenant {
			its = append(its, s.bmcs[i])
		}
	}
	b, err := admin.Find(its, name)
	if err != nil {
		return portrait{}, err
	}
	p := portrait{BMC: b, Status: stateOf(&b), SinceThen: stampOf(s.at, b.Since), Place: place(&b), OnSince: stampOf(s.at, b.PowerSince), Suites: strings.Trim(fmt.Sprint(b.CipherSuites), "[]"),
		Asked: grouped(int(b.Requests)), AskedLast: stampOf(s.at, b.LastRequest), TenantPath: query{Tenant: b.Tenant}.Path(), IPMITool: tool(&b)}
	p.VouchedFor, p.AnswerSince = vouched(s, b.VCenter)
	if b.Maintenance != nil {
		p.Ends = stampOf(s.at, b.Maintenance.Until)
	}
	for _, a := range b.Accounts {
		p.People = append(p.People, person{a.Name, a.Privilege, stampOf(s.at, a.Until)})
	}
	for _, one := range b.Sessions {
		p.Open = append(p.Open, session{one, stampOf(s.at, one.OpenedAt), stampOf(s.at, one.LastSeen)})
	}
	if d, err := src.Detail(b); err == nil { // one that waits remembers nothing
		p.Remembered = recollect(s, d)
	}
	return p, nil
}

// vouched says how old what is told of a VM's power may be.
func vouched(s *scene, vcenter string) (word, stamp) {
	for _, v := range s.status.VCenters {
		if v.Name == vcenter && v.State == admin.Up {
			return word{"ready", "followed live"}, stamp{}
		} else if v.Name == vcenter {
			return word{"error", "vCenter is gone"}, stampOf(s.at, v.LastAnswer)
		}
	}
	return word{"error", "vCenter is not known"}, stamp{}
}

// tool is how to ask the BMC with ipmitool; empty while it has no address.
func tool(b *admin.BMC) string {
	if !b.Address.IsValid() || len(b.Accounts) == 0 {
		return ""
	}
	a := b.Accounts[0]
	words := []string{"ipmitool -I lanplus -H", b.Address.String()}
	if b.Port != 623 {
		words = append(words, "-p", fmt.Sprint(b.Port))
	}
	words = append(words, "-U", a.Name)
	if !strings.EqualFold(a.Privilege, "administrator") {
		words = append(words, "-L", strings.ToUpper(a.Privilege))
	}
	return strings.Join(append(words, "-a power status"), " ")
}

// isNobody says whether an error means that there is no such BMC.
func isNobody(err error) bool { return errors.Is(err, admin.ErrNotFound) }
