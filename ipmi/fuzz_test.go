package ipmi_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// fuzzParse states what holds for every parser: it does not panic, and what it
// returns survives being written and read again. Reserved bits are not kept,
// so the input itself need not come out.
func fuzzParse[T any](f *testing.F, parse func([]byte) (T, error), write func([]byte, T) []byte, seeds ...[]byte) {
	f.Helper()
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		v, err := parse(in)
		if err != nil {
			return
		}
		once := write(nil, v)
		again, err := parse(bytes.Clone(once))
		if err != nil {
			t.Fatalf("% x parsed, but not what was written for it, % x: %v", in, once, err)
		}
		if twice := write(nil, again); !bytes.Equal(once, twice) {
			t.Fatalf("% x was written as % x and then as % x", in, once, twice)
		}
	})
}

// payloads are the set-up payloads of both recorded sessions.
func payloads(pick func(handshake) []piece) [][]byte {
	const headers = 4 + 12
	return [][]byte{join(pick(suite3))[headers:], join(pick(suite17))[headers:]}
}

// packets are all recorded datagrams without their RMCP header.
func packets() [][]byte {
	all := [][]byte{join(recordedCapabilitiesRequest)[4:], join(recordedCapabilitiesResponse)[4:]}
	for _, h := range []handshake{suite3, suite17} {
		for _, d := range [][]piece{h.openRequest, h.openResponse, h.rakp1, h.rakp2, h.rakp3, h.rakp4, h.sealedRequest, h.sealedResponse} {
			all = append(all, join(d)[4:])
		}
	}
	return all
}

func FuzzParseRMCP(f *testing.F) {
	for _, s := range [][]byte{join(recordedPing), join(recordedPong), join(suite3.openRequest), {6, 0, 1, 0x86}} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		_, rest, err := ipmi.ParseRMCP(in)
		if err != nil {
			return
		}
		if !bytes.Equal(rest, in[4:]) {
			t.Errorf("got % x after the header, want % x", rest, in[4:])
		}
		if tag, ok := ipmi.ParsePing(rest); ok && tag == 0xFF {
			t.Error("a one-way ping would be answered")
		}
	})
}

func FuzzParseSession15(f *testing.F) {
	seeds := append(packets(), unhex("02 00000000 05000000 10569a21e49016d3c2f620cc2fd06da4 02 2018"))
	fuzzParse(f, ipmi.ParseSession15, func(dst []byte, s ipmi.Session15) []byte {
		return append(dst, ipmi.AppendSession15(nil, s)[4:]...)
	}, seeds...)
}

func FuzzParseSession20(f *testing.F) {
	for _, s := range append(packets(), unhex("06 02 000000000000 00000000 00000000 0100 aa")) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		for _, h := range []handshake{suite3, suite17} {
			s, err := ipmi.ParseSession20(in)
			if err != nil {
				return
			}
			p := protection(t, h)
			verified := p.Verify(s) == nil
			_, _ = p.Open(bytes.Clone(s.Payload)) // also unverified: it must not panic
			if verified && !bytes.Equal(in, join(h.sealedRequest)[4:]) && !bytes.Equal(in, join(h.sealedResponse)[4:]) {
				t.Errorf("% x verified without the key", in)
			}
		}
	})
}

func FuzzSealThenOpen(f *testing.F) {
	f.Add([]byte{}, false)
	f.Add(bytes.Repeat([]byte{1}, 48), true)
	f.Add(unhex(privilegeRq), false)
	f.Fuzz(func(t *testing.T, plain []byte, sha256 bool) {
		h := suite3
		if sha256 {
			h = suite17
		}
		p := protection(t, h)
		if len(plain) > 0xFF00 {
			return // the length field has 16 bits
		}
		s := session20Of(t, p.Seal(nil, ipmi.PayloadIPMI, 1, 1, [16]byte{}, plain))
		if err := p.Verify(s); err != nil {
			t.Fatal(err)
		}
		if got, err := p.Open(s.Payload); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("got % x, error %v; want % x", got, err, plain)
		}
	})
}

func FuzzParseMessage(f *testing.F) {
	for _, s := range [][]byte{join(recordedRequest), join(recordedResponse), unhex("20 18 c8 81 00 38 8e 04 b5")} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if r, err := ipmi.ParseResponse(in); err == nil && len(r.Data) != len(in)-8 {
			t.Errorf("got %d bytes of data in a response of %d bytes", len(r.Data), len(in))
		}
		m, err := ipmi.ParseMessage(in)
		if err != nil {
			return
		}
		if got := ipmi.AppendRequest(nil, m); !bytes.Equal(got, in) {
			t.Errorf("got % x, want % x", got, in)
		}
		if r, err := ipmi.ParseResponse(ipmi.AppendResponse(nil, m, ipmi.NodeBusy, m.Data)); m.NetFn%2 == 0 &&
			(err != nil || r.Code != ipmi.NodeBusy || r.NetFn != m.NetFn+1 || r.Sequence != m.Sequence || !bytes.Equal(r.Data, m.Data)) {
			t.Errorf("response to % x: got %+v, error %v", in, r, err)
		}
	})
}

