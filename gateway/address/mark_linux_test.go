package address

import (
	"testing"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// addressMessage is RTM_NEWADDR as the kernel sends it, proto 0 meaning none.
func addressMessage(addr string, bits, proto uint8, label string) []byte {
	msg := nl.NewIfAddrmsg(unix.AF_INET)
	msg.Prefixlen = bits
	msg.Index = 7
	out := msg.Serialize()
	out = append(out, nl.NewRtAttr(unix.IFA_LOCAL, ip(addr).AsSlice()).Serialize()...)
	out = append(out, nl.NewRtAttr(unix.IFA_LABEL, nl.ZeroTerminated(label)).Serialize()...)
	if proto != 0 {
		out = append(out, nl.NewRtAttr(ifaProto, []byte{proto}).Serialize()...)
	}
	return out
}

func TestMark(t *testing.T) {
	const addr = "10.9.0.5"
	loopback := addressMessage("127.0.0.1", 8, 1, "lo")
	tests := []struct {
		name    string
		release string
		others  [][]byte
		bits    uint8
		proto   uint8
		label   string
		want    bool
	}{
		{name: "ours", release: "6.1.0-18-amd64", bits: 32, proto: 0xBC, label: "eth0:bmc", want: true},
		{name: "ours without room for a label", release: "6.1.0", bits: 32, proto: 0xBC, label: "a-long-name-x", want: true},
		{name: "keepalived", release: "6.1.0", bits: 32, proto: 0x12, label: "eth0:bmc"},
		{name: "by hand with our label", release: "6.1.0", bits: 32, label: "eth0:bmc"},
		{name: "our protocol on a subnet", release: "6.1.0", bits: 24, proto: 0xBC, label: "eth0"},
		{name: "first kernel with protocols", release: "5.18.0", bits: 32, label: "eth0:bmc"},
		{name: "last kernel without", release: "5.17.15", bits: 32, label: "eth0:bmc", want: true},
		{name: "old kernel, another label", release: "4.18.0", bits: 32, label: "eth0"},
		{name: "old kernel, our label on a subnet", release: "4.18.0", bits: 24, label: "eth0:bmc"},
		{name: "old number, protocols added later", release: "5.14.0-427.el9.x86_64", others: [][]byte{loopback}, bits: 32, label: "eth0:bmc"},
		{name: "the same, and ours", release: "5.14.0-427.el9.x86_64", bits: 32, proto: 0xBC, label: "eth0:bmc", want: true},
		{name: "release that says nothing", release: "custom", bits: 32, label: "eth0:bmc", want: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			msgs := append(tt.others, addressMessage(addr, tt.bits, tt.proto, tt.label))
			all, err := parseAddresses(msgs, parseVersion(tt.release))
			if err != nil {
				t.Fatal(err)
			}
			got := all[len(all)-1]
			want := held{placed: placed{7, ip(addr)}, bits: tt.bits, proto: tt.proto, label: tt.label, ours: tt.want}
			if got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

func TestParseAddressesDamaged(t *testing.T) {
	whole := addressMessage("10.9.0.5", 32, 0xBC, "eth0:bmc")
	for name, m := range map[string][]byte{
		"empty":              {},
		"half a header":      whole[:unix.SizeofIfAddrmsg-1],
		"half an attribute":  whole[:unix.SizeofIfAddrmsg+6],
		"attribute too long": append(whole[:len(whole):len(whole)], 0xff, 0x7f, 3, 0),
	} {
		if got, err := parseAddresses([][]byte{m}, version{6, 1}); err == nil {
			t.Errorf("%s: got %v, want an error", name, got)
		}
	}
}

func TestLabelFor(t *testing.T) {
	for iface, want := range map[string]string{
		"eth0": "eth0:bmc", "ens192.1200": "ens192.1200:bmc", "ens192.12000": "",
	} {
		if got := labelFor(iface); got != want {
			t.Errorf("%s: got %q, want %q", iface, got, want)
		}
	}
}
