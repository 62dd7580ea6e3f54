package machine

import (
	"encoding/binary"
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

// What a frame's bytes mean: IEEE 802.3, IEEE 802.1Q, RFC 791, RFC 768.
const (
	addressesLength = 12 // of hardware
	typeVLAN        = 0x8100
	typeIPv4        = 0x0800
	typeARP         = 0x0806
	protocolUDP     = 17
	ipmiPort        = 623
)

// A frame is what the test wants to know of one.
type frame struct {
	tag     int  // of its VLAN; 0: it has none
	arp     bool // request or answer
	to, frm int  // UDP ports; 0: it is none
}

// parseFrame reads an Ethernet frame, and reports whether it could.
func parseFrame(b []byte) (f frame, ok bool) {
	if len(b) < addressesLength+2 {
		return f, false
	}
	b = b[addressesLength:]
	if binary.BigEndian.Uint16(b) == typeVLAN {
		if len(b) < 6 {
			return f, false
		}
		f.tag = int(binary.BigEndian.Uint16(b[2:]) & 0xfff)
		b = b[4:]
	}
	kind := binary.BigEndian.Uint16(b)
	b = b[2:]
	f.arp = kind == typeARP
	if kind != typeIPv4 || len(b) < 20 || b[9] != protocolUDP {
		return f, true
	}
	if header := int(b[0]&0xf) * 4; len(b) >= header+4 {
		f.frm, f.to = int(binary.BigEndian.Uint16(b[header:])), int(binary.BigEndian.Uint16(b[header+2:]))
	}
	return f, true
}

// capture reads the frames of a capture in libpcap's format, as qemu writes it: a
// header of 24 bytes, and one of 16 before each frame.
func capture(t *testing.T, path string) (all []frame) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(b) < 24 || binary.LittleEndian.Uint32(b) != 0xa1b2c3d4 {
		t.Fatalf("%s is no capture", path)
	}
	for b = b[24:]; len(b) >= 16; {
		n := int(binary.LittleEndian.Uint32(b[8:]))
		b = b[16:]
		if n > len(b) {
			break // the machine ended while it was written
		}
		if f, ok := parseFrame(b[:n]); ok {
			all = append(all, f)
		}
		b = b[n:]
	}
	return all
}

// checkTrunk counts what was on the wire between the two cards: IPMI and ARP of the
// VLAN with its tag, those of the native network without one.
func checkTrunk(t *testing.T, path string) {
	t.Helper()
	type sort struct {
		tag int
		is  string
	}
	count := map[sort]int{}
	for _, f := range capture(t, path) {
		switch {
		case f.arp:
			count[sort{f.tag, "ARP"}]++
		case f.to == ipmiPort:
			count[sort{f.tag, "question"}]++
		case f.frm == ipmiPort:
			count[sort{f.tag, "answer"}]++
		}
	}
	for _, tag := range []int{0, vlanID} {
		for _, is := range []string{"ARP", "question", "answer"} {
			if count[sort{tag, is}] == 0 {
				t.Errorf("no %s with tag %d was on the wire", is, tag)
			}
		}
	}
	t.Logf("on the wire: %v", count)
}

func TestParseFrame(t *testing.T) {
	hardware := strings.Repeat("525400623001", 2)
	datagram := "45000020000000004011" + "0000" + "0a7808c8" + "0a78080a" + "d3f6026f" + "000c0000"
	for _, tt := range []struct {
		name, text string
		want       frame
		ok         bool
	}{
		{"a question with its tag", hardware + "81000078" + "0800" + datagram, frame{tag: 120, frm: 54262, to: ipmiPort}, true},
		{"a priority is no tag", hardware + "8100e000" + "0800" + datagram, frame{frm: 54262, to: ipmiPort}, true},
		{"without one", hardware + "0800" + datagram, frame{frm: 54262, to: ipmiPort}, true},
		{"ARP with its tag", hardware + "81000078" + "0806" + "0001", frame{tag: 120, arp: true}, true},
		{"IPv6", hardware + "86dd" + "60000000", frame{}, true},
		{"a tag and no more", hardware + "81000078", frame{}, false},
		{"cut short", hardware, frame{}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b, err := hex.DecodeString(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if got, ok := parseFrame(b); got != tt.want || ok != tt.ok {
				t.Errorf("%+v, %v; want %+v, %v", got, ok, tt.want, tt.ok)
			}
		})
	}
}
