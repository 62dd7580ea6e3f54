package page

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// The keys of a list's address, which people keep as bookmarks.
const (
	keyText, keyTenant, keyState, keyPower, keyPool, keyVCenter, keySort, keyPage = "q", "tenant", "state", "power", "pool", "vcenter", "sort", "page"
)

// textLimit is the most that is searched for, in bytes.
const textLimit = 200

// problematic is the state of a list of all BMCs that somebody should look at.
const problematic = "problem"

var (
	states = []string{problematic, string(admin.Error), string(admin.Pending), string(admin.Held), string(admin.Maintained), string(admin.Ready)}
	powers = []string{string(admin.PowerOn), string(admin.PowerOff), string(admin.PowerSuspended), string(admin.PowerUnknown)}
	orders = []string{"name", "address"} // besides the worst first
)

// A query is which BMCs a list shows, and in what order. Empty texts are all.
type query struct {
	Text, Tenant, State, Power, Pool, VCenter string
	Sort                                      string // empty: the worst first
	Page                                      int    // from 1
}

// readQuery understands any address: a word that is not known narrows nothing.
func readQuery(v url.Values) query {
	known := func(key string, words []string) string {
		if w := v.Get(key); slices.Contains(words, w) {
			return w
		}
		return ""
	}
	q := query{
		Text: strings.Join(strings.Fields(v.Get(keyText)), " "), Tenant: v.Get(keyTenant), State: known(keyState, states), Power: known(keyPower, powers),
		Pool: v.Get(keyPool), VCenter: v.Get(keyVCenter), Sort: known(keySort, orders), Page: 1,
	}
	if len(q.Text) > textLimit {
		q.Text = strings.ToValidUTF8(q.Text[:textLimit], "")
	}
	if n, err := strconv.Atoi(v.Get(keyPage)); err == nil && n > 1 {
		q.Page = n
	}
	return q
}

// Path is the list's address, always the same for the same list.
func (q query) Path() string {
	v := url.Values{}
	for key, value := range map[string]string{
		keyText: q.Text, keyTenant: q.Tenant, keyState: q.State, keyPower: q.Power, keyPool: q.Pool, keyVCenter: q.VCenter, keySort: q.Sort,
	} {
		if value != "" {
			v.Set(key, value)
		}
	}
	if q.Page > 1 {
		v.Set(keyPage, strconv.Itoa(q.Page))
	}
	if len(v) == 0 {
		return "/bmcs"
	}
	return "/bmcs?" + v.Encode()
}

// onPage is the same list at another page.
func (q query) onPage(n int) query {
	q.Page = n
	return q
}

// inState is the same list narrowed to another state, from its beginning.
func (q query) inState(state string) query {
	q.State, q.Page = state, 1
	return q
}