func FuzzParseOpenSessionRequest(f *testing.F) {
	all := []ipmi.CipherSuite{suite(17), suite(3)}
	fuzzParse(f, ipmi.ParseOpenSessionRequest, func(dst []byte, r ipmi.OpenSessionRequest) []byte {
		s, ok := r.Suite(all)
		if ok && s.ID != 3 && s.ID != 17 {
			panic("a suite that was not in the list")
		}
		if !ok { // any other triple, by its numbers
			s = ipmi.CipherSuite{
				Auth:            ipmi.AuthAlgorithm(r.Auth.Algorithm),
				Integrity:       ipmi.IntegrityAlgorithm(r.Integrity.Algorithm),
				Confidentiality: ipmi.ConfidentialityAlgorithm(r.Confidentiality.Algorithm),
			}
		}
		return ipmi.AppendOpenSessionRequest(dst, r.Tag, r.MaxPrivilege, r.ConsoleID, s)
	}, payloads(func(h handshake) []piece { return h.openRequest })...)
}

func FuzzParseOpenSessionResponse(f *testing.F) {
	seeds := append(payloads(func(h handshake) []piece { return h.openResponse }), unhex("00 11 00 00 a4a3a2a0"))
	fuzzParse(f, ipmi.ParseOpenSessionResponse, ipmi.AppendOpenSessionResponse, seeds...)
}

func FuzzParseRAKPMessage1(f *testing.F) {
	seeds := payloads(func(h handshake) []piece { return h.rakp1 })
	long := bytes.Clone(seeds[0][:28])
	long[27] = 228
	seeds = append(seeds, long, append(bytes.Clone(long), make([]byte, 228)...))
	fuzzParse(f, ipmi.ParseRAKPMessage1, ipmi.AppendRAKPMessage1, seeds...)
}

func FuzzParseRAKPMessage2(f *testing.F) {
	seeds := append(payloads(func(h handshake) []piece { return h.rakp2 }), unhex("00 0d 0000 a4a3a2a0"))
	fuzzParse(f, ipmi.ParseRAKPMessage2, ipmi.AppendRAKPMessage2, seeds...)
}

func FuzzParseRAKPMessage3(f *testing.F) {
	seeds := payloads(func(h handshake) []piece { return h.rakp3 })
	seeds = append(seeds, payloads(func(h handshake) []piece { return h.rakp4 })...)
	fuzzParse(f, ipmi.ParseRAKPMessage3, ipmi.AppendRAKPMessage3, append(seeds, unhex("00 0f 0000 02000000"))...)
}

// completionCode is what a request's parser must fail with, so that a handler
// can return the error as it is.
func completionCode(t *testing.T, err error) {
	t.Helper()
	var code ipmi.CompletionCode
	if err != nil && (!errors.As(err, &code) || code != ipmi.InvalidLength && code != ipmi.InvalidField) {
		t.Errorf("got error %v, want one of %v, %v", err, ipmi.InvalidLength, ipmi.InvalidField)
	}
}

// FuzzParseRequests gives the same data to the parser of every request.
func FuzzParseRequests(f *testing.F) {
	parsers := []func([]byte) (any, error){
		parseAuthCapabilities, parseChannelAccess,
		boxed(ipmi.ParseCipherSuitesRequest), boxed(ipmi.ParseSessionInfoRequest),
		boxed(ipmi.ParseSessionPrivilegeRequest), boxed(ipmi.ParseCloseSessionRequest), boxed(ipmi.ParseChannelInfoRequest),
		boxed(ipmi.ParseChassisControl), boxed(ipmi.ParseSetBootOptionRequest), boxed(ipmi.ParseGetBootOptionRequest),
		boxed(ipmi.ParseBootFlags), boxed(ipmi.ParseLANParameterRequest),
	}
	for _, s := range []string{"", "04", "8e 04", "0e 00 80", "ff 04030201", "00000000 07", "05 80 04 00 00 00", "05 00 00", "80 04 00 00 00", "01 03 00 00"} {
		f.Add(unhex(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		for _, parse := range parsers {
			_, err := parse(in)
			completionCode(t, err)
		}
		if r, err := ipmi.ParseCipherSuitesRequest(in); err == nil {
			if again, err := ipmi.ParseCipherSuitesRequest(ipmi.AppendCipherSuitesRequest(nil, r)); again != r || err != nil {
				t.Errorf("% x: got %+v, then %+v, error %v", in, r, again, err)
			}
			if n := len(ipmi.AppendCipherSuitePage(nil, in, r.Index)); n > 16 {
				t.Errorf("got a page of %d bytes", n)
			}
		}
	})
}

func FuzzParseDeviceID(f *testing.F) {
	fuzzParse(f, ipmi.ParseDeviceID, ipmi.AppendDeviceID, unhex("20 81 01 23 02 9f f21b00 3412 01020304"))
}

func FuzzParseAuthCapabilities(f *testing.F) {
	fuzzParse(f, ipmi.ParseAuthCapabilities, ipmi.AppendAuthCapabilities, unhex("01 97 04 03 000000 00"), unhex("01 00 04 00 000000 00"))
}

func FuzzParseSessionInfo(f *testing.F) {
	fuzzParse(f, ipmi.ParseSessionInfo, ipmi.AppendSessionInfo, unhex("00 08 02"),
		unhex("05 08 02 03 03 11 c0000207 02005e100001 50c3"))
}

func FuzzParseChassisStatus(f *testing.F) {
	fuzzParse(f, ipmi.ParseChassisStatus, ipmi.AppendChassisStatus, unhex("21 10 40"), unhex("21 10 40 00"))
}
