package ipmi_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

func FuzzParseSensorRecord(f *testing.F) {
	var seeds [][]byte
	for _, r := range sensorRecords {
		seeds = append(seeds, unhex(r.want))
	}
	// As another vendor writes one.
	seeds = append(seeds, unhex("0300 51 01 33 20 00 01 07 01 7f 68 01 01 957a 957a 3f3f 00 01 00 00 01 00 00 00 00 00 07 23 30 0a ff 00 60 5a 50 00 02 05 02 02 00 00 00 c8 4350552054656d70"))
	fuzzParse(f, ipmi.ParseSensorRecord, ipmi.AppendSensorRecord, seeds...)
}

func FuzzParseLocator(f *testing.F) {
	fuzzParse(f, ipmi.ParseLocator, ipmi.AppendLocator,
		unhex("0100 51 12 16 20 00 00 9f 000000 07 01 00 cb 7653706865726520424d43"),
		unhex("0200 51 11 0d 20 00 80 00 00 10 00 17 01 00 c2 564d"))
}

func FuzzParseSELInfo(f *testing.F) {
	fuzzParse(f, ipmi.ParseSELInfo, ipmi.AppendSELInfo, unhex("51 0c00 0040 00f15365 ffffffff 8b"))
}

func FuzzParseFRU(f *testing.F) {
	good, err := ipmi.AppendFRU(nil, fullFRU)
	if err != nil {
		f.Fatal(err)
	}
	write := func(dst []byte, v ipmi.FRU) []byte {
		image, err := ipmi.AppendFRU(dst, v)
		if err != nil { // a text of one byte grows when it is written
			return append(dst, good...)
		}
		return image
	}
	fuzzParse(f, ipmi.ParseFRU, write, good, good[:len(good)-8], unhex("01 00 00 00 00 00 00 ff"))
}

// FuzzSELRecord: a record survives being taken apart, but for what the format
// fixes, and no request makes a record of a type that is nobody's.
func FuzzSELRecord(f *testing.F) {
	f.Add(unhex("0100 02 0100e065 2000 04 09 04 6f 00ffff"))
	f.Add(unhex("0500 c0 01020304 dc1a00 010203040506"))
	f.Add(unhex("0600 e0 0102030405060708090a0b0c0d"))
	f.Fuzz(func(t *testing.T, in []byte) {
		r, err := ipmi.ParseAddSELRequest(in)
		if err != nil {
			requestCode(t, err, ipmi.RecordTypeUnsupported)
			return
		}
		stamped := r.Stamped(7, 9)
		if stamped.ID() != 7 || stamped.Timed() && stamped.Time() != 9 || stamped.Type() != r.Type() {
			t.Errorf("% x stamped is % x", r, stamped)
		}
		e, ok := r.Event()
		if !ok {
			return
		}
		again := e.Record(r.ID(), r.Time())
		again[9] = r[9] // the revision of the event message
		if again != r {
			t.Errorf("% x taken apart is % x", r, again)
		}
	})
}

// requestCode is what a request's parser must fail with, its own codes included.
func requestCode(t *testing.T, err error, own ...ipmi.CompletionCode) {
	t.Helper()
	var code ipmi.CompletionCode
	if err == nil || errors.As(err, &code) && slices.Contains(own, code) {
		return
	}
	completionCode(t, err)
}

// FuzzParseInstrumentRequests gives the same data to every request's parser.
func FuzzParseInstrumentRequests(f *testing.F) {
	for _, s := range []string{"", "01", "04 01 30 01 09 ff ff", "3412 434c52 aa", "00 0000 20", "0000 0000 00 ff", "01 40 00 00", "00 10", "ff 07"} {
		f.Add(unhex(s))
	}
	parsers := []func([]byte) (any, error){
		boxed(ipmi.ParseRecordRequest), boxed(ipmi.ParseReadFRURequest), boxed(ipmi.ParseWriteFRURequest),
		boxed(ipmi.ParseTimeRequest), boxed(ipmi.ParseUTCOffsetRequest), boxed(ipmi.ParseDCMICapabilityRequest),
		boxed(ipmi.ParseDCMITextRequest), boxed(ipmi.ParseDCMISensorRequest),
		func(b []byte) (any, error) { return nil, ipmi.ParsePowerReadingRequest(b) },
		func(b []byte) (any, error) { return nil, third(ipmi.ParseClearSELRequest(b)) },
		func(b []byte) (any, error) { return nil, third(ipmi.ParseDeleteSELRequest(b)) },
		func(b []byte) (any, error) { return nil, third(ipmi.ParsePEFParameterRequest(b)) },
		func(b []byte) (any, error) { return ipmi.ParsePlatformEvent(b, 0x81) },
		func(b []byte) (any, error) { return ipmi.ParseSensorRequest(b, 1, 4) },
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		for _, parse := range parsers {
			_, err := parse(in)
			requestCode(t, err, ipmi.OutOfRange)
		}
		answerParts(t, in)
	})
}

// answerParts uses what was parsed on a record, an image and a text: nothing
// but a part of them may come out.
func answerParts(t *testing.T, in []byte) {
	t.Helper()
	whole := []byte("0123456789abcdef0123456789ABCDEF")
	part := func(got []byte, skip int, err error) {
		if err == nil && (len(got) < skip || !bytes.Contains(whole, got[skip:])) {
			t.Errorf("% x: got % x", in, got)
		}
	}
	if r, err := ipmi.ParseRecordRequest(in); err == nil {
		got, err := r.AppendRecord(nil, 1, whole)
		part(got, 2, err)
	}
	if r, err := ipmi.ParseReadFRURequest(in); err == nil {
		got, err := r.AppendFRUData(nil, whole)
		part(got, 1, err)
	}
	if r, err := ipmi.ParseDCMITextRequest(in); err == nil {
		part(r.AppendDCMIText(nil, string(whole)), 1, nil)
	}
}
