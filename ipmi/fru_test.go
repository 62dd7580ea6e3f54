package ipmi_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

var fullFRU = ipmi.FRU{
	Chassis: ipmi.FRUChassis{Type: 1, PartNumber: "VM", Serial: "4211", Custom: []string{"rack"}},
	Board:   ipmi.FRUBoard{Made: 0x010203, Manufacturer: "VMware, Inc.", Name: "vmx-19", Serial: "s1", PartNumber: "p1", FileID: "f1"},
	Product: ipmi.FRUProduct{
		Manufacturer: "VMware, Inc.", Name: "web-1", PartNumber: "p2", Version: "v2", Serial: "s2",
		AssetTag: "tag", FileID: "f2", Custom: []string{"one", "two"},
	},
}

// TestFRUImage compares with an image that ipmitool and ipmi-fru read as meant.
// Do not change it to make the test pass.
func TestFRUImage(t *testing.T) {
	got, err := ipmi.AppendFRU([]byte("before"), ipmi.FRU{
		Chassis: ipmi.FRUChassis{Serial: "42"},
		Product: ipmi.FRUProduct{Manufacturer: "VMware", Name: "w"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := unhex("01 00 01 00 03 00 00 fb" +
		"01 02 01 c0 c2 3432 c1" + "00 00 00 00 00 00 00 53" +
		"01 03 00 c6 564d77617265 c2 7720 c0 c0 c0 c0 c0 c1 00 00 00 00 0a")
	if got = got[len("before"):]; !bytes.Equal(got, want) {
		t.Errorf("got  % x\nwant % x", got, want)
	}
}

func sum(b []byte) (s byte) {
	for _, c := range b {
		s += c
	}
	return s
}

// TestFRURoundTrip also checks what section 8 wants of every image.
func TestFRURoundTrip(t *testing.T) {
	tests := []struct {
		name string
		fru  ipmi.FRU
	}{
		{"all areas", fullFRU},
		{"nothing", ipmi.FRU{}},
		{"board alone", ipmi.FRU{Board: fullFRU.Board}},
		{"date alone", ipmi.FRU{Board: ipmi.FRUBoard{Made: 1}}},
		{"long texts", ipmi.FRU{Product: ipmi.FRUProduct{Name: strings.Repeat("x", 63), Serial: strings.Repeat("y", 62)}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			image, err := ipmi.AppendFRU(nil, tt.fru)
			if err != nil {
				t.Fatal(err)
			}
			if len(image)%8 != 0 || sum(image[:8]) != 0 {
				t.Errorf("%d bytes, the header adds up to %d", len(image), sum(image[:8]))
			}
			for _, at := range image[2:5] {
				if at == 0 {
					continue
				}
				area := image[int(at)*8:]
				if s := sum(area[:int(area[1])*8]); s != 0 {
					t.Errorf("the area at %d adds up to %d", at, s)
				}
			}
			got, err := ipmi.ParseFRU(image)
			if diff := cmp.Diff(tt.fru, got); diff != "" || err != nil {
				t.Errorf("error %v (-want +got):\n%s", err, diff)
			}
		})
	}
}

// TestFRUTexts: what does not fit is cut off; one byte would be the mark of the end.
func TestFRUTexts(t *testing.T) {
	image, err := ipmi.AppendFRU(nil, ipmi.FRU{Product: ipmi.FRUProduct{Name: strings.Repeat("n", 64), Serial: "s", Custom: []string{"", "c"}}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := ipmi.ParseFRU(image)
	want := ipmi.FRU{Product: ipmi.FRUProduct{Name: strings.Repeat("n", 63), Serial: "s ", Custom: []string{"c "}}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
}

func TestFRUTooLong(t *testing.T) {
	many := make([]string, 40)
	for i := range many {
		many[i] = strings.Repeat("x", 63)
	}
	for name, fru := range map[string]ipmi.FRU{
		"one area":  {Chassis: ipmi.FRUChassis{Custom: many}},
		"its place": {Chassis: ipmi.FRUChassis{Custom: many[:31]}, Board: ipmi.FRUBoard{Custom: many[:31]}, Product: fullFRU.Product},
	} {
		if _, err := ipmi.AppendFRU(nil, fru); !errors.Is(err, ipmi.ErrFRUTooLong) {
			t.Errorf("%s: got error %v", name, err)
		}
	}
}

// TestParseFRURefuses damages a good image.
func TestParseFRURefuses(t *testing.T) {
	good, err := ipmi.AppendFRU(nil, fullFRU)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		change func(b []byte) []byte
		want   error
	}{
		{"empty", func(b []byte) []byte { return nil }, ipmi.ErrShort},
		{"version", func(b []byte) []byte { b[0] = 2; return b }, ipmi.ErrMalformed},
		{"header checksum", func(b []byte) []byte { b[7]++; return b }, ipmi.ErrChecksum},
		{"area checksum", func(b []byte) []byte { b[12]++; return b }, ipmi.ErrChecksum},
		{"cut off", func(b []byte) []byte { return b[:len(b)-1] }, ipmi.ErrShort},
		{"area without length", func(b []byte) []byte { b[9] = 0; return b }, ipmi.ErrShort},
		{"area version", func(b []byte) []byte { b[8]++; return b }, ipmi.ErrMalformed},
	}
	for _, tt := range tests {
		if _, err := ipmi.ParseFRU(tt.change(bytes.Clone(good))); err != tt.want {
			t.Errorf("%s: got error %v, want %v", tt.name, err, tt.want)
		}
	}
}
