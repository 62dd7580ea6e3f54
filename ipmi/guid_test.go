package ipmi_test

import (
	"testing"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

func TestGUID(t *testing.T) {
	want := array("ffeeddccbbaa99887766554433221100")
	for _, text := range []string{
		"00112233-4455-6677-8899-aabbccddeeff",
		"00112233-4455-6677-8899-AABBCCDDEEFF",
		"00112233445566778899aabbccddeeff",
	} {
		if got, err := ipmi.GUID(text); got != want || err != nil {
			t.Errorf("%s: got % x, error %v", text, got, err)
		}
		if got, err := ipmi.SMBIOSGUID(text); got != array("33221100554477668899aabbccddeeff") || err != nil {
			t.Errorf("%s as in the SMBIOS: got % x, error %v", text, got, err)
		}
	}
	for _, text := range []string{"", "00112233", "00112233-4455-6677-8899-aabbccddeeff00", "0011223g-4455-6677-8899-aabbccddeeff"} {
		if got, err := ipmi.GUID(text); err == nil {
			t.Errorf("%q: got % x, want an error", text, got)
		}
	}
}
