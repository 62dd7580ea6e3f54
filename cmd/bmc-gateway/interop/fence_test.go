package interop

import "time"

// fenceClients is the fence agent of Pacemaker and oVirt. Without -P it speaks
// IPMI 1.5. It must never hear "off" of a VM that may still write to its disk.
func fenceClients() []*client {
	return []*client{{
		name: "fence_ipmilan", program: "fence_ipmilan", debian: "fence-agents", v15: true,
		with: "fence_ipmilan -a $H -u $P -l $U -p $W --power-wait=1", cases: []row{
			{name: "status", line: "-P -C 17 -o status", want: []string{"Status: ON"}, within: 15 * time.Second},
			{name: "monitor", line: "-P -C 17 -o monitor && echo fine", want: []string{"fine"}, within: 15 * time.Second},
			{name: "off", line: "-P -C 17 -o off", want: []string{"Success: Powered OFF"}, power: "off", within: 30 * time.Second},
			{name: "off, already", line: "-P -C 17 -o off", want: []string{"Success: Already OFF"}, power: "off", within: 15 * time.Second},
			{name: "on", line: "-P -C 17 -o on", want: []string{"Success: Powered ON"}, power: "on", within: 30 * time.Second},
			{name: "reboot", line: "-P -C 3 -o reboot", want: []string{"Success: Rebooted"}, power: "on", within: 40 * time.Second},
			{name: "reboot by cycle", line: "-P -C 17 -m cycle -o reboot", want: []string{"Success: Rebooted"}, power: "on", within: 30 * time.Second},
			{name: "diag", line: "-P -C 17 -o diag", want: []string{"Success: "}, power: "on", within: 15 * time.Second},
			{name: "as operator", line: "-l operator -L OPERATOR -P -o status", want: []string{"Status: ON"}, within: 15 * time.Second},
			{name: "wrong password", line: "-P -C 17 -p wrong -o status", not: []string{"Status:"}, within: 40 * time.Second},
			{name: "IPMI 1.5: status", line: "-o status", want: []string{"Status: ON"}, within: 15 * time.Second},
			{name: "IPMI 1.5: reboot", line: "-A md5 -o reboot", want: []string{"Success: Rebooted"}, power: "on", within: 40 * time.Second},
		},
	}}
}
