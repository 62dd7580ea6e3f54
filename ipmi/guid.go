package ipmi

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// GUID returns the sixteen bytes of Get System GUID and RAKP message 2 for a
// UUID in text form: the bytes of the text in reverse order, node first
// (section 20.8). FreeIPMI shows the text again only from this order.
func GUID(uuid string) ([16]byte, error) {
	var g [16]byte
	b, err := hex.DecodeString(strings.ReplaceAll(uuid, "-", ""))
	if err != nil || len(b) != len(g) {
		return g, fmt.Errorf("%q is not a UUID", uuid)
	}
	slices.Reverse(b)
	copy(g[:], b)
	return g, nil
}
