package page

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"weak"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// crowd is so many BMCs of 20 tenants, one in a hundred of them in error.
func crowd(n int) *fleet {
	f := &fleet{}
	for i := range n {
		b := admin.BMC{
			Tenant: fmt.Sprintf("tenant-%02d", i%20), Name: fmt.Sprintf("vm-%05d", i), State: admin.Ready, Power: admin.PowerOn, PowerSince: at, Since: at,
			Address: netip.AddrFrom4([4]byte{10, 98, byte(i >> 8), byte(i)}), Port: 623, MAC: fmt.Sprintf("02:5a:1c:9e:%02x:%02x", i>>8, i&255), VCenter: "vc-lab", Pool: "lab",
			VM: admin.VM{InstanceUUID: fmt.Sprintf("50260000-0000-4000-8000-%012d", i), BIOSUUID: fmt.Sprintf("42260000-0000-4000-8000-%012d", i), Ref: fmt.Sprintf("vm-%d", i)},
		}
		if i%100 == 7 {
			b.State, b.Reason = admin.Error, "address already in use"
		}
		f.bmcs = append(f.bmcs, b)
	}
	for i := range 20 {
		f.status.Tenants = append(f.status.Tenants, admin.Tenant{Name: fmt.Sprintf("tenant-%02d", i), BMCs: n / 20, Ready: n/20 - n/2000, Error: n / 2000})
	}
	return f
}

// sceneOf is what an administrator sees of a fleet.
func sceneOf(f *fleet) *scene { return (&clock{src: f}).now().sceneFor(Viewer{All: true}) }

// Each BMC is on exactly one page, whatever the order.
func TestPagesAreComplete(t *testing.T) {
	const all = 1210 // a page that is not full at the end
	s := sceneOf(crowd(all))
	for _, order := range []string{"", "name", "address"} {
		seen := make(map[string]bool)
		q := query{Sort: order, Page: 1}
		for {
			sheet := listOf(s, q)
			for _, r := range sheet.Rows {
				if seen[r.ID] {
					t.Fatalf("order %q: %s is on two pages", order, r.ID)
				}
				seen[r.ID] = true
			}
			if q.Page == 1 && order == "" && (sheet.Rows[0].State.Look != "error" || sheet.Total != "1,210" || len(sheet.Rows) != perPage) {
				t.Errorf("the first page begins with %+v of %s", sheet.Rows[0], sheet.Total)
			}
			if sheet.Next == "" {
				break
			}
			next, err := url.Parse(sheet.Next)
			if err != nil {
				t.Fatal(err)
			}
			q = readQuery(next.Query())
		}
		if len(seen) != all {
			t.Errorf("order %q: %d BMCs on all pages", order, len(seen))
		}
	}
}

// An address that was kept means the same list later, and has one form.
func TestQueryPath(t *testing.T) {
	for _, tt := range []struct{ name, from, want string }{
		{"all", "", "/bmcs"},
		{"empty fields of a form", "q=&tenant=&power=&sort=", "/bmcs"},
		{"sorted", "tenant=lab-a&q=web+1&page=3", "/bmcs?page=3&q=web+1&tenant=lab-a"},
		{"the first page", "page=1&state=problem", "/bmcs?state=problem"},
		{"spaces", "q=++a++b+", "/bmcs?q=a+b"},
		{"what is not known", "state=x&power=y&sort=z&colour=red", "/bmcs"},
		{"everything", "q=a&tenant=b&state=error&power=on&pool=c&vcenter=d&sort=name&page=2", "/bmcs?page=2&pool=c&power=on&q=a&sort=name&state=error&tenant=b&vcenter=d"},
		{"too long", "q=" + strings.Repeat("ä", 300), "/bmcs?q=" + strings.Repeat("%C3%A4", textLimit/2)},
	} {
		v, err := url.ParseQuery(tt.from)
		if err != nil {
			t.Fatal(err)
		}
		if got := readQuery(v).Path(); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestPager(t *testing.T) {
	for _, tt := range []struct {
		page, of int
		want     string
	}{
		{1, 1, ""}, {1, 2, "(1) 2"}, {1, 200, "(1) 2 … 200"}, {100, 200, "1 … 99 (100) 101 … 200"}, {200, 200, "1 … 199 (200)"}, {3, 5, "1 2 (3) 4 5"}, {2000, 4000, "1 … 1,999 (2,000) 2,001 … 4,000"},
	} {
		var words []string
		for _, l := range pager(query{Page: tt.page}, tt.of) {
			switch {
			case l.Text == "":
				words = append(words, "…")
			case l.Path == "":
				words = append(words, "("+l.Text+")")
			default:
				words = append(words, l.Text)
			}
		}
		if got := strings.Join(words, " "); got != tt.want {
			t.Errorf("page %d of %d: %s, want %s", tt.page, tt.of, got, tt.want)
		}
	}
}

// The worst come first, and among equals the order stays as it was.
func TestWorstFirst(t *testing.T) {
	var f fleet
	for i, b := range []admin.BMC{
		{State: admin.Ready}, {State: admin.Maintained}, {State: admin.Held}, {State: admin.Ready, Reason: "another host has the address"},
		{State: admin.Pending}, {State: admin.Error}, {State: admin.Ready}, {State: admin.Error},
	} {
		b.Name = fmt.Sprint(i)
		f.bmcs = append(f.bmcs, b)
	}
	var got []string
	for _, r := range listOf(sceneOf(&f), query{Page: 1}).Rows {
		got = append(got, r.Name)
	}
	if want := []string{"5", "7", "4", "3", "2", "1", "0", "6"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// What is called just as somebody searched comes before what is in trouble and only
// called something like it.
func TestExactNameFirst(t *testing.T) {
	var f fleet
	for _, name := range []string{"esxi-380", "esxi-38", "my-esxi-38"} {
		f.bmcs = append(f.bmcs, admin.BMC{Name: name, State: admin.Error})
	}
	f.bmcs[1].State = admin.Ready
	for text, want := range map[string]string{"ESXI-38": "esxi-38 esxi-380 my-esxi-38", "esxi-3": "esxi-380 my-esxi-38 esxi-38"} {
		var got []string
		for _, r := range listOf(sceneOf(&f), query{Text: text, Page: 1}).Rows {
			got = append(got, r.Name)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s finds %v, want %s", text, got, want)
		}
	}
}

func TestRelative(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "just now", 3 * time.Second: "just now", -59 * time.Second: "59 s ago", time.Minute: "in 1 min", -59*time.Minute - 59*time.Second: "59 min ago",
		-47 * time.Hour: "47 h ago", -49 * time.Hour: "2 days ago",
	} {
		if got := relative(d); got != want {
			t.Errorf("%s is %q, want %q", d, got, want)
		}
	}
}

// BenchmarkList is the list's page of 10,000 BMCs, of a daemon that has just changed.
func BenchmarkList(b *testing.B) {
	f := crowd(10000)
	for name, path := range map[string]string{"all": "/bmcs", "search": "/bmcs?q=vm-0499", "by address": "/bmcs?sort=address&page=100"} {
		b.Run(name, func(b *testing.B) {
			p := New(Config{Source: f, Viewer: everybody})
			mux := http.NewServeMux()
			p.Handle(mux)
			for b.Loop() {
				p.clock.latest = weak.Pointer[moment]{} // each look is the first of its moment
				w := httptest.NewRecorder()
				mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
				b.SetBytes(int64(w.Body.Len()))
			}
		})
	}
}
