package interop

import "time"

// ipmitoolClients are ipmitool's two network interfaces. lanplus runs the whole
// list with both of the suites that are on by default.
func ipmitoolClients() []*client {
	const login = "ipmitool -H $H -p $P -U $U -P $W -N 2 -R 4 "
	return []*client{
		{name: "ipmitool lanplus, suite 17", program: "ipmitool", debian: "ipmitool", with: login + "-I lanplus -C 17", cases: ipmitoolCases},
		{name: "ipmitool lanplus, suite 3", program: "ipmitool", debian: "ipmitool", with: login + "-I lanplus -C 3", cases: ipmitoolCases},
		{name: "ipmitool lanplus, its own choice", program: "ipmitool", debian: "ipmitool", cases: ipmitoolChoices},
		{name: "ipmitool lan, which is off", program: "ipmitool", debian: "ipmitool", with: login + "-I lan", cases: []row{
			{name: "refused at once", line: "power status", want: []string{"Authentication type NONE not supported"}},
			{name: "with a type named", line: "-A MD5 power status", want: []string{"Authentication type MD5 not supported"}},
		}},
		{name: "ipmitool lan", program: "ipmitool", debian: "ipmitool", v15: true, with: login + "-I lan", cases: ipmitoolLANCases},
	}
}

var ipmitoolCases = []row{
	{name: "power status", line: "power status", want: []string{"Chassis Power is on"}},
	{name: "chassis status", line: "chassis status", want: []string{"System Power : on", "Power Overload : false", "Main Power Fault : false"}},
	{name: "mc info", line: "mc info", want: []string{"IPMI Version : 2.0", "Firmware Revision : 1.23", "Manufacturer ID : 6876", "Chassis Device", "Provides Device SDRs : no"}},
	{name: "mc guid", line: "mc guid", want: []string{"System GUID", "GUID Encoding : IPMI"}},
	{name: "mc selftest", line: "mc selftest", want: []string{"Selftest: passed"}},
	{name: "mc getenables", line: "mc getenables", want: []string{"System Event Logging"}, not: []string{"failed"}},
	{name: "mc watchdog get", line: "mc watchdog get", want: []string{"Watchdog Timer Is: Stopped"}},
	{name: "mc getsysinfo system_name", line: "mc getsysinfo system_name", want: []string{labPrefix}},
	{name: "chassis identify", line: "chassis identify 20", want: []string{"Chassis identify interval: 20 seconds"}},
	{name: "chassis policy list", line: "chassis policy list", want: []string{"Supported chassis power policy"}, not: []string{"failed"}},
	{name: "chassis poh", line: "chassis poh", want: []string{"POH Counter"}},
	{name: "chassis restart_cause", line: "chassis restart_cause", want: []string{"System restart cause:"}},
	{name: "lan print", line: "lan print 1", want: []string{
		"IP Address Source : Static Address", "IP Address : 127.62.", "Subnet Mask : 255.0.0.0", "MAC Address : 02:", "RMCP+ Cipher Suites : 17,3", "Cipher Suite Priv Max : aa",
	}},
	{name: "lan stats get", line: "lan stats get", want: []string{"IP Rx Packet", "RMCP Rx Valid"}},
	{name: "lan6 print", line: "lan6 print 1", want: []string{"Getting parameter(s)"}, not: []string{"Unable", "timeout"}},
	{name: "channel info", line: "channel info 1", want: []string{"802.3 LAN", "IPMB-1.0", "multi-session", "always available"}},
	{name: "channel authcap", line: "channel authcap 1 4", want: []string{"Channel number : 1", "IPMI v2.0"}},
	{name: "channel getaccess", line: "channel getaccess 1", want: []string{"User Name : admin", "Privilege Level : ADMINISTRATOR", "User Name : operator", "Privilege Level : OPERATOR"}},
	{name: "channel getciphers", line: "channel getciphers ipmi", want: []string{"17 N/A hmac_sha256 sha256_128 aes_cbc_128", "3 N/A hmac_sha1 hmac_sha1_96 aes_cbc_128"}},
	{name: "user list", line: "user list 1", want: []string{"admin", "ADMINISTRATOR", "operator", "OPERATOR"}},
	{name: "user summary", line: "user summary 1", want: []string{"Enabled User Count : 3"}},
	{name: "user set password is refused", line: "user set password 2 another-secret", want: []string{"failed"}},
	{name: "user test", line: "user test 2 16 $W", want: []string{"Success"}},
	{name: "user test with a wrong password", line: "user test 2 16 wrong", want: []string{"Failure: password incorrect"}},
	{name: "session info active", line: "session info active", want: []string{"privilege level : ADMINISTRATOR", "session type : IPMIv2/RMCP+", "console ip : 127."}},
	{name: "session info all", line: "session info all", want: []string{"privilege level : ADMINISTRATOR", "active sessions : 1", "slot count : 32"}},
	{name: "sdr list", line: "sdr list", want: []string{"ok"}, not: []string{"erased", "failed", "Unable"}},
	{name: "sdr elist full", line: "sdr elist full", want: []string{"percent"}},
	{name: "sdr type list", line: "sdr type", want: []string{"Power Unit"}},
	{name: "sdr -v list all", line: "-v sdr list all", want: []string{"Sensor ID", "Entity ID"}, not: []string{"Unable to", "Unknown sensor"}},
	{name: "sensor list", line: "sensor list", want: []string{"percent", "discrete"}, not: []string{"Error"}},
	{name: "sdr dump", line: "sdr dump $HOME/sdr; test -s $HOME/sdr && echo written", want: []string{"written"}},
	{name: "sel info", line: "sel info", want: []string{"SEL Information", "Version : 1.5 (v1.5, v2 compliant)", "Overflow : false"}},
	{name: "sel time get", line: "sel time get", want: []string{" UTC"}},
	{name: "sel clear", line: "sel clear", want: []string{"Clearing SEL"}},
	{name: "event 1, as sel list shows it", line: "event 1", want: []string{"Sending SAMPLE event: Temperature - Upper Critical - Going High"}, not: []string{"failed", "Error"}},
	{name: "sel list", line: "sel list", want: []string{"Event Logging Disabled", "Log area reset/cleared", "Temperature", "Upper Critical going high"}},
	{name: "sel elist", line: "sel elist", want: []string{"Log area reset/cleared | Asserted"}},
	{name: "fru print", line: "fru print", want: []string{"Product Name : " + labPrefix, "VMware", "Product Serial"}, not: []string{"checksum", "Invalid"}},
	{name: "dcmi discover", line: "dcmi discover", want: []string{"Supported DCMI capabilities"}},
	{name: "dcmi asset_tag", line: "dcmi asset_tag", want: []string{"Asset tag: "}},
	{name: "dcmi power reading", line: "dcmi power reading", want: []string{"Instantaneous power reading"}},
	{name: "pef info", line: "pef info", want: []string{"0x51 | 0 | 0 | "}, not: []string{"failed"}},
	{name: "bootdev pxe", line: "chassis bootdev pxe", want: []string{"Set Boot Device to pxe"}, not: []string{"failed"}, boot: "pxe"},
	{name: "bootparam get 5", line: "chassis bootparam get 5", want: []string{"Boot parameter data: 8004000000", "only next boot", "Force PXE"}},
	{name: "bootdev disk, EFI and persistent", line: "chassis bootdev disk options=persistent,efiboot", want: []string{"Set Boot Device to disk"}, boot: "disk"},
	{name: "bootparam get 5 again", line: "chassis bootparam get 5", want: []string{"Boot parameter data: e008000000", "all future boots", "BIOS EFI boot", "Hard-Drive"}},
	{name: "bootdev none", line: "chassis bootdev none", want: []string{"Set Boot Device to none"}},
	{name: "Ironic's raw boot options", line: "raw 0x00 0x08 0x03 0x08", not: []string{"Unable"}},
	{name: "raw, an unknown command", line: "raw 0x2e 0x77 0xdc 0x1a 0x00", want: []string{"rsp=0xc1"}},
	{name: "power diag", line: "power diag", want: []string{"Chassis Power Control: Diag"}, power: "on"},
	{name: "power reset", line: "power reset", want: []string{"Chassis Power Control: Reset"}, power: "on"},
	{name: "power cycle", line: "power cycle", want: []string{"Chassis Power Control: Cycle"}},
	{name: "power on, while it is on or coming", line: "power on", want: []string{"Chassis Power Control: Up/On"}, power: "on"},
	{name: "power soft", line: "power soft", want: []string{"Chassis Power Control: Soft"}, power: "off"},
	{name: "power status, off", line: "power status", want: []string{"Chassis Power is off"}},
	{name: "power reset, refused while off", line: "power reset", want: []string{"Command not supported in present state"}},
	{name: "power on", line: "power on", want: []string{"Chassis Power Control: Up/On"}, power: "on"},
	{name: "power off", line: "power off", want: []string{"Chassis Power Control: Down/Off"}, power: "off"},
	{name: "sel list, our own commands", line: "power on; sleep 1; " + "ipmitool -H $H -p $P -U $U -P $W -I lanplus -C 17 sel elist", want: []string{"Power"}, power: "on"},
	{name: "sdr list while off", line: "power off; sleep 1; " + "ipmitool -H $H -p $P -U $U -P $W -I lanplus -C 17 sdr list", power: "off", not: []string{"Unable"}},
	{name: "power on, last", line: "power on", want: []string{"Up/On"}, power: "on"},
	{name: "mc reset", line: "mc reset warm", want: []string{"Sent warm reset command to MC"}, power: "on"},
	{name: "power status after mc reset", line: "power status", want: []string{"Chassis Power is on"}},
}

