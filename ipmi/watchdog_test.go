package ipmi_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

func TestSetWatchdogRequest(t *testing.T) {
	tests := []struct {
		name string
		in   string
		want ipmi.SetWatchdogRequest
	}{
		{"ipmitool mc watchdog off", "04 00 00 10 b8 0b", ipmi.SetWatchdogRequest{
			WatchdogTimer: ipmi.WatchdogTimer{Use: ipmi.WatchdogOS, Initial: 3000}, Clear: 0x10,
		}},
		{"all", "c5 23 0a 3e 2c 01", ipmi.SetWatchdogRequest{
			WatchdogTimer: ipmi.WatchdogTimer{
				NoLog: true, Use: ipmi.WatchdogOEM, Interrupt: ipmi.WatchdogNMI, Action: ipmi.WatchdogPowerCycle,
				PreTimeout: 10, Initial: 300,
			},
			KeepRunning: true, Clear: 0x3E,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ipmi.ParseSetWatchdogRequest(unhex(tt.in))
			if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
				t.Fatalf("error %v, request (-want +got):\n%s", err, diff)
			}
			comparePieces(t, ipmi.AppendSetWatchdogRequest(nil, got), []piece{{"written again", tt.in}})
		})
	}
}

func TestSetWatchdogRequestRefused(t *testing.T) {
	tests := []struct {
		name string
		in   string
		want ipmi.CompletionCode
	}{
		{"five bytes", "04 00 00 10 b8", ipmi.InvalidLength},
		{"seven bytes", "04 00 00 10 b8 0b 00", ipmi.InvalidLength},
		{"use 0", "00 00 00 10 b8 0b", ipmi.InvalidField},
		{"use 6", "06 00 00 10 b8 0b", ipmi.InvalidField},
		{"action 4", "04 04 00 10 b8 0b", ipmi.InvalidField},
		{"interrupt 4", "04 40 00 10 b8 0b", ipmi.InvalidField},
	}
	for _, tt := range tests {
		if got, err := ipmi.ParseSetWatchdogRequest(unhex(tt.in)); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %+v, error %v; want %v", tt.name, got, err, tt.want)
		}
	}
}

func TestWatchdog(t *testing.T) {
	tests := []struct {
		name string
		in   ipmi.Watchdog
		want string
	}{
		{"never set", ipmi.Watchdog{}, "00 00 00 00 0000 0000"},
		{"running", ipmi.Watchdog{
			WatchdogTimer: ipmi.WatchdogTimer{Use: ipmi.WatchdogOS, Action: ipmi.WatchdogHardReset, Initial: 600},
			Running:       true, Present: 300,
		}, "44 01 00 00 5802 2c01"},
		{"expired", ipmi.Watchdog{
			WatchdogTimer: ipmi.WatchdogTimer{Use: ipmi.WatchdogFRB2, Action: ipmi.WatchdogPowerDown, Interrupt: ipmi.WatchdogNMI, PreTimeout: 2, Initial: 600},
			Expired:       0x02,
		}, "01 22 02 02 5802 0000"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := ipmi.AppendWatchdog(nil, tt.in)
			comparePieces(t, b, []piece{{"timer", tt.want}})
			got, err := ipmi.ParseWatchdog(b)
			if diff := cmp.Diff(tt.in, got); err != nil || diff != "" {
				t.Errorf("error %v, timer (-want +got):\n%s", err, diff)
			}
		})
	}
	if _, err := ipmi.ParseWatchdog(make([]byte, 7)); !errors.Is(err, ipmi.ErrShort) {
		t.Errorf("7 bytes: got error %v, want %v", err, ipmi.ErrShort)
	}
}

func FuzzParseSetWatchdogRequest(f *testing.F) {
	fuzzParse(f, ipmi.ParseSetWatchdogRequest, ipmi.AppendSetWatchdogRequest, unhex("040000 10b80b"), unhex("c5230a3e2c01"))
}

func FuzzParseWatchdog(f *testing.F) {
	fuzzParse(f, ipmi.ParseWatchdog, ipmi.AppendWatchdog, unhex("4401000058022c01"))
}
