package address

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The kernel keeps the tag over renewals, gives it no other meaning, and shows it
// to a process that knows nothing any more.
func TestKernelKeepsTags(t *testing.T) {
	inNamespace(t)
	n := openNetlink(t)
	var tags Tags
	n.tagWith(tags.Of)
	a, b := ip("10.9.0.5"), ip("10.9.0.6")
	tags.Put(a, key(1))
	must(t, n.Add("gw", a))
	must(t, n.Add("gw", b))
	index := uint32(link(t, "gw").Attrs().Index)
	must(t, n.renew(index, []netip.Addr{a, b}, time.Minute))

	after := openNetlink(t)
	got, err := after.tagged("gw")
	must(t, err)
	if diff := cmp.Diff(map[netip.Addr]uint32{a: Tag(key(1))}, got, cmp.Comparer(func(x, y netip.Addr) bool { return x == y })); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	wantList(t, after, "gw", "10.9.0.5", "10.9.0.6")
	if local, err := after.isLocal(a); err != nil || !local {
		t.Errorf("a tagged address is local: %t, %v", local, err)
	}
	must(t, after.Remove("gw", a))
	wantList(t, after, "gw", "10.9.0.6")
}
