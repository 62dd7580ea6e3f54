package interop

import "time"

// freeLogin is how FreeIPMI's tools reach the BMC; they speak suite 3 unless
// told otherwise, and keep what they know of sensors in files of their own.
const (
	freeLogin = " -h $HP -u $U -p $W -D LAN_2_0 -I 17 "
	freeCache = freeLogin + "--sdr-cache-directory=$HOME "
)

func free(program, with string, cases []row) *client {
	return &client{name: program, program: program, debian: "freeipmi-tools", v15: true, with: program + with, cases: cases}
}

// freeipmiClients are the tools that ask and command.
func freeipmiClients() []*client {
	ping := func(program string) *client {
		c := free(program, " -c 2 $H", []row{{name: "two pings", want: []string{"received", "in time, 0.0% packet loss"}}})
		c.standard = true
		return c
	}
	return []*client{
		free("ipmipower", freeLogin, ipmipowerCases),
		free("ipmi-chassis", freeLogin, ipmiChassisCases),
		free("bmc-info", freeLogin, bmcInfoCases),
		free("bmc-device", freeLogin, bmcDeviceCases),
		free("ipmi-sensors", freeCache, ipmiSensorsCases),
		free("ipmi-sel", freeCache, ipmiSELCases),
		free("ipmi-fru", freeCache, ipmiFRUCases),
		free("ipmi-dcmi", freeLogin, ipmiDCMICases),
		free("ipmi-raw", freeLogin, []row{
			{name: "Get Device ID", line: "0 06 01", want: []string{"rcvd: 01 00 20"}},
			{name: "an unknown command", line: "0 2e 77 dc 1a 00", want: []string{"77 C1"}},
		}),
		ping("ipmiping"),
		ping("rmcpping"),
	}
}

var ipmipowerCases = []row{
	{name: "stat", line: "--stat", want: []string{": on"}},
	{name: "stat, suite 3", line: "--stat -I 3", want: []string{": on"}},
	{name: "stat, role in Open Session (MAAS)", line: "--stat -W opensesspriv", want: []string{": on"}},
	{name: "stat, as operator", line: "--stat -u operator", want: []string{": on"}},
	{name: "wrong password", line: "--stat -p wrong", want: []string{"password invalid"}, not: []string{": on"}},
	{name: "unknown user", line: "--stat -u nobody", want: []string{"invalid"}, not: []string{": on"}},
	{name: "a Kg that the BMC does not have", line: "--stat -k secret", want: []string{"k_g invalid"}},
	{name: "suite 8, which is off", line: "--stat -I 8", want: []string{"cipher suite id unavailable"}},
	{name: "beyond the account", line: "--off -u user -l ADMIN", not: []string{": ok"}, power: "on"},
	{name: "off", line: "--off", want: []string{": ok"}, power: "off"},
	{name: "stat, off", line: "--stat", want: []string{": off"}},
	{name: "cycle, on if off (MAAS)", line: "--cycle --on-if-off", want: []string{": ok"}, power: "on"},
	{name: "cycle", line: "--cycle", want: []string{": ok"}},
	{name: "wait until on", line: "--on --wait-until-on", want: []string{": ok"}, power: "on", within: 20 * time.Second},
	{name: "reset", line: "--reset", want: []string{": ok"}, power: "on"},
	{name: "pulse", line: "--pulse", want: []string{": ok"}, power: "on"},
	{name: "soft", line: "--soft", want: []string{": ok"}, power: "off"},
	{name: "on", line: "--on", want: []string{": ok"}, power: "on"},
	{name: "wait until off", line: "--off --wait-until-off", want: []string{": ok"}, power: "off", within: 20 * time.Second},
	{name: "IPMI 1.5", line: "--stat -D LAN -l OPERATOR", want: []string{": off"}},
	{name: "IPMI 1.5, on", line: "--on -D LAN -l OPERATOR", want: []string{": ok"}, power: "on"},
}

var ipmiChassisCases = []row{
	{name: "capabilities", line: "--get-chassis-capabilities", want: []string{"Diagnostic Interrupt : provided", "SDR Device Address : 20h"}},
	{name: "status", line: "--get-chassis-status", want: []string{"System Power : on", "Power overload : false", "Drive Fault : false"}},
	{name: "identify, as the status shows it", line: "--chassis-identify=10; ipmi-chassis" + freeLogin + "--get-chassis-status", want: []string{"Chassis Identify state : Timed on"}},
	{name: "restart cause", line: "--get-system-restart-cause", want: []string{"Restart cause"}},
	{name: "power on hours", line: "--get-power-on-hours-counter", want: []string{"Power on hours"}, not: []string{"Invalid", "invalid"}},
	{name: "restore policy is the host's", line: "--set-power-restore-policy=always-on", want: []string{"command invalid or unsupported"}},
	{name: "IPMI 1.5", line: "-D LAN --get-chassis-status", want: []string{"System Power : on"}},
	{name: "control, refused while off", line: "--chassis-control=POWER-DOWN; sleep 1; ipmi-chassis" + freeLogin + "--chassis-control=POWER-CYCLE", want: []string{"bad completion code"}, power: "off"},
	{name: "control, on", line: "--chassis-control=POWER-UP", not: []string{"error", "invalid"}, power: "on"},
}

