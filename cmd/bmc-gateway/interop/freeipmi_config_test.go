package interop

import "time"

// freeipmiConfigClients are the tools that read a whole configuration, and
// write back what one edits. They end with 1 when a BMC lacks a section, so
// only what they say counts.
func freeipmiConfigClients() []*client {
	return []*client{
		free("ipmi-config", freeLogin, ipmiConfigCases),
		free("ipmi-chassis-config", freeLogin, ipmiChassisConfigCases),
		free("ipmi-pef-config", freeLogin, []row{
			{name: "checkout", line: "--checkout", want: []string{"Section PEF_Conf", "Enable_PEF No"}, not: []string{"timeout"}},
		}),
		free("ipmi-sensors-config", freeCache, []row{
			{name: "checkout", line: "--checkout", want: []string{"Section", "Threshold"}, not: []string{"timeout"}},
		}),
	}
}

var ipmiConfigCases = []row{
	{name: "core: checkout", line: "--category=core --checkout", want: []string{
		"Section User2", "Username admin", "Lan_Privilege_Limit Administrator", "Section Lan_Channel", "Volatile_Access_Mode Always_Available",
		"Section Lan_Conf", "IP_Address 127.62.", "IP_Address_Source Static", "Subnet_Mask 255.0.0.0", "Section Rmcpplus_Conf_Privilege",
	}, not: []string{"timeout"}, within: 30 * time.Second},
	{name: "core: diff with its own checkout", line: "--category=core --checkout -n core.conf; ipmi-config" + freeLogin + "--category=core --diff -n core.conf && echo same", want: []string{"same"}, within: 45 * time.Second},
	{name: "core: a user's password belongs to the configuration", line: "--category=core --commit -e User2:Password=another-secret", want: []string{"Failed to commit `User2:Password'"}, not: []string{"timeout"}},
	{name: "core: the address belongs to the configuration", line: "--category=core --commit -e Lan_Conf:IP_Address=192.0.2.77", want: []string{"Failed to commit `Lan_Conf:IP_Address': Read Only Field"}, not: []string{"timeout"}},
	{name: "core: our login still works", line: "--category=core --checkout -S User2", want: []string{"Username admin"}},
	{name: "chassis: checkout", line: "--category=chassis --checkout", want: []string{"Section Chassis_Boot_Flags", "Boot_Device"}, not: []string{"timeout"}, within: 30 * time.Second},
	{name: "chassis: commit of the next boot", line: "--category=chassis --commit -e Chassis_Boot_Flags:Boot_Device=PXE -e Chassis_Boot_Flags:Boot_Flags_Persistent=No", not: []string{"timeout", "Failed"}, boot: "pxe"},
	{name: "chassis: checkout of what was committed", line: "--category=chassis --checkout -S Chassis_Boot_Flags", want: []string{"Boot_Device PXE", "Boot_Flags_Persistent No"}},
	{name: "chassis: restore policy", line: "--category=chassis --checkout -S Chassis_Power_Conf", want: []string{"Power_Restore_Policy"}},
	{name: "pef: checkout", line: "--category=pef --checkout", want: []string{"Section PEF_Conf"}, not: []string{"timeout"}},
	{name: "sensors: checkout", line: "--category=sensors --checkout --sdr-cache-directory=$HOME", want: []string{"Section"}, not: []string{"timeout"}},
	{name: "dcmi: checkout", line: "--category=dcmi --checkout", want: []string{"Asset_Tag " + labPrefix}, not: []string{"timeout"}},
}

// maasFile is what MAAS commits before it starts a machine.
const maasFile = `printf 'Section Chassis_Boot_Flags\nBoot_Flags_Persistent No\nBIOS_Boot_Type EFI\nBoot_Device PXE\nEndSection\n' > maas.conf; `

var ipmiChassisConfigCases = []row{
	{name: "checkout", line: "--checkout", want: []string{"Section Chassis_Boot_Flags"}},
	{name: "MAAS: next boot", line: "--version >/dev/null; " + maasFile +
		"ipmi-chassis-config -W opensesspriv --driver-type LAN_2_0 -h $HP -u $U -p $W -l OPERATOR --commit --filename maas.conf",
		not: []string{"timeout", "Failed", "invalid"}, boot: "pxe"},
	{name: "MAAS: then a cycle", line: "--version >/dev/null; ipmipower -W opensesspriv --driver-type LAN_2_0 -h $HP -u $U -p $W -I 17 -l OPERATOR --cycle --on-if-off",
		want: []string{": ok"}, power: "on"},
}
