package config

import (
	"slices"
	"strconv"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// defaults reads what holds for every tenant that does not say otherwise.
func (l *loader) defaults(n node) (gateway.IPMI, gateway.Power) {
	s := n.section("ipmi", "power")
	return readIPMI(s.get("ipmi"), gateway.IPMI{
			Port:               623,
			CipherSuites:       []ipmi.CipherSuiteID{17, 3},
			SessionIdleTimeout: 60 * time.Second, // section 6.12.15: 60 s ± 3 s
			SessionsPerBMC:     32,
			BootFlagsValidFor:  60 * time.Second, // section 28.12, parameter 3
		}), readPower(s.get("power"), gateway.Power{
			CycleOffTime:     5 * time.Second,
			BootRestoreAfter: time.Minute, // a slow firmware has read its boot order by then
		})
}

func readIPMI(n node, otherwise gateway.IPMI) gateway.IPMI {
	s := n.section("port", "cipher_suites", "session_idle_timeout", "sessions_per_bmc", "boot_flags_valid_for")
	return gateway.IPMI{
		Port:               uint16(s.get("port").whole(int(otherwise.Port), 1, 65535)),
		CipherSuites:       suites(s.get("cipher_suites"), otherwise.CipherSuites),
		SessionIdleTimeout: s.get("session_idle_timeout").duration(otherwise.SessionIdleTimeout, 5*time.Second, time.Hour),
		SessionsPerBMC:     s.get("sessions_per_bmc").whole(otherwise.SessionsPerBMC, 1, 63),
		BootFlagsValidFor:  s.get("boot_flags_valid_for").duration(otherwise.BootFlagsValidFor, 0, 24*time.Hour),
	}
}

func readPower(n node, otherwise gateway.Power) gateway.Power {
	s := n.section("cycle_off_time", "boot_restore_after")
	return gateway.Power{
		CycleOffTime:     s.get("cycle_off_time").duration(otherwise.CycleOffTime, 0, 5*time.Minute),
		BootRestoreAfter: s.get("boot_restore_after").duration(otherwise.BootRestoreAfter, time.Second, time.Hour),
	}
}

// refused says why a cipher suite of table 22-20 cannot be chosen.
var refused = map[int]string{
	0:  "has no authentication: anybody may do anything",
	1:  "has no integrity check and no encryption",
	2:  "has no encryption",
	4:  "encrypts with RC4, which is broken",
	5:  "encrypts with RC4, which is broken",
	6:  "authenticates with MD5 and has no integrity check",
	7:  "uses MD5 and has no encryption",
	8:  "uses MD5",
	9:  "encrypts with RC4, which is broken",
	10: "encrypts with RC4, which is broken",
	11: "uses MD5 and has no encryption",
	12: "uses MD5",
	13: "encrypts with RC4, which is broken",
	14: "encrypts with RC4, which is broken",
	15: "has no integrity check and no encryption",
	16: "has no encryption",
	18: "encrypts with RC4, which is broken",
	19: "encrypts with RC4, which is broken",
}

func suites(n node, otherwise []ipmi.CipherSuiteID) []ipmi.CipherSuiteID {
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
			one.refuse("%s; the number of a cipher suite is wanted, 17 or 3", one.shown())
		case why != "":
			one.refuse("cipher suite %d %s; 17 and 3 can be used", id, why)
		case unsupported != nil:
			one.refuse("cipher suite %d is not known; 17 and 3 can be used", id)
		case slices.Contains(all, id):
			one.refuse("cipher suite %d is given twice", id)
		default:
			all = append(all, id)
		}
	}
	return all
}
