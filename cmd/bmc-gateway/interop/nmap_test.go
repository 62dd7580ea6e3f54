package interop

import "time"

// nmapClients are nmap's scripts for IPMI. Raw sockets need root, and the
// scripts look at port 623 only.
func nmapClients() []*client {
	return []*client{{
		name: "nmap", program: "nmap", debian: "nmap", standard: true, with: "nmap -sU -p 623 -Pn -n $H", cases: []row{
			{name: "ipmi-version", line: "--script ipmi-version", want: []string{"623/udp open", "IPMI-2.0", "non_null_user"}, not: []string{"anonymous", " null_user"}, within: 30 * time.Second},
			{name: "ipmi-cipher-zero finds nothing", line: "--script ipmi-cipher-zero", want: []string{"623/udp open"}, not: []string{"VULNERABLE"}, within: 30 * time.Second},
			{name: "ipmi-brute finds no weak password", line: `--script ipmi-brute --script-args "userdb=$HOME/names,passdb=$HOME/words"; :`, want: []string{"623/udp open"}, not: []string{"Valid credentials"}, within: 40 * time.Second},
			{name: "and then an honest login", line: "-sn >/dev/null; ipmitool -I lanplus -C 17 -H $H -U $U -P $W power status", want: []string{"Chassis Power is on"}},
		},
	}}
}