// ipmitoolChoices leave the suite to ipmitool, which asks for the list before
// it logs in; and what must fail does so at once.
var ipmitoolChoices = []row{
	{name: "best suite", line: "ipmitool -I lanplus -H $H -p $P -U $U -P $W -vv power status", want: []string{"Chassis Power is on", "Using best available cipher suite 17"}},
	{name: "operator", line: "ipmitool -I lanplus -H $H -p $P -U operator -P $W -L OPERATOR power status", want: []string{"Chassis Power is on"}},
	{name: "operator asks for administrator", line: "ipmitool -I lanplus -H $H -p $P -U operator -P $W power status", not: []string{"Chassis Power is"}},
	{name: "user may not power off", line: "ipmitool -I lanplus -H $H -p $P -U user -P $W -L USER power off", want: []string{"Insufficient privilege level"}, power: "on"},
	{name: "user may not set boot options", line: "ipmitool -I lanplus -H $H -p $P -U user -P $W -L USER raw 0 8 5 0x80 4 0 0 0", want: []string{"Insufficient privilege level"}},
	{name: "wrong password", line: "ipmitool -I lanplus -H $H -p $P -U $U -P wrong -C 17 power status", want: []string{"Unable to establish"}},
	{name: "unknown user", line: "ipmitool -I lanplus -H $H -p $P -U nobody -P $W -C 17 power status", want: []string{"Unable to establish"}},
	{name: "suite 0", line: "ipmitool -I lanplus -H $H -p $P -U $U -P $W -C 0 power status", want: []string{"no matching cipher suite"}},
	{name: "twenty at a time", line: "for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do ipmitool -I lanplus -C 17 -H $H -p $P -U $U -P $W power status & done | sort | uniq -c; wait", want: []string{"20 Chassis Power is on"}, within: 20 * time.Second},
}

