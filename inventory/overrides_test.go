package inventory

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseOverrides(t *testing.T) {
	tests := []struct {
		name       string
		attributes map[string]string
		want       Overrides
	}{
		{"none", nil, Overrides{}},
		{"somebody else's", map[string]string{"owner": "jane", "backup.disabled": "true"}, Overrides{}},
		{"cleared", map[string]string{"bmc.address": "", "bmc.disabled": " "}, Overrides{}},
		{"disabled", map[string]string{"bmc.disabled": "True"}, Overrides{Disabled: true}},
		{"not disabled", map[string]string{"bmc.disabled": "false"}, Overrides{}},
		{"protected", map[string]string{"bmc.protected": "true"}, Overrides{Protected: true}},
		{"neither", map[string]string{"bmc.disabled": "yes"}, Overrides{Problems: []string{
			`attribute bmc.disabled: "yes" is neither true nor false`}}},
		{"an address, with blanks", map[string]string{"bmc.address": " 192.0.2.7 "}, Overrides{Address: netip.MustParseAddr("192.0.2.7")}},
		{"an IPv6 address", map[string]string{"bmc.address": "2001:db8::7"}, Overrides{Address: netip.MustParseAddr("2001:db8::7")}},
		{"an IPv4 address in IPv6 clothes", map[string]string{"bmc.address": "::ffff:192.0.2.7"}, Overrides{Address: netip.MustParseAddr("192.0.2.7")}},
		{"no address", map[string]string{"bmc.address": "192.0.2.300"}, Overrides{Problems: []string{
			`attribute bmc.address: "192.0.2.300" is no IP address`}}},
		{"an address of one link", map[string]string{"bmc.address": "fe80::1%eth0"}, Overrides{Problems: []string{
			`attribute bmc.address: "fe80::1%eth0" is no IP address`}}},
		{"a hardware address", map[string]string{"bmc.mac": "02:00:00:AB:cd:07"}, Overrides{MAC: [6]byte{2, 0, 0, 0xab, 0xcd, 7}}},
		{"with dashes", map[string]string{"bmc.mac": "02-00-00-00-00-07"}, Overrides{MAC: [6]byte{2, 0, 0, 0, 0, 7}}},
		{"mistyped", map[string]string{"bmc.adress": "192.0.2.7"}, Overrides{Problems: []string{
			`attribute bmc.adress: no such attribute; there are address, disabled, mac and protected`}}},
		{"one wrong spoils no other", map[string]string{"bmc.address": "here", "bmc.mac": "there", "bmc.disabled": "true"},
			Overrides{Disabled: true, Problems: []string{
				`attribute bmc.address: "here" is no IP address`,
				`attribute bmc.mac: "there" is no hardware address of one host, such as 02:00:00:00:00:07`}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ParseOverrides("bmc.", tt.attributes)
			if d := cmp.Diff(tt.want, got, addresses); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}

func TestHardwareAddressesThatAreNone(t *testing.T) {
	for _, s := range []string{"", "02:00:00:00:00", "02:00:00:00:00:07:08", "02:00:00:00:00-07", "02.00.00.00.00.07",
		"020000000007", "0g:00:00:00:00:07", "00:00:00:00:00:00", "01:00:5e:00:00:07", "ff:ff:ff:ff:ff:ff"} {
		if mac, ok := parseMAC(s); ok {
			t.Errorf("%q was taken for % x", s, mac)
		}
	}
}
