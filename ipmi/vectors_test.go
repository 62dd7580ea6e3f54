package ipmi_test

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// The vectors are sessions of ipmitool 1.8.19 as they went over the wire; all
// bytes were recomputed by an independent program. Do not change them: when
// such a test fails, the code is wrong.

// A piece is a labelled part of a datagram, in hexadecimal.
type piece struct{ name, hex string }

// A handshake is one recorded session.
type handshake struct {
	name     string
	exchange ipmi.KeyExchange
	granted  ipmi.Privilege // of the response

	rakp2Code, rakp3Code, sik, icv string

	openRequest, openResponse  []piece
	rakp1, rakp2, rakp3, rakp4 []piece
	sealedRequest              []piece
	sealedResponse             []piece
}

const (
	privilegeRq  = "2018c881043b043c"
	privilegeRs  = "811c6320043b00049d"
	vectorSIDm   = 0xA0A2A3A4
	outsideOfAny = "00000000 00000000"
)

var suite3 = handshake{
	name: "suite 3",
	exchange: ipmi.KeyExchange{
		Suite:         suite(3),
		ConsoleID:     vectorSIDm,
		BMCID:         0x00000002,
		ConsoleRandom: array("382bd6281f1f08f2a5637fdbf397f904"),
		BMCRandom:     array("d213b357184cbe4b364794b888246989"),
		GUID:          array("a123456789abcdefa123456789abcdef"),
		Role:          0x14,
		UserName:      []byte("ipmiusr"),
		Password:      []byte("test"),
	},
	rakp2Code: "50cf8a39fa848b90517f1308ab14ce19d04eaafc",
	rakp3Code: "f558a12df2949dd162412c2a3c26e31776d1691c",
	sik:       "4031c16bd41497b31eed8fb730e8155a3a8c2c74",
	icv:       "091556e0c97aec77e68ca01d",

	openRequest: []piece{
		{"RMCP", "0600ff07"}, {"format, type", "06 10"}, {"session ID, sequence", outsideOfAny}, {"length", "2000"},
		{"tag, privilege", "00 00 0000"}, {"console's ID", "a4a3a2a0"},
		{"authentication", "00 0000 08 01 000000"}, {"integrity", "01 0000 08 01 000000"}, {"confidentiality", "02 0000 08 01 000000"},
	},
	openResponse: []piece{
		{"RMCP", "0600ff07"}, {"format, type", "06 11"}, {"session ID, sequence", outsideOfAny}, {"length", "2400"},
		{"tag, status, privilege", "00 00 00 00"}, {"console's ID", "a4a3a2a0"}, {"BMC's ID", "02000000"},
		{"authentication", "00 0000 08 01 000000"}, {"integrity", "01 0000 08 01 000000"}, {"confidentiality", "02 0000 08 01 000000"},
	},
	rakp1: []piece{
		{"RMCP", "0600ff07"}, {"format, type", "06 12"}, {"session ID, sequence", outsideOfAny}, {"length", "2300"},
		{"tag", "00 000000"}, {"BMC's ID", "02000000"}, {"console's random number", "382bd6281f1f08f2a5637fdbf397f904"},
		{"role", "14 0000"}, {"user name", "07 69706d69757372"},
	},
	rakp2: []piece{
		{"RMCP", "0600ff07"}, {"format, type", "06 13"}, {"session ID, sequence", outsideOfAny}, {"length", "3c00"},
		{"tag, status", "00 00 0000"}, {"console's ID", "a4a3a2a0"}, {"BMC's random number", "d213b357184cbe4b364794b888246989"},
		{"GUID", "a123456789abcdefa123456789abcdef"}, {"code", "50cf8a39fa848b90517f1308ab14ce19d04eaafc"},
	},
	rakp3: []piece{
		{"RMCP", "0600ff07"}, {"format, type", "06 14"}, {"session ID, sequence", outsideOfAny}, {"length", "1c00"},
		{"tag, status", "00 00 0000"}, {"BMC's ID", "02000000"}, {"code", "f558a12df2949dd162412c2a3c26e31776d1691c"},
	},
	rakp4: []piece{
		{"RMCP", "0600ff07"}, {"format, type", "06 15"}, {"session ID, sequence", outsideOfAny}, {"length", "1400"},
		{"tag, status", "00 00 0000"}, {"console's ID", "a4a3a2a0"}, {"integrity check value", "091556e0c97aec77e68ca01d"},
	},
	sealedRequest: []piece{
		{"RMCP", "0600ff07"}, {"format, type", "06 c0"}, {"BMC's ID", "02000000"}, {"sequence", "03000000"}, {"length", "2000"},
		{"IV", "6c3276e95bbabc460a27b98a3cf321ca"}, {"encrypted", "57f96613bc33099bf8f911d30887b0e8"},
		{"integrity pad", "ffff"}, {"pad length, next header", "02 07"}, {"auth code", "bd30ca3be1459cab5b9e6d8e"},
	},
	sealedResponse: []piece{
		{"RMCP", "0600ff07"}, {"format, type", "06 c0"}, {"console's ID", "a4a3a2a0"}, {"sequence", "01000000"}, {"length", "2000"},
		{"IV", "039d8c30ce18c49d974a6a9c378643a3"}, {"encrypted", "acff566472e1acf6bc14bb0a98b11317"},
		{"integrity pad", "ffff"}, {"pad length, next header", "02 07"}, {"auth code", "09b8f7330d69b12f6b0f01a0"},
	},
}

