package ipmi_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

func TestCipherSuiteByID(t *testing.T) {
	for id := range 256 {
		s, err := ipmi.CipherSuiteByID(ipmi.CipherSuiteID(id))
		want := slices.Contains([]int{2, 3, 7, 8, 11, 12, 16, 17}, id)
		if (err == nil) != want {
			t.Errorf("suite %d: got error %v, want supported %t", id, err, want)
		}
		if err == nil && int(s.ID) != id {
			t.Errorf("suite %d: got suite %d", id, s.ID)
		}
	}
}

func TestCipherSuiteRecords(t *testing.T) {
	suites := []ipmi.CipherSuite{suite(3), suite(17)}
	comparePieces(t, ipmi.AppendCipherSuiteRecords(nil, suites), []piece{
		{"suite 3", "c0 03 01 41 81"},
		{"suite 17", "c0 11 03 44 81"},
	})
	comparePieces(t, ipmi.AppendAlgorithms([]byte{1}, suites), []piece{
		{"what was there", "01"}, // must not hide algorithm 01h
		{"authentication", "01 03"},
		{"integrity", "41 44"},
		{"confidentiality", "81"},
	})
}

func TestCipherSuitePages(t *testing.T) {
	records := make([]byte, 40)
	for i := range records {
		records[i] = byte(i)
	}
	tests := []struct {
		name     string
		size     int
		index    uint8
		from, to int
	}{
		{"two suites fit into the first page", 10, 0, 0, 10},
		{"second page of a short list", 10, 1, 10, 10},
		{"first of three", 40, 0, 0, 16},
		{"second of three", 40, 1, 16, 32},
		{"last of three", 40, 2, 32, 40},
		{"full page", 16, 0, 0, 16},
		{"empty page after a full one", 16, 1, 16, 16},
		{"last index", 40, 63, 40, 40},
		{"no suites", 0, 0, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ipmi.AppendCipherSuitePage([]byte{ipmi.ChannelLAN}, records[:tt.size], tt.index)
			want := append([]byte{1}, records[tt.from:tt.to]...)
			if !bytes.Equal(got, want) {
				t.Errorf("got % x, want % x", got, want)
			}
		})
	}
}

// TestProposalsMustBeOneSuite tries all triples of algorithms: two suites that
// are enabled must not make a third one by mixing.
func TestProposalsMustBeOneSuite(t *testing.T) {
	both := []ipmi.CipherSuite{suite(17), suite(3)}
	type triple [3]uint8
	enabled := map[triple]ipmi.CipherSuiteID{{1, 1, 1}: 3, {3, 4, 1}: 17}
	for auth := range uint8(64) {
		for integrity := range uint8(64) {
			for confidentiality := range uint8(64) {
				r := ipmi.OpenSessionRequest{
					Auth:            ipmi.Proposal{Algorithm: auth},
					Integrity:       ipmi.Proposal{Algorithm: integrity},
					Confidentiality: ipmi.Proposal{Algorithm: confidentiality},
				}
				got, ok := r.Suite(both)
				want, wantOK := enabled[triple{auth, integrity, confidentiality}]
				if ok != wantOK || got.ID != want {
					t.Errorf("%d, %d, %d: got suite %d, %t; want %d, %t", auth, integrity, confidentiality, got.ID, ok, want, wantOK)
				}
				if want == 17 {
					if got, ok := r.Suite(both[1:]); ok {
						t.Errorf("suite 17 not enabled: got suite %d", got.ID)
					}
				}
			}
		}
	}
}

func TestProposalsWithWildcards(t *testing.T) {
	var (
		both     = []ipmi.CipherSuite{suite(17), suite(3)}
		wildcard = ipmi.Proposal{Any: true, Algorithm: 63} // the algorithm means nothing then
		one      = ipmi.Proposal{Algorithm: 1}
		four     = ipmi.Proposal{Algorithm: 4}
	)
	tests := []struct {
		name             string
		auth, integ, con ipmi.Proposal
		want             ipmi.CipherSuiteID
		ok               bool
	}{
		{"all wild: the first of the list", wildcard, wildcard, wildcard, 17, true},
		{"authentication decides", one, wildcard, wildcard, 3, true},
		{"integrity decides", wildcard, four, wildcard, 17, true},
		{"contradiction", one, four, wildcard, 0, false},
		{"no encryption", wildcard, wildcard, ipmi.Proposal{}, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := ipmi.OpenSessionRequest{Auth: tt.auth, Integrity: tt.integ, Confidentiality: tt.con}
			if got, ok := r.Suite(both); got.ID != tt.want || ok != tt.ok {
				t.Errorf("got suite %d, %t; want %d, %t", got.ID, ok, tt.want, tt.ok)
			}
		})
	}
}
