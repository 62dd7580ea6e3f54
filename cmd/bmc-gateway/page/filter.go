package page

import (
	"cmp"
	"slices"
	"strings"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// A rank says how much a BMC wants to be looked at; the smallest is first.
type rank int

// The ranks.
const (
	failed rank = iota
	waiting
	remarked // it answers, and something is wrong all the same
	held
	maintained
	well
	ranks // how many there are
)

func rankOf(b *admin.BMC) rank {
	switch {
	case b.State == admin.Error:
		return failed
	case b.State == admin.Pending:
		return waiting
	case b.State == admin.Held:
		return held
	case b.State == admin.Maintained:
		return maintained
	case b.Reason != "":
		return remarked
	default:
		return well
	}
}

// A finding is what a query finds.
type finding struct {
	found  []int          // places in the scene's BMCs, in the order of the query
	states map[string]int // how many there would be in each state, and "" of all
}

// find looks through all BMCs of the scene.
func (s *scene) find(q query) finding {
	f := finding{states: make(map[string]int, len(states)+1)}
	var byRank [ranks][]int
	terms := termsOf(q.Text)
	var texts []string
	if len(terms) > 0 {
		texts = s.texts()
	}
	for i := range s.bmcs {
		b := &s.bmcs[i]
		if !q.fits(b) || len(terms) > 0 && !contains(texts[i], terms) {
			continue
		}
		r := rankOf(b)
		f.states[""]++
		f.states[string(b.State)]++
		if r < maintained {
			f.states[problematic]++
		}
		if q.State == "" || q.State == string(b.State) || q.State == problematic && r < maintained {
			byRank[r] = append(byRank[r], i)
		}
	}
	f.found = slices.Concat(byRank[:]...)
	s.sort(f.found, q.Sort)
	if q.Sort == "" && q.Text != "" {
		f.found = s.exactFirst(f.found, q.Text)
	}
	return f
}

// exactFirst puts what is called just as somebody searched before what is only called
// something like it: esxi-38 before esxi-380.
func (s *scene) exactFirst(places []int, text string) []int {
	var exact, like []int
	for _, i := range places {
		if b := &s.bmcs[i]; strings.EqualFold(b.Name, text) || b.Address.IsValid() && b.Address.String() == text {
			exact = append(exact, i)
		} else {
			like = append(like, i)
		}
	}
	return append(exact, like...)
}

func (q query) fits(b *admin.BMC) bool {
	return (q.Tenant == "" || q.Tenant == b.Tenant) && (q.Power == "" || q.Power == string(b.Power)) &&
		(q.Pool == "" || q.Pool == b.Pool) && (q.VCenter == "" || q.VCenter == b.VCenter)
}

// sort orders places by what was asked for; the worst first is how they come.
func (s *scene) sort(places []int, by string) {
	switch by {
	case "name":
		slices.SortFunc(places, func(i, j int) int {
			a, b := &s.bmcs[i], &s.bmcs[j]
			return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Tenant, b.Tenant), cmp.Compare(i, j))
		})
	case "address":
		slices.SortFunc(places, func(i, j int) int { return cmp.Or(s.bmcs[i].Address.Compare(s.bmcs[j].Address), cmp.Compare(i, j)) })
	}
}

// searchText is what a BMC can be found by: its names, address, UUIDs, and hardware
// addresses, its own and the VM's, with and without colons, in lower case.
func searchText(b *admin.BMC) string {
	address := ""
	if b.Address.IsValid() {
		address = b.Address.String()
	}
	macs := b.MAC + "\n" + strings.Join(b.VM.NICs, "\n")
	return strings.ToLower(strings.Join([]string{
		b.Tenant + "/" + b.Name, address, macs, strings.ReplaceAll(macs, ":", ""), b.VM.InstanceUUID, b.VM.BIOSUUID, b.VM.Ref, b.VM.Name,
	}, "\n"))
}

// A term is a word that is searched for. A hardware address may be written with other
// marks between its digits than ours, so it is looked for without them, too.
type term struct{ word, bare string }

func termsOf(text string) (all []term) {
	for _, w := range strings.Fields(strings.ToLower(text)) {
		all = append(all, term{w, bareMAC(w)})
	}
	return all
}

// contains says whether a text has all of the terms.
func contains(text string, terms []term) bool {
	for _, t := range terms {
		if !strings.Contains(text, t.word) && (t.bare == "" || !strings.Contains(text, t.bare)) {
			return false
		}
	}
	return true
}

// bareMAC is a hardware address without its marks; empty for anything else.
func bareMAC(s string) string {
	bare := strings.NewReplacer("-", "", ".", "", ":", "").Replace(s)
	if len(bare) != 12 || len(s) == 12 || strings.Trim(bare, "0123456789abcdef") != "" {
		return ""
	}
	return bare
}