// ipmitoolLANCases are IPMI 1.5: MD5, which ipmitool prefers, and the straight
// password where it is asked for.
var ipmitoolLANCases = []row{
	{name: "power status", line: "power status", want: []string{"Chassis Power is on"}},
	{name: "power status, MD5", line: "-A MD5 power status", want: []string{"Chassis Power is on"}},
	{name: "operator", line: "-L OPERATOR power status", want: []string{"Chassis Power is on"}},
	{name: "mc info", line: "mc info", want: []string{"IPMI Version : 2.0", "Manufacturer ID : 6876"}},
	{name: "session info active", line: "session info active", want: []string{"privilege level : ADMINISTRATOR", "session type : IPMIv1.5"}},
	{name: "lan print", line: "lan print 1", want: []string{"Auth Type Support : MD5 PASSWORD", "IP Address : 127.62."}},
	{name: "bootdev pxe", line: "chassis bootdev pxe", want: []string{"Set Boot Device to pxe"}, boot: "pxe"},
	{name: "sdr list", line: "sdr list", want: []string{"ok"}},
	{name: "sel list", line: "sel list", not: []string{"failed", "Unable"}},
	{name: "fru print", line: "fru print", want: []string{"Product Name"}},
	{name: "power off", line: "power off", want: []string{"Chassis Power Control: Down/Off"}, power: "off"},
	{name: "power on", line: "power on", want: []string{"Chassis Power Control: Up/On"}, power: "on"},
	{name: "no authentication is refused", line: "-A NONE power status", want: []string{"Authentication type NONE not supported"}},
}
