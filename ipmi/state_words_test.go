package ipmi_test

import (
	"strings"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

func TestEventText(t *testing.T) {
	for _, tt := range []struct {
		name  string
		event ipmi.Event
		want  string
	}{
		{"ACPI state", ipmi.Event{SensorType: ipmi.SensorACPIState, Type: ipmi.EventSpecific, Data: [3]byte{0x05, 0xFF, 0xFF}}, "S5/G2 soft off"},
		{"flags beside the offset", ipmi.Event{SensorType: ipmi.SensorRestart, Type: ipmi.EventSpecific, Data: [3]byte{0xF7, 5, 0xFF}}, "system restart"},
		{"a generic state", ipmi.Event{SensorType: ipmi.SensorManagement, Type: ipmi.EventSeverity, Data: [3]byte{0x02}}, "critical"},
		{"upper critical threshold", ipmi.Event{SensorType: ipmi.SensorTemperature, Type: ipmi.EventThreshold, Data: [3]byte{0x59, 0x50, 0x40}}, "upper critical going high"},
		{"lower non-critical threshold", ipmi.Event{SensorType: ipmi.SensorVoltage, Type: ipmi.EventThreshold, Data: [3]byte{0x00}}, "lower non-critical going low"},
		{"a threshold that does not exist", ipmi.Event{Type: ipmi.EventThreshold, Data: [3]byte{0x0F}}, "threshold 7 going high"},
		{"an offset without words", ipmi.Event{SensorType: ipmi.SensorWatchdog, Type: ipmi.EventSpecific, Data: [3]byte{0x05}}, "state 5"},
		{"an offset beyond the words", ipmi.Event{SensorType: ipmi.SensorEntityPresence, Type: ipmi.EventSpecific, Data: [3]byte{0x0E}}, "state 14"},
		{"an unknown sensor type", ipmi.Event{SensorType: 0xC0, Type: ipmi.EventSpecific, Data: [3]byte{0x01}}, "state 1"},
		{"a vendor's event type", ipmi.Event{SensorType: ipmi.SensorVoltage, Type: 0x70, Data: [3]byte{0x02}}, "state 2"},
	} {
		if got := tt.event.Text(); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestSensorWords: what the program itself uses has a word, and the rest a number.
func TestSensorWords(t *testing.T) {
	for s := ipmi.SensorTemperature; s <= ipmi.SensorVersionChange; s++ {
		if word := s.String(); word == "" {
			t.Errorf("%02Xh has no word", uint8(s))
		}
	}
	for _, tt := range []struct{ got, want string }{
		{ipmi.SensorACPIState.String(), "ACPI Power State"},
		{ipmi.SensorType(0xC7).String(), "sensor type C7h"},
		{ipmi.UnitNone.String(), ""},
		{ipmi.UnitDay.String(), "d"},
		{ipmi.Unit(17).String(), "unit 17"},
		{ipmi.UpperNonRecoverable.String(), "upper non-recoverable"},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
	for _, th := range []ipmi.Threshold{0, 1, 2, 3, 4, 5} {
		if strings.Contains(th.String(), "threshold") {
			t.Errorf("threshold %d has no name", uint8(th))
		}
	}
}
