package ipmi_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

var (
	recordedPing = []piece{
		{"RMCP", "0600ff06"}, {"ASF enterprise number", "000011be"}, {"type", "80"}, {"tag", "00"}, {"reserved", "00"}, {"length", "00"},
	}
	recordedPong = []piece{
		{"RMCP", "0600ff06"}, {"ASF enterprise number", "000011be"}, {"type", "40"}, {"tag", "00"}, {"reserved", "00"}, {"length", "10"},
		{"enterprise number, no OEM abilities", "000011be"}, {"OEM", "00000000"}, {"IPMI, ASF 1.0", "81"}, {"interactions", "00"}, {"reserved", "000000000000"},
	}
)

func TestPresencePing(t *testing.T) {
	comparePieces(t, ipmi.AppendPing(nil, 0), recordedPing)
	comparePieces(t, ipmi.AppendPong(nil, 0), recordedPong)
	if got := ipmi.AppendPong(nil, 0xFE)[9]; got != 0xFE {
		t.Errorf("got tag %02Xh, want that of the ping", got)
	}
	header, rest, err := ipmi.ParseRMCP(join(recordedPing))
	if err != nil || header.Class != ipmi.ClassASF || header.ACK || header.Sequence != 0xFF {
		t.Fatalf("got header %+v, error %v", header, err)
	}
	if tag, ok := ipmi.ParsePing(rest); tag != 0 || !ok {
		t.Errorf("got tag %d, %t", tag, ok)
	}
}

func TestParsePingRefuses(t *testing.T) {
	tests := []struct{ name, in string }{
		{"empty", ""},
		{"7 bytes", "000011be 80 00 00"},
		{"pong", "000011be 40 00 00 00"},
		{"other enterprise number", "000011bf 80 00 00 00"},
		{"tag of a one-way ping", "000011be 80 ff 00 00"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tag, ok := ipmi.ParsePing(unhex(tt.in)); ok {
				t.Errorf("accepted with tag %d", tag)
			}
		})
	}
}

func TestParseRMCP(t *testing.T) {
	tests := []struct {
		name, in string
		want     ipmi.RMCPHeader
		rest     string
		err      error
	}{
		{"IPMI", "0600ff07 aa", ipmi.RMCPHeader{Sequence: 0xFF, Class: ipmi.ClassIPMI}, "aa", nil},
		{"ASF with sequence", "06001206", ipmi.RMCPHeader{Sequence: 0x12, Class: ipmi.ClassASF}, "", nil},
		{"acknowledge", "06001286", ipmi.RMCPHeader{Sequence: 0x12, Class: ipmi.ClassASF, ACK: true}, "", nil},
		{"reserved byte not 0", "0655ff07", ipmi.RMCPHeader{Sequence: 0xFF, Class: ipmi.ClassIPMI}, "", nil},
		{"3 bytes", "0600ff", ipmi.RMCPHeader{}, "", ipmi.ErrShort},
		{"other version", "0500ff07", ipmi.RMCPHeader{}, "", ipmi.ErrVersion},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, rest, err := ipmi.ParseRMCP(unhex(tt.in))
			if got != tt.want || !bytes.Equal(rest, unhex(tt.rest)) || !errors.Is(err, tt.err) {
				t.Errorf("got %+v, % x, error %v", got, rest, err)
			}
		})
	}
}
