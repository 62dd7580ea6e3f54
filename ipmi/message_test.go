package ipmi_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// setPrivilege is App/3Bh with rqSeq 1 and data 04h, as ipmitool sends it.
func setPrivilege() ipmi.Message {
	return ipmi.Message{Responder: 0x20, NetFn: ipmi.NetFnApp, Requester: 0x81, Sequence: 1, Command: 0x3B, Data: []byte{4}}
}

var (
	recordedRequest = []piece{
		{"responder", "20"}, {"netFn, LUN", "18"}, {"checksum 1", "c8"}, {"requester", "81"}, {"rqSeq, LUN", "04"},
		{"command", "3b"}, {"data", "04"}, {"checksum 2", "3c"},
	}
	recordedResponse = []piece{
		{"requester", "81"}, {"netFn, LUN", "1c"}, {"checksum 1", "63"}, {"responder", "20"}, {"rqSeq, LUN", "04"},
		{"command", "3b"}, {"completion code", "00"}, {"data", "04"}, {"checksum 2", "9d"},
	}
)

func TestRequest(t *testing.T) {
	comparePieces(t, ipmi.AppendRequest(nil, setPrivilege()), recordedRequest)
	got, err := ipmi.ParseMessage(join(recordedRequest))
	if diff := cmp.Diff(setPrivilege(), got); err != nil || diff != "" {
		t.Errorf("error %v, message (-want +got):\n%s", err, diff)
	}
}

func TestResponse(t *testing.T) {
	comparePieces(t, ipmi.AppendResponse(nil, setPrivilege(), ipmi.Completed, []byte{4}), recordedResponse)
	got, err := ipmi.ParseResponse(join(recordedResponse))
	want := ipmi.Response{NetFn: ipmi.NetFnApp + 1, Sequence: 1, Command: 0x3B, Code: ipmi.Completed, Data: []byte{4}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("error %v, response (-want +got):\n%s", err, diff)
	}
}

func TestResponseSwapsLUNs(t *testing.T) {
	m := setPrivilege()
	m.ResponderLUN, m.RequesterLUN, m.Sequence = 1, 2, 63
	comparePieces(t, ipmi.AppendResponse(nil, m, ipmi.InvalidForLUN, nil), []piece{
		{"requester", "81"}, {"netFn, requester's LUN", "1e"}, {"checksum 1", "61"}, {"responder", "20"},
		{"rqSeq, responder's LUN", "fd"}, {"command", "3b"}, {"completion code", "c2"}, {"checksum 2", "e6"},
	})
}

func TestParseMessageRefuses(t *testing.T) {
	good := join(recordedRequest)
	for i := range good {
		changed := bytes.Clone(good)
		changed[i] ^= 0x10
		if _, err := ipmi.ParseMessage(changed); !errors.Is(err, ipmi.ErrChecksum) {
			t.Errorf("byte %d changed: got error %v, want %v", i, err, ipmi.ErrChecksum)
		}
	}
	for n := range 7 {
		if _, err := ipmi.ParseMessage(good[:n]); !errors.Is(err, ipmi.ErrShort) {
			t.Errorf("%d bytes: got error %v, want %v", n, err, ipmi.ErrShort)
		}
	}
	// A response needs a completion code: seven good bytes are no response.
	empty := ipmi.AppendRequest(nil, ipmi.Message{NetFn: 7})
	if _, err := ipmi.ParseResponse(empty); !errors.Is(err, ipmi.ErrShort) {
		t.Errorf("response without code: got error %v, want %v", err, ipmi.ErrShort)
	}
}

// TestMessageRoundTrip goes through all values of the packed fields.
func TestMessageRoundTrip(t *testing.T) {
	for fn := range 64 {
		for seq := range 64 {
			for lun := range uint8(4) {
				want := ipmi.Message{
					Responder: 0x20, NetFn: ipmi.NetFn(fn), ResponderLUN: lun, Requester: 0x81,
					Sequence: uint8(seq), RequesterLUN: 3 - lun, Command: uint8(fn * 4), Data: []byte{uint8(seq), 0xFF},
				}
				got, err := ipmi.ParseMessage(ipmi.AppendRequest(nil, want))
				if diff := cmp.Diff(want, got); err != nil || diff != "" {
					t.Fatalf("error %v, message (-want +got):\n%s", err, diff)
				}
			}
		}
	}
}