var bmcInfoCases = []row{
	{name: "everything", want: []string{
		"Firmware Revision : 1.23", "IPMI Version : 2.0", "VMware", "6876", "System GUID", "Channel Number : 1", "802.3 LAN", "multi-session",
	}, not: []string{"timeout"}},
	{name: "GUID is the VM's UUID", line: "--get-system-guid | tee guid; grep -ic \"$(cat uuid)\" guid", want: []string{"1"}},
	{name: "device GUID", line: "--get-device-guid | tee guid; grep -ic \"$(cat uuid)\" guid", want: []string{" 1"}},
	{name: "system info", line: "--get-system-info", want: []string{labPrefix}},
	{name: "as user", line: "-u user -l USER", want: []string{"Firmware Revision : 1.23"}},
	{name: "beyond the account", line: "-u user -l ADMIN", want: []string{"privilege level cannot be obtained for this user"}},
	{name: "IPMI 1.5", line: "-D LAN", want: []string{"Firmware Revision : 1.23"}},
	{name: "IPMI 1.5, straight password", line: "-D LAN -a STRAIGHT_PASSWORD_KEY", want: []string{"Firmware Revision : 1.23"}},
}

var bmcDeviceCases = []row{
	{name: "self test", line: "--get-self-test-results", want: []string{"No Error"}},
	{name: "ACPI power state", line: "--get-acpi-power-state", want: []string{"S0"}},
	{name: "LAN statistics", line: "--get-lan-statistics", want: []string{"RMCP"}},
	{name: "SDR repository time", line: "--get-sdr-repository-time", want: []string{"/20"}},
	{name: "SEL time", line: "--get-sel-time", want: []string{"/20"}},
	{name: "SEL time, UTC offset", line: "--get-sel-time-utc-offset", want: []string{"SEL UTC Offset : 0 minutes"}, not: []string{"timeout"}},
	{name: "event, as ipmi-sel shows it", line: "--platform-event='0x41 0x04 0x01 0x30 0x01 assertion 0x59 0x00 0x00'; ipmi-sel" + freeCache, want: []string{"Temperature"}, not: []string{"timeout", "failed", "invalid"}},
	{name: "warm reset", line: "--warm-reset", not: []string{"invalid", "not supported"}, power: "on"},
	{name: "cold reset", line: "--cold-reset", not: []string{"invalid", "not supported"}, power: "on"},
}

var ipmiSensorsCases = []row{
	{name: "list", line: "", want: []string{"ID", "Name", "Power", "%"}, not: []string{"timeout", "error", "out of date"}},
	{name: "list, from its cache", line: "", want: []string{"Power"}, not: []string{"out of date", "Caching"}},
	{name: "with states and bit masks (exporter)", line: "-Q --comma-separated-output --no-header-output --sdr-cache-recreate --output-event-bitmask --output-sensor-state", want: []string{"Nominal"}, not: []string{"timeout"}},
	{name: "verbose", line: "-vv", want: []string{"Record ID", "Sensor Number", "Entity ID"}, not: []string{"timeout", "Unrecognized"}},
	{name: "entity names and thresholds", line: "--output-sensor-thresholds --entity-sensor-names", want: []string{"Critical"}, not: []string{"timeout"}},
	{name: "SDR repository info", line: "--sdr-cache-recreate --legacy-output", want: []string{"Power"}},
	{name: "suite 3, as user", line: "-I 3 -u user -l USER", want: []string{"Power"}, not: []string{"timeout"}},
	{name: "IPMI 1.5", line: "-D LAN", want: []string{"Power"}},
}

var ipmiSELCases = []row{
	{name: "info", line: "--info", want: []string{"SEL version : 1.5", "Reserve SEL Command : supported"}, not: []string{"timeout"}},
	{name: "clear", line: "--clear", not: []string{"error", "timeout"}},
	{name: "list after clear", line: "", want: []string{"Log Area Reset/Cleared"}},
	{name: "verbose, with states", line: "-v --output-event-state", want: []string{"Log Area Reset/Cleared"}, not: []string{"timeout"}},
	{name: "the VM's power in the log", line: "--info; ipmipower" + freeLogin + "--off --wait-until-off; sleep 1; ipmi-sel" + freeCache, want: []string{"Power Command", "Power Off/Power Down"}, power: "off", within: 20 * time.Second},
	{name: "delete an entry", line: "--delete=1; ipmi-sel" + freeCache, want: []string{"Power Command"}, not: []string{"timeout", "error", "Log Area Reset"}},
}

var ipmiFRUCases = []row{
	{name: "print", want: []string{"FRU Chassis", "FRU Board Manufacturer: VMware", "FRU Product Name: " + labPrefix}, not: []string{"checksum", "timeout", "Error"}},
	{name: "print, as user", line: "-u user -I 3", want: []string{"FRU Product Name: " + labPrefix}},
	{name: "IPMI 1.5", line: "-D LAN", want: []string{"FRU Product Name: " + labPrefix}},
}

var ipmiDCMICases = []row{
	{name: "capabilities", line: "--get-dcmi-capability-info", want: []string{"DCMI Specification Conformance"}, not: []string{"timeout"}},
	{name: "asset tag", line: "--get-asset-tag", want: []string{labPrefix}, not: []string{"timeout", "invalid"}},
	{name: "management controller identifier", line: "--get-management-controller-identifier-string", want: []string{labPrefix}, not: []string{"timeout", "invalid"}},
	{name: "sensor info", line: "--get-dcmi-sensor-info", want: []string{"CPU Temperature SDR Record IDs"}, not: []string{"timeout"}},
	{name: "power statistics", line: "--get-system-power-statistics", want: []string{"Current Power", "Power Measurement"}, not: []string{"timeout"}},
	{name: "power limit", line: "--get-power-limit", want: []string{"Power Limit Requested : 0 watts"}, not: []string{"timeout"}},
}
