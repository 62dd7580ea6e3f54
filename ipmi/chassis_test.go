package ipmi_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

func TestChassisStatus(t *testing.T) {
	tests := []struct {
		name string
		in   ipmi.ChassisStatus
		want string
	}{
		{"off, stays off", ipmi.ChassisStatus{}, "00 00 00"},
		{"on, policy previous, can identify", ipmi.ChassisStatus{On: true, RestorePolicy: ipmi.RestorePrevious, IdentifySupported: true}, "21 00 40"},
		{"turned on by a command", ipmi.ChassisStatus{On: true, LastOnByIPMI: true, RestorePolicy: ipmi.RestoreAlwaysOn}, "41 10 00"},
		{"did not follow", ipmi.ChassisStatus{ControlFault: true, RestorePolicy: ipmi.RestoreUnknown}, "70 00 00"},
		{"power faults", ipmi.ChassisStatus{Fault: true, Interlock: true, Overload: true}, "0e 00 00"},
		{"identifies", ipmi.ChassisStatus{IdentifySupported: true, Identify: ipmi.IdentifyIndefinite}, "00 00 60"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := ipmi.AppendChassisStatus(nil, tt.in)
			comparePieces(t, b, []piece{{"status", tt.want}})
			for _, frontPanel := range []string{"", "f0"} {
				got, err := ipmi.ParseChassisStatus(append(b, unhex(frontPanel)...))
				if diff := cmp.Diff(tt.in, got); err != nil || diff != "" {
					t.Errorf("front panel %q: error %v, status (-want +got):\n%s", frontPanel, err, diff)
				}
			}
		})
	}
	if _, err := ipmi.ParseChassisStatus([]byte{1, 0}); !errors.Is(err, ipmi.ErrShort) {
		t.Errorf("2 bytes: got error %v, want %v", err, ipmi.ErrShort)
	}
}

func TestChassisStatusWithoutIdentifySendsNoState(t *testing.T) {
	got := ipmi.AppendChassisStatus(nil, ipmi.ChassisStatus{Identify: ipmi.IdentifyTimed})
	comparePieces(t, got, []piece{{"state, last event", "0000"}, {"misc", "00"}})
}

func TestChassisCapabilities(t *testing.T) {
	comparePieces(t, ipmi.AppendChassisCapabilities(nil, ipmi.ChassisCapabilities{DiagnosticInterrupt: true}), []piece{
		{"NMI", "04"}, {"FRU", "20"}, {"SDR", "20"}, {"SEL", "20"}, {"system management", "20"}, {"bridge", "20"},
	})
	all := ipmi.AppendChassisCapabilities(nil, ipmi.ChassisCapabilities{Interlock: true, DiagnosticInterrupt: true, FrontPanelLockout: true, Intrusion: true})
	comparePieces(t, all[:1], []piece{{"all", "0f"}})
}

func TestParseChassisControl(t *testing.T) {
	names := []string{"off", "on", "cycle", "reset", "diag", "soft"}
	for action := range 16 {
		got, err := ipmi.ParseChassisControl([]byte{byte(action)})
		if action >= len(names) {
			if !errors.Is(err, ipmi.InvalidField) {
				t.Errorf("action %d: got %s, error %v; want %v", action, got, err, ipmi.InvalidField)
			}
			continue
		}
		if err != nil || got.String() != names[action] {
			t.Errorf("action %d: got %s, error %v; want %s", action, got, err, names[action])
		}
	}
}

func TestBootOption(t *testing.T) {
	flags := ipmi.BootFlags{0x80, 0x04}
	comparePieces(t, ipmi.AppendBootOption(nil, ipmi.BootParameterFlags, false, flags[:]), []piece{
		{"version", "01"}, {"valid, boot flags", "05"}, {"data", "80 04 00 00 00"},
	})
}

func TestBootFlags(t *testing.T) {
	type want struct {
		device                 ipmi.BootDevice
		word                   string
		valid, persistent, efi bool
	}
	tests := []struct {
		name, in string
		want     want
	}{
		{"PXE once", "80 04 00 00 00", want{ipmi.BootPXE, "pxe", true, false, false}},
		{"PXE for ever, EFI", "e0 04 00 00 00", want{ipmi.BootPXE, "pxe", true, true, true}},
		{"disk", "80 08 00 00 00", want{ipmi.BootDisk, "disk", true, false, false}},
		{"safe", "80 0c 00 00 00", want{ipmi.BootDiskSafe, "safe", true, false, false}},
		{"diag", "80 10 00 00 00", want{ipmi.BootDiagnostic, "diag", true, false, false}},
		{"cdrom", "80 14 00 00 00", want{ipmi.BootCDROM, "cdrom", true, false, false}},
		{"bios", "80 18 00 00 00", want{ipmi.BootSetup, "bios", true, false, false}},
		{"floppy", "80 3c 00 00 00", want{ipmi.BootFloppy, "floppy", true, false, false}},
		{"none", "80 00 00 00 00", want{ipmi.BootNoOverride, "none", true, false, false}},
		{"other bits of the byte", "80 c7 00 00 00", want{ipmi.BootPXE, "pxe", true, false, false}},
		{"not valid", "00 04 00 00 00", want{ipmi.BootPXE, "pxe", false, false, false}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := ipmi.ParseBootFlags(unhex(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			got := want{f.Device(), f.Device().String(), f.Valid(), f.Persistent(), f.EFI()}
			if got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
			cleared := f.Cleared()
			if cleared.Valid() || cleared.Persistent() || cleared.Device() != f.Device() || cleared.EFI() != f.EFI() {
				t.Errorf("cleared: got % x", cleared)
			}
			if f.Valid() != tt.want.valid {
				t.Error("Cleared changed the flags themselves")
			}
		})
	}
}

func TestParseBootFlagsReservedDevices(t *testing.T) {
	reserved := map[byte]bool{0xA: true, 0xC: true, 0xD: true, 0xE: true}
	for device := range byte(16) {
		_, err := ipmi.ParseBootFlags([]byte{0x80, device << 2, 0, 0, 0})
		if got := errors.Is(err, ipmi.InvalidField); got != reserved[device] {
			t.Errorf("device %Xh: got error %v, want reserved %t", device, err, reserved[device])
		}
	}
}

func TestLANParameter(t *testing.T) {
	comparePieces(t, ipmi.AppendLANParameter(nil, []byte{192, 0, 2, 1}), []piece{{"revision", "11"}, {"address", "c0000201"}})
	comparePieces(t, ipmi.AppendLANParameter(nil, nil), []piece{{"revision", "11"}})
}

func TestParameterNamesAreDistinct(t *testing.T) {
	lan, boot := map[string]int{}, map[string]int{}
	for n := range 256 {
		lan[ipmi.LANParameter(n).String()]++
		boot[ipmi.BootParameter(n).String()]++
	}
	for _, names := range []map[string]int{lan, boot} {
		if len(names) != 256 {
			for name, n := range names {
				if n > 1 {
					t.Errorf("%d parameters are named %q", n, name)
				}
			}
		}
	}
	if got := ipmi.LANSubnetMask.String(); got != "subnet mask" {
		t.Errorf("got %q for parameter 6", got)
	}
	if got := ipmi.BootParameterFlags.String(); got != "boot flags" {
		t.Errorf("got %q for parameter 5", got)
	}
}