var suite17 = handshake{
	name: "suite 17",
	exchange: ipmi.KeyExchange{
		Suite:         suite(17),
		ConsoleID:     vectorSIDm,
		BMCID:         0x11223410,
		ConsoleRandom: array("ceaccb433c67f859937826c9f54c2918"),
		BMCRandom:     array("7608a031f99a20a887dedd22b3286d9b"),
		GUID:          array("00112233445566778899aabbccddeeff"),
		Role:          0x14,
		UserName:      []byte("admin"),
		Password:      []byte("Secret-Passw0rd-20b!"),
	},
	granted:   ipmi.Administrator,
	rakp2Code: "2d3f5b0d202155333de085fdaa4bb9722b5bcdd377d7757470c97dcd3a6ce506",
	rakp3Code: "ae9624ef6fa7ba0a4d8ae79fdfe2112440b1b9792309fa32c2d7e901205461d0",
	sik:       "7a185957f2005a148bd373f6a883010fff992615de01bf28a64d1c35f817c38d",
	icv:       "181d408d93a4feb5b7af407825504282",

	openRequest: []piece{
		{"RMCP", "0600ff07"}, {"format, type", "06 10"}, {"session ID, sequence", outsideOfAny}, {"length", "2000"},
		{"tag, privilege", "00 00 0000"}, {"console's ID", "a4a3a2a0"},
		{"authentication", "00 0000 08 03 000000"}, {"integrity", "01 0000 08 04 000000"}, {"confidentiality", "02 0000 08 01 000000"},
	},
	openResponse: []piece{
		{"RMCP", "0600ff07"}, {"format, type", "06 11"}, {"session ID, sequence", outsideOfAny}, {"length", "2400"},
		{"tag, status, privilege", "00 00 04 00"}, {"console's ID", "a4a3a2a0"}, {"BMC's ID", "10342211"},
		{"authentication", "00 0000 08 03 000000"}, {"integrity", "01 0000 08 04 000000"}, {"confidentiality", "02 0000 08 01 000000"},
	},
	rakp1: []piece{
		{"RMCP", "0600ff07"}, {"format, type", "06 12"}, {"session ID, sequence", outsideOfAny}, {"length", "2100"},
		{"tag", "00 000000"}, {"BMC's ID", "10342211"}, {"console's random number", "ceaccb433c67f859937826c9f54c2918"},
		{"role", "14 0000"}, {"user name", "05 61646d696e"},
	},
	rakp2: []piece{
		{"RMCP", "0600ff07"}, {"format, type", "06 13"}, {"session ID, sequence", outsideOfAny}, {"length", "4800"},
		{"tag, status", "00 00 0000"}, {"console's ID", "a4a3a2a0"}, {"BMC's random number", "7608a031f99a20a887dedd22b3286d9b"},
		{"GUID", "00112233445566778899aabbccddeeff"}, {"code", "2d3f5b0d202155333de085fdaa4bb9722b5bcdd377d7757470c97dcd3a6ce506"},
	},
	rakp3: []piece{
		{"RMCP", "0600ff07"}, {"format, type", "06 14"}, {"session ID, sequence", outsideOfAny}, {"length", "2800"},
		{"tag, status", "00 00 0000"}, {"BMC's ID", "10342211"}, {"code", "ae9624ef6fa7ba0a4d8ae79fdfe2112440b1b9792309fa32c2d7e901205461d0"},
	},
	rakp4: []piece{
		{"RMCP", "0600ff07"}, {"format, type", "06 15"}, {"session ID, sequence", outsideOfAny}, {"length", "1800"},
		{"tag, status", "00 00 0000"}, {"console's ID", "a4a3a2a0"}, {"integrity check value", "181d408d93a4feb5b7af407825504282"},
	},
	sealedRequest: []piece{
		{"RMCP", "0600ff07"}, {"format, type", "06 c0"}, {"BMC's ID", "10342211"}, {"sequence", "03000000"}, {"length", "2000"},
		{"IV", "722edd99b6c0283d46f966ce9119bb86"}, {"encrypted", "f910d4045b9dc6ee72b3ea4282f4c1b2"},
		{"integrity pad", "ffff"}, {"pad length, next header", "02 07"}, {"auth code", "9d641462fdd6df24898437f35dee4c00"},
	},
	sealedResponse: []piece{
		{"RMCP", "0600ff07"}, {"format, type", "06 c0"}, {"console's ID", "a4a3a2a0"}, {"sequence", "01000000"}, {"length", "2000"},
		{"IV", "e8e07e5339b20ab1110146562c865519"}, {"encrypted", "5fb9502324b3b51e84df554bd293f42a"},
		{"integrity pad", "ffff"}, {"pad length, next header", "02 07"}, {"auth code", "ecfa9ec5b17284a043311288a9dcdb57"},
	},
}

