package config

import (
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/bmc-gateway/bmc-gateway/gateway"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// A behaviour is how a tenant's BMCs behave unless it says otherwise.
type behaviour struct {
	ipmi   gateway.IPMI
	power  gateway.Power
	quota  gateway.Quota
	access gateway.Access
	guard  inventory.Guard
	fuse   gateway.Fuse
}

// defaults reads what holds for every tenant that does not say otherwise.
func (l *loader) defaults(n node) behaviour {
	s := n.section("ipmi", "power", "quota", "access", "guard", "power_off_breaker")
	return behaviour{
		ipmi: l.readIPMI(s.get("ipmi"), gateway.IPMI{
			Port:               623,
			CipherSuites:       []ipmi.CipherSuiteID{17, 3},
			SessionIdleTimeout: 60 * time.Second, // section 6.12.15: 60 s ± 3 s
			SessionsPerBMC:     32,
			PacketsPerSecond:   20000,
			BootFlagsValidFor:  60 * time.Second, // section 28.12, parameter 3
		}),
		power: readPower(s.get("power"), gateway.Power{
			CycleOffTime:      5 * time.Second,
			BootRestoreAfter:  time.Minute, // a slow firmware has read its boot order by then
			FinishCycleWithin: 10 * time.Minute,
			CommandRate:       2,  // a third of the vCenter's
			CommandBurst:      32, // a cluster is woken at the vCenter's pace
			Weight:            1,
		}),
		quota: readQuota(s.get("quota"), gateway.Quota{Sessions: 1024}),
		access: readAccess(s.get("access"), gateway.Access{
			MaxTTL: 24 * time.Hour, MaxPrivilege: ipmi.Operator, MaxPerBMC: 4, MaxPerTenant: 64,
		}),
		guard: readGuard(s.get("guard"), inventory.Guard{
			Answers: 3,
			After:   3 * time.Second, // a look at the tags lies between
			Share:   25,
			Minimum: 3,
			Window:  10 * time.Minute,
			Hold:    24 * time.Hour,
		}),
		fuse: readFuse(s.get("power_off_breaker"), gateway.Fuse{Share: 50, Within: time.Minute, Minimum: 5}),
	}
}

func (l *loader) readIPMI(n node, otherwise gateway.IPMI) gateway.IPMI {
	s := n.section("port", "cipher_suites", "v15", "kg_file", "guid",
		"session_idle_timeout", "sessions_per_bmc", "packets_per_second", "boot_flags_valid_for")
	return gateway.IPMI{
		Port:               uint16(s.get("port").whole(int(otherwise.Port), 1, 65535)),
		CipherSuites:       suites(s.get("cipher_suites"), otherwise.CipherSuites),
		V15:                version15(s.get("v15"), otherwise.V15),
		Kg:                 l.channelKey(s.get("kg_file"), otherwise.Kg),
		GUID:               guidOrder(s.get("guid"), otherwise.GUID),
		SessionIdleTimeout: s.get("session_idle_timeout").duration(otherwise.SessionIdleTimeout, 5*time.Second, time.Hour),
		SessionsPerBMC:     s.get("sessions_per_bmc").whole(otherwise.SessionsPerBMC, 1, 63),
		PacketsPerSecond:   s.get("packets_per_second").whole(otherwise.PacketsPerSecond, 0, 100000),
		BootFlagsValidFor:  s.get("boot_flags_valid_for").duration(otherwise.BootFlagsValidFor, 0, 24*time.Hour),
	}
}

func readPower(n node, otherwise gateway.Power) gateway.Power {
	s := n.section("cycle_off_time", "boot_restore_after", "finish_cycle_within", "soft_off", "cycle_when_off",
		"commands_per_second", "commands_burst", "weight")
	return gateway.Power{
		CommandRate:       s.get("commands_per_second").number(otherwise.CommandRate, 0.1, 1000),
		CommandBurst:      s.get("commands_burst").whole(otherwise.CommandBurst, 1, 10000),
		Weight:            s.get("weight").number(otherwise.Weight, 0.01, 100),
		CycleOffTime:      s.get("cycle_off_time").duration(otherwise.CycleOffTime, 0, 5*time.Minute),
		BootRestoreAfter:  s.get("boot_restore_after").duration(otherwise.BootRestoreAfter, time.Second, time.Hour),
		FinishCycleWithin: s.get("finish_cycle_within").duration(otherwise.FinishCycleWithin, 0, time.Hour),
		SoftOff:           readSoftOff(s.get("soft_off"), otherwise.SoftOff),
		CycleWhenOff:      cycleWhenOff(s.get("cycle_when_off"), otherwise.CycleWhenOff),
	}
}

// readSoftOff reads one of two words, or how long the guest has.
func readSoftOff(n node, otherwise gateway.SoftOff) gateway.SoftOff {
	if !n.given() {
		n.section("hard_after").get("hard_after").duration(2*time.Minute, time.Second, time.Hour)
		n.orOneOf("refuse", "hard")
		return otherwise
	}
	if n.yaml.Kind == yaml.ScalarNode {
		if word := n.yaml.Value; word != "refuse" && word != "hard" {
			n.refuse("%q is not one of refuse, hard, {hard_after: 120s}", word)
		}
		return gateway.SoftOff{Hard: n.yaml.Value == "hard"}
	}
	after := n.section("hard_after").get("hard_after")
	if !after.given() && !after.spoilt {
		n.refuse("is not one of refuse, hard, {hard_after: 120s}")
	}
	return gateway.SoftOff{HardAfter: after.duration(2*time.Minute, time.Second, time.Hour)}
}

func cycleWhenOff(n node, otherwise bool) bool {
	word := n.choice("refuse", "power_on")
	if !n.given() {
		return otherwise
	}
	return word == "power_on"
}

// readQuota: 0 is without a limit.
func readQuota(n node, otherwise gateway.Quota) gateway.Quota {
	s := n.section("bmcs", "sessions", "requests_per_second", "power_operations_per_minute")
	return gateway.Quota{
		BMCs:                     s.get("bmcs").whole(otherwise.BMCs, 0, 65535),
		Sessions:                 s.get("sessions").whole(otherwise.Sessions, 0, 65535),
		RequestsPerSecond:        s.get("requests_per_second").whole(otherwise.RequestsPerSecond, 0, 1000000),
		PowerOperationsPerMinute: s.get("power_operations_per_minute").whole(otherwise.PowerOperationsPerMinute, 0, 10000),
	}
}

func readAccess(n node, otherwise gateway.Access) gateway.Access {
	s := n.section("max_ttl", "max_privilege", "max_per_bmc", "max_per_tenant")
	return gateway.Access{
		MaxTTL:       s.get("max_ttl").duration(otherwise.MaxTTL, time.Second, 30*24*time.Hour),
		MaxPrivilege: privilegeOr(s.get("max_privilege"), otherwise.MaxPrivilege),
		MaxPerBMC:    s.get("max_per_bmc").whole(otherwise.MaxPerBMC, 0, 16),
		MaxPerTenant: s.get("max_per_tenant").whole(otherwise.MaxPerTenant, 0, 1024),
	}
}

func privilegeOr(n node, otherwise ipmi.Privilege) ipmi.Privilege {
	p, err := ipmi.ParsePrivilege(n.choice("operator", "callback", "user", "administrator"))
	if !n.given() || err != nil { // then it has been refused
		return otherwise
	}
	return p
}

// readGuard: 100 percent holds no removal, for a lab that may be emptied at once.
func readGuard(n node, otherwise inventory.Guard) inventory.Guard {
	s := n.section("answers", "after", "share", "minimum", "window", "hold")
	return inventory.Guard{
		Answers: s.get("answers").whole(otherwise.Answers, 1, 100),
		After:   s.get("after").duration(otherwise.After, 0, time.Hour),
		Share:   s.get("share").whole(otherwise.Share, 1, 100),
		Minimum: s.get("minimum").whole(otherwise.Minimum, 1, 65535),
		Window:  s.get("window").duration(otherwise.Window, 0, 24*time.Hour),
		Hold:    s.get("hold").duration(otherwise.Hold, 0, 30*24*time.Hour),
	}
}
