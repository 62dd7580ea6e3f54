package ipmi_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

func TestSystemInfoString(t *testing.T) {
	const text = "0123456789abcdefXYZ"
	tests := []struct {
		name string
		text string
		set  uint8
		want []piece
	}{
		{"short", "vm", 0, []piece{{"set", "00"}, {"ASCII", "00"}, {"length", "02"}, {"text", "766d"}, {"padding", "000000000000000000000000"}}},
		{"first block", text, 0, []piece{{"set", "00"}, {"ASCII", "00"}, {"length", "13"}, {"text", "3031323334353637383961626364"}}},
		{"second block", text, 1, []piece{{"set", "01"}, {"text", "656658595a"}, {"padding", "0000000000000000000000"}}},
		{"UTF-8", "é", 0, []piece{{"set", "00"}, {"UTF-8", "01"}, {"length", "02"}, {"text", "c3a9"}, {"padding", "000000000000000000000000"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := ipmi.AppendSystemInfoString(nil, tt.text, tt.set)
			if !ok {
				t.Fatal("no such block")
			}
			comparePieces(t, got, tt.want)
		})
	}
	for _, set := range []uint8{2, 255} {
		if got, ok := ipmi.AppendSystemInfoString(nil, text, set); ok || len(got) != 0 {
			t.Errorf("block %d of %d bytes: got % x, want none", set, len(text), got)
		}
	}
	if _, ok := ipmi.AppendSystemInfoString(nil, "exactly fourteen"[:14], 1); ok {
		t.Error("a string of 14 bytes has a second block")
	}
}

func TestSystemInfoRequest(t *testing.T) {
	got, err := ipmi.ParseSystemInfoRequest(unhex("80 02 03 04"))
	want := ipmi.SystemInfoRequest{RevisionOnly: true, Parameter: ipmi.SystemInfoName, Set: 3, Block: 4}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("error %v, request (-want +got):\n%s", err, diff)
	}
	if _, err := ipmi.ParseSystemInfoRequest(unhex("00 02 00")); !errors.Is(err, ipmi.InvalidLength) {
		t.Errorf("three bytes: %v", err)
	}
	p, data, err := ipmi.ParseSetSystemInfoRequest(unhex("00 01"))
	if p != ipmi.SystemInfoSetInProgress || err != nil || len(data) != 1 || data[0] != 1 {
		t.Errorf("set: %v % x, error %v", p, data, err)
	}
	if _, _, err := ipmi.ParseSetSystemInfoRequest(unhex("00")); !errors.Is(err, ipmi.InvalidLength) {
		t.Errorf("set, one byte: %v", err)
	}
}
