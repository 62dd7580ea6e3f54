package page

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// What each part of a query leaves of the two tenants.
func TestFilter(t *testing.T) {
	s := sceneOf(lab())
	for _, tt := range []struct {
		name string
		q    query
		want string
	}{
		{"nothing", query{}, "db1 db2 web1 web2 db3"},
		{"tenant", query{Tenant: "lab-a"}, "web1 web2"},
		{"pool", query{Pool: "pool-lab-b"}, "db1 db2 db3"},
		{"vCenter", query{VCenter: "vc-lab-a"}, "web1 web2"},
		{"power", query{Power: "off"}, "web2"},
		{"state", query{State: "ready"}, "web1 web2 db3"},
		{"problems", query{State: problematic}, "db1 db2"},
		{"text", query{Text: "WEB"}, "web1 web2"},
		{"text and tenant", query{Text: "db1", Tenant: "lab-b"}, "db1"},
		{"two that exclude each other", query{Tenant: "lab-a", VCenter: "vc-lab-b"}, ""},
	} {
		var got []string
		for _, i := range s.find(tt.q).found {
			got = append(got, s.bmcs[i].Name)
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: %v, want %s", tt.name, got, tt.want)
		}
	}
	if got := s.find(query{Tenant: "lab-b"}).states; got[""] != 3 || got[problematic] != 2 || got["ready"] != 1 {
		t.Errorf("of lab-b: %v", got)
	}
}

// How a command looks among those that a BMC remembers.
func TestRememberedCommands(t *testing.T) {
	s := sceneOf(lab())
	from := netip.MustParseAddr("192.0.2.7")
	for _, tt := range []struct {
		name               string
		c                  admin.Command
		look, origin, says string
	}{
		{"a question", admin.Command{Command: "Get Device ID", Result: "ok", From: from}, "quiet", "192.0.2.7", "Get Device ID"},
		{"a change", admin.Command{Command: "Chassis Control", Detail: "off", Result: "ok", Changes: true}, "change", "socket", "Chassis Control off"},
		{"a change that was refused", admin.Command{Command: "Chassis Control", Detail: "off", Result: "refused", Changes: true}, "error", "socket", "Chassis Control off"},
		{"a question that was refused", admin.Command{Command: "Get SEL Entry", Result: "refused"}, "remark", "socket", "Get SEL Entry"},
		{"what there is not", admin.Command{Command: "unknown", NetFn: 0x2E, Cmd: 0x42, Result: "unsupported"}, "quiet", "socket", "unknown (NetFn 2Eh, command 42h)"},
	} {
		if got := commandOf(s, tt.c); got.Look != tt.look || got.Origin != tt.origin || got.Name != tt.says {
			t.Errorf("%s: %q from %s, %s; want %q from %s, %s", tt.name, got.Name, got.Origin, got.Look, tt.says, tt.origin, tt.look)
		}
	}
}

// A BMC that waits for its address is not to be asked at "invalid IP".
func TestToolOfABMCThatWaits(t *testing.T) {
	for _, b := range lab().bmcs {
		if got := tool(&b); (got != "") != b.Address.IsValid() {
			t.Errorf("%s: %q", b.Name, got)
		}
	}
}
