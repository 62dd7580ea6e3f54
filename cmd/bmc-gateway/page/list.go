package page

import (
	"fmt"
	"net/url"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// perPage is how many BMCs a page of a list has.
const perPage = 50

// A row is one BMC of a list.
type row struct {
	ID, Path              string // of the row in the page, and of the BMC's own page
	Name, Tenant, VCenter string
	State                 word
	Reason                string
	Power                 admin.Power
	PowerSince            stamp
	Address, MAC          string
	Sessions              int
}

// A chip narrows a list to a state.
type chip struct {
	Path, Name, Count string
	Here              bool
}

// A sheet is a page of a list.
type sheet struct {
	Query       query
	Chips       []chip
	Rows        []row
	First, Last string // of the rows, counted from 1
	Total       string
	Pages       []link
	Previous    string // addresses; empty: there is none
	Next        string
}

// A link is an address with its text; without an address it is where we are, or,
// without a text either, a gap.
type link struct{ Path, Text string }

func listOf(s *scene, q query) sheet {
	f := s.find(q)
	pages := max(1, (len(f.found)+perPage-1)/perPage)
	q.Page = min(q.Page, pages)
	from := (q.Page - 1) * perPage
	to := min(from+perPage, len(f.found))
	out := sheet{Query: q, Chips: chips(q, f.states), First: grouped(from + 1), Last: grouped(to), Total: grouped(len(f.found)), Pages: pager(q, pages)}
	for _, i := range f.found[from:to] {
		out.Rows = append(out.Rows, rowOf(s, &s.bmcs[i]))
	}
	if q.Page > 1 {
		out.Previous = q.onPage(q.Page - 1).Path()
	}
	if q.Page < pages {
		out.Next = q.onPage(q.Page + 1).Path()
	}
	return out
}

// chips leaves those out that would find nothing, unless we are there.
func chips(q query, counts map[string]int) (all []chip) {
	for _, state := range append([]string{""}, states...) {
		if counts[state] > 0 || state == "" || state == q.State {
			all = append(all, chip{q.inState(state).Path(), stateName(state), grouped(counts[state]), state == q.State})
		}
	}
	return all
}

// pager are links to the first page, the last one, and those around this one.
func pager(q query, pages int) (all []link) {
	if pages == 1 {
		return nil
	}
	last := 0
	for n := 1; n <= pages; n++ {
		if n != 1 && n != pages && (n < q.Page-1 || n > q.Page+1) {
			continue
		}
		if n > last+1 {
			all = append(all, link{})
		}
		one := link{Text: grouped(n)}
		if n != q.Page {
			one.Path = q.onPage(n).Path()
		}
		all, last = append(all, one), n
	}
	return all
}

func rowOf(s *scene, b *admin.BMC) row {
	return row{
		ID: "bmc-" + b.Tenant + "-" + b.VM.InstanceUUID, Path: pathOf(b), Name: b.Name, Tenant: b.Tenant, VCenter: b.VCenter, State: stateOf(b), Reason: b.Reason,
		Power: b.Power, PowerSince: stampOf(s.at, b.PowerSince), Address: place(b), MAC: b.MAC, Sessions: len(b.Sessions),
	}
}

// pathOf is the address of a BMC's page: it stays while the VM is the same.
func pathOf(b *admin.BMC) string {
	return "/bmcs/" + url.PathEscape(b.Tenant) + "/" + url.PathEscape(b.VM.InstanceUUID)
}

// place is where a BMC answers, with the port unless it is the usual one.
func place(b *admin.BMC) string {
	switch {
	case !b.Address.IsValid():
		return ""
	case b.Port == 623:
		return b.Address.String()
	case b.Address.Is6():
		return fmt.Sprintf("[%s]:%d", b.Address, b.Port)
	default:
		return fmt.Sprintf("%s:%d", b.Address, b.Port)
	}
}
