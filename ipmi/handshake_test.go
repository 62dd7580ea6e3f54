package ipmi_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// bySuite compares cipher suites: their hash is a function and cannot be compared.
var bySuite = cmpopts.IgnoreUnexported(ipmi.CipherSuite{})

// eachHandshake runs a subtest for each recorded session.
func eachHandshake(t *testing.T, run func(t *testing.T, h handshake)) {
	for _, h := range []handshake{suite3, suite17} {
		t.Run(h.name, func(t *testing.T) { run(t, h) })
	}
}

func TestOpenSessionRequest(t *testing.T) {
	eachHandshake(t, func(t *testing.T, h handshake) {
		x := h.exchange
		payload := ipmi.AppendOpenSessionRequest(nil, 0, ipmi.PrivilegeNone, x.ConsoleID, x.Suite)
		comparePieces(t, ipmi.AppendSession20(nil, ipmi.PayloadOpenSessionRequest, payload), h.openRequest)

		got, err := ipmi.ParseOpenSessionRequest(payloadOf(t, join(h.openRequest), ipmi.PayloadOpenSessionRequest))
		if err != nil {
			t.Fatal(err)
		}
		want := ipmi.OpenSessionRequest{
			ConsoleID:       x.ConsoleID,
			Auth:            ipmi.Proposal{Algorithm: uint8(x.Suite.Auth)},
			Integrity:       ipmi.Proposal{Algorithm: uint8(x.Suite.Integrity)},
			Confidentiality: ipmi.Proposal{Algorithm: uint8(x.Suite.Confidentiality)},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("request (-want +got):\n%s", diff)
		}
	})
}

func TestOpenSessionRequestRefusesMalformedProposals(t *testing.T) {
	good := payloadOf(t, join(suite3.openRequest), ipmi.PayloadOpenSessionRequest)
	tests := []struct {
		name   string
		change func(b []byte) []byte
		want   error
	}{
		{"31 bytes", func(b []byte) []byte { return b[:31] }, ipmi.ErrShort},
		{"empty", func(b []byte) []byte { return nil }, ipmi.ErrShort},
		{"proposals in another order", func(b []byte) []byte { b[8], b[16] = 1, 0; return b }, ipmi.ErrMalformed},
		{"proposal length 7", func(b []byte) []byte { b[27] = 7; return b }, ipmi.ErrMalformed},
		{"more than three proposals", func(b []byte) []byte { return append(b, 2, 0, 0, 8, 0, 0, 0, 0) }, nil},
		{"wildcard", func(b []byte) []byte { b[11] = 0; return b }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := ipmi.ParseOpenSessionRequest(tt.change(bytes.Clone(good))); !errors.Is(err, tt.want) {
				t.Errorf("got error %v, want %v", err, tt.want)
			}
		})
	}
}

func TestOpenSessionResponse(t *testing.T) {
	eachHandshake(t, func(t *testing.T, h handshake) {
		x := h.exchange
		want := ipmi.OpenSessionResponse{MaxPrivilege: h.granted, ConsoleID: x.ConsoleID, BMCID: x.BMCID, Suite: x.Suite}
		payload := ipmi.AppendOpenSessionResponse(nil, want)
		comparePieces(t, ipmi.AppendSession20(nil, ipmi.PayloadOpenSessionResponse, payload), h.openResponse)

		got, err := ipmi.ParseOpenSessionResponse(payloadOf(t, join(h.openResponse), ipmi.PayloadOpenSessionResponse))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, bySuite); diff != "" {
			t.Errorf("response (-want +got):\n%s", diff)
		}
	})
}

func TestOpenSessionErrorHasEightBytes(t *testing.T) {
	want := ipmi.OpenSessionResponse{Tag: 9, Status: ipmi.StatusNoSuite, ConsoleID: vectorSIDm}
	b := ipmi.AppendOpenSessionResponse(nil, want)
	comparePieces(t, b, []piece{{"tag", "09"}, {"status", "11"}, {"reserved", "0000"}, {"console's ID", "a4a3a2a0"}})
	got, err := ipmi.ParseOpenSessionResponse(b)
	if diff := cmp.Diff(want, got, bySuite); err != nil || diff != "" {
		t.Errorf("error %v, response (-want +got):\n%s", err, diff)
	}
}

