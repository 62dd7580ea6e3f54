package address

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// vlanMessage is RTM_NEWLINK as a kernel with 802.1Q sends it.
func vlanMessage(name string, index, parent int32, id uint16) []byte {
	msg := nl.NewIfInfomsg(unix.AF_UNSPEC)
	msg.Index, msg.Flags = index, unix.IFF_UP
	m := msg.Serialize()
	info := nl.NewRtAttr(unix.IFLA_LINKINFO, nil)
	info.AddRtAttr(nl.IFLA_INFO_KIND, nl.ZeroTerminated("vlan"))
	data := info.AddRtAttr(nl.IFLA_INFO_DATA, nil)
	data.AddRtAttr(nl.IFLA_VLAN_ID, nl.Uint16Attr(id))
	for _, a := range []*nl.RtAttr{nl.NewRtAttr(unix.IFLA_IFNAME, nl.ZeroTerminated(name)),
		nl.NewRtAttr(unix.IFLA_LINK, nl.Uint32Attr(uint32(parent))), nl.NewRtAttr(unix.IFLA_IFALIAS, nl.ZeroTerminated(ourAlias)), info} {
		m = append(m, a.Serialize()...)
	}
	return m
}

func TestParseVLAN(t *testing.T) {
	name, got, err := parseLink(vlanMessage("ens192.120", 7, 2, 120))
	must(t, err)
	if want := (linkState{index: 7, up: true, kind: "vlan", parent: 2, vlan: 120, alias: ourAlias}); name != "ens192.120" || got != want {
		t.Errorf("%s: %+v, want %+v", name, got, want)
	}
}

// An interface of another kind that has the name is reported and stays as it is,
// also at the end.
func TestVLANNameTaken(t *testing.T) {
	inNamespace(t)
	k, heard := openKeeper(t)
	attrs := netlink.NewLinkAttrs()
	attrs.Name, attrs.ParentIndex = "gw.120", link(t, "gw").Attrs().Index
	must(t, netlink.LinkAdd(&netlink.Macvlan{LinkAttrs: attrs, Mode: netlink.MACVLAN_MODE_BRIDGE}))
	must(t, netlink.LinkSetAlias(link(t, "gw.120"), ourAlias)) // even so
	wantError(t, "use", k.UseVLAN("gw.120", VLAN{"gw", 120}), ErrWrongVLAN)
	s := k.Segment(watchOnly)
	wantError(t, "add", s.Add("gw.120", ip("10.9.0.5")), ErrWrongVLAN)
	for range 2 {
		if k.sync(time.Now(), true) {
			t.Error("all is well")
		}
	}
	if n := heard.count(VLANFailed); n != 1 {
		t.Errorf("told %d times", n)
	}
	must(t, k.LeaveVLAN("gw.120"))
	if now := link(t, "gw.120").Attrs(); now.Flags&1 != 0 || now.Alias != ourAlias {
		t.Errorf("it was changed: %+v", now)
	}
}

func TestVLANWithoutParent(t *testing.T) {
	inNamespace(t)
	k, _ := openKeeper(t)
	wantError(t, "use", k.UseVLAN("nic7.120", VLAN{"nic7", 120}), ErrNoInterface)
	if err := k.VLANFault("nic7.120"); err == nil || !strings.Contains(err.Error(), `parent "nic7"`) {
		t.Errorf("fault: %v", err)
	}
}

// The interface is made, brought up, made again after somebody's removal, and
// removed at the end, unless it is somebody else's or in use. A kernel without the
// module 8021q is neither a missing tool nor a missing privilege: what it can show
// is the error with its remedy, also in CI; the rest is skipped there.
func TestVLANOnKernel(t *testing.T) {
	inNamespace(t)
	k, _ := openKeeper(t)
	err := k.UseVLAN("gw.120", VLAN{"gw", 120})
	if errors.Is(err, unix.EOPNOTSUPP) {
		if !strings.Contains(err.Error(), "modprobe 8021q") || !strings.Contains(err.Error(), `interface "gw.120"`) {
			t.Errorf("no remedy: %v", err)
		}
		t.Skip("this kernel has no 802.1Q: ", err)
	}
	must(t, err)
	made := link(t, "gw.120")
	vlan, ok := made.(*netlink.Vlan)
	if !ok || vlan.VlanId != 120 || made.Attrs().Alias != ourAlias || made.Attrs().Flags&1 == 0 {
		t.Fatalf("made %+v", made)
	}
	s := k.Segment(watchOnly)
	must(t, s.Add("gw.120", ip("10.9.0.5")))
	must(t, netlink.LinkDel(made))
	k.sync(time.Now(), true)
	k.sync(time.Now(), true)
	wantList(t, k.kernel.(*Netlink), "gw.120", "10.9.0.5")
	must(t, k.LeaveVLAN("gw.120"))
	if link(t, "gw.120").Attrs().Alias != ourAlias {
		t.Error("removed while an address is on it")
	}
	must(t, k.UseVLAN("gw.120", VLAN{"gw", 120}))
	must(t, k.UseVLAN("gw.120", VLAN{"gw", 120})) // of another pool
	must(t, s.Withdraw())
	must(t, k.LeaveVLAN("gw.120"))
	if link(t, "gw.120").Attrs().Alias != ourAlias {
		t.Error("removed while another pool uses it")
	}
	must(t, k.LeaveVLAN("gw.120"))
	if _, err := netlink.LinkByName("gw.120"); err == nil {
		t.Error("still there")
	}
}
