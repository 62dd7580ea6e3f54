package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// refused says why a cipher suite of table 22-20 cannot be chosen.
var refused = map[int]string{
	0:  "has no authentication: anybody may do anything",
	1:  "has no integrity check and no encryption",
	4:  "encrypts with RC4, which is broken",
	5:  "encrypts with RC4, which is broken",
	6:  "authenticates with MD5 and has no integrity check",
	9:  "encrypts with RC4, which is broken",
	10: "encrypts with RC4, which is broken",
	13: "encrypts with RC4, which is broken",
	14: "encrypts with RC4, which is broken",
	15: "has no integrity check and no encryption",
	18: "encrypts with RC4, which is broken",
	19: "encrypts with RC4, which is broken",
}

// weak says what is wrong with a cipher suite that can be chosen all the same,
// for clients that have no other.
var weak = map[int]string{
	2:  "has no encryption: whoever listens reads every command",
	7:  "has no encryption: whoever listens reads every command; and it authenticates with MD5",
	8:  "authenticates with MD5",
	11: "has no encryption: whoever listens reads every command; and it authenticates with MD5",
	12: "authenticates with MD5",
	16: "has no encryption: whoever listens reads every command",
}

const usable = "17, 3, 16, 12, 8, 2, 11 and 7 can be used, best first"

func suites(n node, otherwise []ipmi.CipherSuiteID) []ipmi.CipherSuiteID {
	n.is(List, strings.ReplaceAll(fmt.Sprint(otherwise), " ", ", "), nil, nil)
	n.element().is(Whole, nil, nil, nil)
	if !n.given() {
		return otherwise
	}
	var all []ipmi.CipherSuiteID
	for _, one := range n.filled("nobody could log in; give 17, 3 or both") {
		number, err := strconv.ParseUint(one.yaml.Value, 10, 8)
		id := ipmi.CipherSuiteID(number)
		_, unsupported := ipmi.CipherSuiteByID(id)
		switch why := refused[int(number)]; {
		case err != nil || kind(one.yaml) != "a number":
			one.refuse("%s; the number of a cipher suite is wanted, such as 17 or 3", one.shown())
		case why != "":
			one.refuse("cipher suite %d %s; %s", id, why, usable)
		case unsupported != nil:
			one.refuse("cipher suite %d is not known; %s", id, usable)
		case slices.Contains(all, id):
			one.refuse("cipher suite %d is given twice", id)
		default:
			all = append(all, id)
			if why := weak[int(number)]; why != "" {
				one.warn("cipher suite %d %s", id, why)
			}
		}
	}
	return all
}
