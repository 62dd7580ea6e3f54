package ipmi_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

func TestDeviceID(t *testing.T) {
	want := ipmi.DeviceID{
		ID:            0x20,
		Revision:      1,
		FirmwareMajor: 1,
		FirmwareMinor: 23,
		Support: ipmi.SupportChassis | ipmi.SupportEventReceiver | ipmi.SupportFRU | ipmi.SupportSEL |
			ipmi.SupportSDRRepository | ipmi.SupportSensor,
		Manufacturer: ipmi.VMwareIANA,
		Product:      0x1234,
	}
	b := ipmi.AppendDeviceID(nil, want)
	comparePieces(t, b, []piece{
		{"ID", "20"}, {"revision, no device SDRs", "01"}, {"firmware major", "01"}, {"firmware minor, BCD", "23"},
		{"IPMI version", "02"}, {"support", "9f"}, {"manufacturer", "dc1a00"}, {"product", "3412"},
	})
	for _, aux := range []string{"", "01020304"} {
		got, err := ipmi.ParseDeviceID(append(b, unhex(aux)...))
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("auxiliary revision %q: error %v, device (-want +got):\n%s", aux, err, diff)
		}
	}
}

func TestDeviceIDMinorVersions(t *testing.T) {
	for minor := range uint8(100) {
		b := ipmi.AppendDeviceID(nil, ipmi.DeviceID{FirmwareMinor: minor})
		if want := minor/10*16 + minor%10; b[3] != want {
			t.Errorf("minor %d: got %02Xh on the wire, want %02Xh", minor, b[3], want)
		}
		if got, err := ipmi.ParseDeviceID(b); err != nil || got.FirmwareMinor != minor {
			t.Errorf("minor %d: got %d, error %v", minor, got.FirmwareMinor, err)
		}
	}
}

func TestParseDeviceIDRefuses(t *testing.T) {
	tests := []struct {
		name, in string
		want     error
	}{
		{"10 bytes", "20 01 01 23 02 9f dc1a00 34", ipmi.ErrShort},
		{"low digit not BCD", "20 01 01 2a 02 9f dc1a00 3412", ipmi.ErrMalformed},
		{"high digit not BCD", "20 01 01 a2 02 9f dc1a00 3412", ipmi.ErrMalformed},
		{"IPMI 1.5", "20 01 01 23 51 9f dc1a00 3412", ipmi.ErrMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := ipmi.ParseDeviceID(unhex(tt.in)); !errors.Is(err, tt.want) {
				t.Errorf("got error %v, want %v", err, tt.want)
			}
		})
	}
}