// suite is for suites that are known to exist.
func suite(id ipmi.CipherSuiteID) ipmi.CipherSuite {
	s, err := ipmi.CipherSuiteByID(id)
	if err != nil {
		panic(err)
	}
	return s
}

// unhex reads hexadecimal with spaces.
func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

func array(s string) [16]byte { return [16]byte(unhex(s)) }

// join is the whole datagram.
func join(pieces []piece) []byte {
	var b []byte
	for _, p := range pieces {
		b = append(b, unhex(p.hex)...)
	}
	return b
}

// find is the piece with this name.
func find(t *testing.T, pieces []piece, name string) []byte {
	t.Helper()
	for _, p := range pieces {
		if p.name == name {
			return unhex(p.hex)
		}
	}
	t.Fatalf("no piece %q", name)
	return nil
}

// comparePieces says which piece of a datagram is wrong.
func comparePieces(t *testing.T, got []byte, want []piece) {
	t.Helper()
	rest := got
	for _, p := range want {
		b := unhex(p.hex)
		n := min(len(b), len(rest))
		if !bytes.Equal(rest[:n], b) {
			t.Errorf("%s: got % x, want % x", p.name, rest[:n], b)
		}
		rest = rest[n:]
	}
	if len(rest) != 0 {
		t.Errorf("% x too much at the end", rest)
	}
}

// payloadOf is the payload of a recorded datagram of IPMI 2.0.
func payloadOf(t *testing.T, datagram []byte, want ipmi.PayloadType) []byte {
	t.Helper()
	s := session20Of(t, datagram)
	if s.Type != want {
		t.Fatalf("got payload type %02Xh, want %02Xh", s.Type, want)
	}
	return s.Payload
}

func session20Of(t *testing.T, datagram []byte) ipmi.Session20 {
	t.Helper()
	header, rest, err := ipmi.ParseRMCP(datagram)
	if err != nil || header.Class != ipmi.ClassIPMI {
		t.Fatalf("got header %+v, error %v", header, err)
	}
	if auth, err := ipmi.SessionAuthType(rest); err != nil || auth != ipmi.AuthRMCPPlus {
		t.Fatalf("got auth type %d, error %v", auth, err)
	}
	s, err := ipmi.ParseSession20(rest)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
