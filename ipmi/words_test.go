package ipmi_test

import (
	"strings"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

func TestPrivilegeWords(t *testing.T) {
	for p := ipmi.Callback; p <= ipmi.Administrator; p++ {
		if got, err := ipmi.ParsePrivilege(p.String()); got != p || err != nil {
			t.Errorf("%s: got %s, error %v", p, got, err)
		}
	}
	for _, word := range []string{"", "none", "oem", "Administrator", "admin", "privilege(7)"} {
		if got, err := ipmi.ParsePrivilege(word); err == nil {
			t.Errorf("%q: got %s, want an error", word, got)
		}
	}
}

func TestCompletionCodeMessages(t *testing.T) {
	tests := []struct {
		code ipmi.CompletionCode
		want string
	}{
		{ipmi.Completed, "completion code 00h (completed)"},
		{ipmi.NodeBusy, "completion code C0h (node busy)"},
		{ipmi.InvalidSessionID, "completion code 87h (command specific)"},
		{0xBE, "completion code BEh (command specific)"},
		{0xBF, "completion code BFh (unknown)"},
		{0x01, "completion code 01h (unknown)"},
	}
	for _, tt := range tests {
		if got := tt.code.Error(); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

// TestEveryGenericCodeHasAMeaning keeps new codes from printing as unknown.
func TestEveryGenericCodeHasAMeaning(t *testing.T) {
	for _, c := range []ipmi.CompletionCode{
		ipmi.NodeBusy, ipmi.InvalidCommand, ipmi.InvalidForLUN, ipmi.Timeout, ipmi.OutOfSpace, ipmi.ReservationInvalid,
		ipmi.DataTruncated, ipmi.InvalidLength, ipmi.FieldLengthExceeded, ipmi.OutOfRange, ipmi.CannotReturnBytes,
		ipmi.NotPresent, ipmi.InvalidField, ipmi.IllegalForSensor, ipmi.NoResponse, ipmi.InitializingBMC, ipmi.DestinationGone,
		ipmi.InsufficientPrivilege, ipmi.NotInPresentState, ipmi.Unspecified,
	} {
		if strings.Contains(c.String(), "unknown") {
			t.Errorf("%02Xh has no meaning", uint8(c))
		}
	}
}