func TestRAKPMessage1(t *testing.T) {
	eachHandshake(t, func(t *testing.T, h handshake) {
		x := h.exchange
		want := ipmi.RAKPMessage1{BMCID: x.BMCID, ConsoleRandom: x.ConsoleRandom, Role: x.Role, UserName: x.UserName}
		comparePieces(t, ipmi.AppendSession20(nil, ipmi.PayloadRAKP1, ipmi.AppendRAKPMessage1(nil, want)), h.rakp1)

		got, err := ipmi.ParseRAKPMessage1(payloadOf(t, join(h.rakp1), ipmi.PayloadRAKP1))
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("error %v, message (-want +got):\n%s", err, diff)
		}
		if !got.Role.NameOnly() || got.Role.Privilege() != ipmi.Administrator {
			t.Errorf("got role %02Xh: name only %t, privilege %s", got.Role, got.Role.NameOnly(), got.Role.Privilege())
		}
	})
}

func TestRAKPMessage1NameLength(t *testing.T) {
	packet := func(claimed byte, sent int) []byte {
		b := make([]byte, 28, 28+sent)
		b[0], b[4], b[27] = 5, 7, claimed
		return append(b, bytes.Repeat([]byte("u"), sent)...)
	}
	tests := []struct {
		name string
		in   []byte
		want error
	}{
		{"no name", packet(0, 0), nil},
		{"16 bytes", packet(16, 16), nil},
		{"17 bytes", packet(17, 17), ipmi.ErrMalformed},
		{"228 claimed, none sent", packet(228, 0), ipmi.ErrMalformed},
		{"228 claimed and sent", packet(228, 228), ipmi.ErrMalformed},
		{"one more claimed than sent", packet(8, 7), ipmi.ErrMalformed},
		{"more sent than claimed", packet(5, 16), nil},
		{"head only in part", packet(0, 0)[:27], ipmi.ErrShort},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := ipmi.ParseRAKPMessage1(tt.in)
			if !errors.Is(err, tt.want) {
				t.Fatalf("got error %v, want %v", err, tt.want)
			}
			if tt.want == nil && len(m.UserName) != int(tt.in[27]) {
				t.Errorf("got name of %d bytes, want %d", len(m.UserName), tt.in[27])
			}
			if !errors.Is(err, ipmi.ErrShort) && (m.Tag != 5 || m.BMCID != 7) {
				t.Errorf("got tag %d, BMC's ID %d; a status needs them", m.Tag, m.BMCID)
			}
		})
	}
}

func TestRAKPMessage2(t *testing.T) {
	eachHandshake(t, func(t *testing.T, h handshake) {
		x := h.exchange
		want := ipmi.RAKPMessage2{ConsoleID: x.ConsoleID, BMCRandom: x.BMCRandom, GUID: x.GUID, Code: x.RAKP2Code()}
		comparePieces(t, ipmi.AppendSession20(nil, ipmi.PayloadRAKP2, ipmi.AppendRAKPMessage2(nil, want)), h.rakp2)

		got, err := ipmi.ParseRAKPMessage2(payloadOf(t, join(h.rakp2), ipmi.PayloadRAKP2))
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("error %v, message (-want +got):\n%s", err, diff)
		}
	})
}

func TestRAKPMessage2ErrorHasEightBytes(t *testing.T) {
	want := ipmi.RAKPMessage2{Tag: 3, Status: ipmi.StatusInvalidRole, ConsoleID: vectorSIDm}
	full := want
	full.Code = unhex(suite3.rakp2Code) // must not leak
	b := ipmi.AppendRAKPMessage2(nil, full)
	comparePieces(t, b, []piece{{"tag", "03"}, {"status", "09"}, {"reserved", "0000"}, {"console's ID", "a4a3a2a0"}})
	got, err := ipmi.ParseRAKPMessage2(b)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("error %v, message (-want +got):\n%s", err, diff)
	}
}

func TestRAKPMessages3And4(t *testing.T) {
	eachHandshake(t, func(t *testing.T, h handshake) {
		x := h.exchange
		tests := []struct {
			name   string
			typ    ipmi.PayloadType
			want   ipmi.RAKPMessage3
			pieces []piece
		}{
			{"message 3", ipmi.PayloadRAKP3, ipmi.RAKPMessage3{ID: x.BMCID, Code: x.RAKP3Code()}, h.rakp3},
			{"message 4", ipmi.PayloadRAKP4, ipmi.RAKPMessage3{ID: x.ConsoleID, Code: x.RAKP4ICV(x.SIK())}, h.rakp4},
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				comparePieces(t, ipmi.AppendSession20(nil, tt.typ, ipmi.AppendRAKPMessage3(nil, tt.want)), tt.pieces)
				got, err := ipmi.ParseRAKPMessage3(payloadOf(t, join(tt.pieces), tt.typ))
				if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
					t.Errorf("error %v, message (-want +got):\n%s", err, diff)
				}
			})
		}
	})
}
