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
	g, err := parseUUID(uuid)
	slices.Reverse(g[:])
	return g, err
}

// SMBIOSGUID returns the bytes in the order of the SMBIOS, which the errata of the
// specification recommend: the first three fields with their low byte first, the
// rest as in the text. ipmitool and pyghmi show the text again, FreeIPMI does not.
func SMBIOSGUID(uuid string) ([16]byte, error) {
	g, err := parseUUID(uuid)
	slices.Reverse(g[0:4])
	slices.Reverse(g[4:6])
	slices.Reverse(g[6:8])
	return g, err
}

func parseUUID(uuid string) (g [16]byte, err error) {
	b, err := hex.DecodeString(strings.ReplaceAll(uuid, "-", ""))
	if err != nil || len(b) != len(g) {
		return g, fmt.Errorf("%q is not a UUID", uuid)
	}
	return [16]byte(b), nil
}
