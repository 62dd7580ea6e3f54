package ipmi_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// TestEventRecord compares with records as BMCs write them. Do not change a row
// to make the test pass.
func TestEventRecord(t *testing.T) {
	tests := []struct {
		name  string
		id    uint16
		at    uint32
		event ipmi.Event
		want  string
	}{
		{
			"power off by command", 1, 0x65E00001,
			ipmi.Event{Generator: ipmi.GeneratorBMC, SensorType: ipmi.SensorPowerUnit, Sensor: 4, Type: ipmi.EventSpecific, Data: [3]byte{0, 0xFF, 0xFF}},
			"0100 02 0100e065 2000 04 09 04 6f 00ffff",
		},
		{
			"restart by command, of the LAN channel", 0xFFFE, 0,
			ipmi.Event{Generator: ipmi.GeneratorBMC, SensorType: ipmi.SensorRestart, Sensor: 5, Type: ipmi.EventSpecific, Data: [3]byte{0xF7, 1, 1}},
			"feff 02 00000000 2000 04 1d 05 6f f70101",
		},
		{
			"threshold left again, told by a console", 0x0102, 0xFFFFFFFE,
			ipmi.Event{Generator: 0x1081, SensorType: ipmi.SensorTemperature, Sensor: 0x30, Type: ipmi.EventThreshold, Deasserted: true, Data: [3]byte{0x09, 0xFF, 0xFF}},
			"0201 02 feffffff 8110 04 01 30 81 09ffff",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := tt.event.Record(tt.id, tt.at)
			if want := ipmi.SELRecord(unhex(tt.want)); r != want {
				t.Errorf("got % x, want % x", r, want)
			}
			if event, ok := r.Event(); !ok || event != tt.event || r.ID() != tt.id || r.Time() != tt.at {
				t.Errorf("read as %d at %d: %+v, %v", r.ID(), r.Time(), event, ok)
			}
		})
	}
}

// TestVendorRecords have no event; of the second kind not even a time.
func TestVendorRecords(t *testing.T) {
	timed := ipmi.SELRecord(unhex("0500 c0 01020304 dc1a00 010203040506"))
	timeless := ipmi.SELRecord(unhex("0600 e0 0102030405060708090a0b0c0d"))
	if got := timed.Stamped(7, 9); got != ipmi.SELRecord(unhex("0700 c0 09000000 dc1a00 010203040506")) {
		t.Errorf("stamped % x", got)
	}
	if got := timeless.Stamped(8, 9); got != ipmi.SELRecord(unhex("0800 e0 0102030405060708090a0b0c0d")) {
		t.Errorf("stamped % x, over the vendor's data", got)
	}
	for _, r := range []ipmi.SELRecord{timed, timeless} {
		if e, ok := r.Event(); ok {
			t.Errorf("% x is told to be event %+v", r, e)
		}
	}
	if timeless.Time() != 0 || timed.Time() != 0x04030201 {
		t.Errorf("times %x and %x", timed.Time(), timeless.Time())
	}
}

func TestParsePlatformEvent(t *testing.T) {
	const sender = 0x1081
	temperature := func(generator uint16, data ...byte) ipmi.Event {
		return ipmi.Event{Generator: generator, SensorType: ipmi.SensorTemperature, Sensor: 0x30, Type: ipmi.EventThreshold, Data: [3]byte(data)}
	}
	tests := []struct {
		name string
		in   string
		want ipmi.Event
		err  error
	}{
		{"ipmitool event 1", "04 01 30 01 09 ff ff", temperature(sender, 9, 0xFF, 0xFF), nil},
		{"of IPMI 1.0", "03 01 30 01 09 01 02", temperature(sender, 9, 1, 2), nil},
		{"one byte of event data", "04 01 30 01 09", temperature(sender, 9, 0xFF, 0xFF), nil},
		{"two bytes of event data", "04 01 30 01 09 05", temperature(sender, 9, 5, 0xFF), nil},
		{"with a generator", "41 04 01 30 01 09 01 02", temperature(0x41, 9, 1, 2), nil},
		{"another revision", "05 01 30 01 09", ipmi.Event{}, ipmi.InvalidField},
		{"no event data", "04 01 30 01", ipmi.Event{}, ipmi.InvalidLength},
		{"nothing", "", ipmi.Event{}, ipmi.InvalidLength},
		{"too long", "41 04 01 30 01 09 01 02 03", ipmi.Event{}, ipmi.InvalidLength},
	}
	for _, tt := range tests {
		got, err := ipmi.ParsePlatformEvent(unhex(tt.in), sender)
		if diff := cmp.Diff(tt.want, got); diff != "" || err != tt.err {
			t.Errorf("%s: error %v, want %v; (-want +got):\n%s", tt.name, err, tt.err, diff)
		}
	}
}

// TestSELRequests reads what clients send.
func TestSELRequests(t *testing.T) {
	if r, start, err := ipmi.ParseClearSELRequest(unhex("3412 434c52 aa")); r != 0x1234 || !start || err != nil {
		t.Errorf("clear: %x, %v, %v", r, start, err)
	}
	if r, start, err := ipmi.ParseClearSELRequest(unhex("3412 434c52 00")); r != 0x1234 || start || err != nil {
		t.Errorf("status of clear: %x, %v, %v", r, start, err)
	}
	if r, id, err := ipmi.ParseDeleteSELRequest(unhex("3412 7856")); r != 0x1234 || id != 0x5678 || err != nil {
		t.Errorf("delete: %x, %x, %v", r, id, err)
	}
	if m, err := ipmi.ParseUTCOffsetRequest(unhex("60fa")); m != -1440 || err != nil {
		t.Errorf("UTC offset: %d, %v", m, err)
	}
	refused := []struct {
		name string
		err  error
		want error
	}{
		{"clear without its plea", third(ipmi.ParseClearSELRequest(unhex("3412 434c53 aa"))), ipmi.InvalidField},
		{"clear with another operation", third(ipmi.ParseClearSELRequest(unhex("3412 434c52 01"))), ipmi.InvalidField},
		{"add a reserved type", second(ipmi.ParseAddSELRequest(unhex("0000 03 00000000 0000 00 00 00 00 000000"))), ipmi.RecordTypeUnsupported},
		{"add a short record", second(ipmi.ParseAddSELRequest(unhex("0000 02"))), ipmi.InvalidLength},
		{"UTC offset of more than a day", second(ipmi.ParseUTCOffsetRequest(unhex("a105"))), ipmi.InvalidField},
	}
	for _, tt := range refused {
		if tt.err != tt.want {
			t.Errorf("%s: got error %v, want %v", tt.name, tt.err, tt.want)
		}
	}
}

func second[T any](_ T, err error) error        { return err }
func third[T, U any](_ T, _ U, err error) error { return err }

// TestRecordParts: a record is read whole or in parts, never beyond its end.
func TestRecordParts(t *testing.T) {
	record := unhex("00 01 02 03 04 05 06 07")
	tests := []struct {
		name          string
		offset, count uint8
		want          string
		err           error
	}{
		{"whole", 0, ipmi.WholeRecord, "0102 0001020304050607", nil},
		{"header", 0, 5, "0102 0001020304", nil},
		{"middle", 3, 2, "0102 0304", nil},
		{"rest", 6, ipmi.WholeRecord, "0102 0607", nil},
		{"more than there is", 6, 32, "0102 0607", nil},
		{"nothing", 2, 0, "0102", nil},
		{"beyond the end", 8, 1, "", ipmi.OutOfRange},
	}
	for _, tt := range tests {
		got, err := ipmi.RecordRequest{Offset: tt.offset, Count: tt.count}.AppendRecord(nil, 0x0201, record)
		if diff := cmp.Diff(unhex(tt.want), got); len(got)+len(tt.want) > 0 && diff != "" || err != tt.err {
			t.Errorf("%s: got % x, error %v; want %s, error %v", tt.name, got, err, tt.want, tt.err)
		}
	}
}
