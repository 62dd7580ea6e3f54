package interop

import "time"

// openipmiClients are the programs around OpenIPMI's library, which has several
// requests outstanding at once and walks the whole domain before it says a word.
func openipmiClients() []*client {
	lines := func(command string) string {
		return `(echo "domain open d -wait_til_up lan -U $U -P $W -p $P $H"; sleep 3; echo "` + command + `"; sleep 1; echo exit) | openipmish 2>&1`
	}
	return []*client{
		{name: "openipmicmd", program: "openipmicmd", debian: "openipmi", v15: true, cases: []row{
			{name: "Get Device ID", line: `openipmicmd -k "f 0 6 1" lan -p $P -U $U -P $W $H`, want: []string{"00 20 01"}, within: 15 * time.Second},
			{name: "Get Chassis Status", line: `openipmicmd -k "f 0 0 1" lan -p $P -U $U -P $W $H`, want: []string{"00 "}, within: 15 * time.Second},
			{name: "IPMI 1.5, MD5", line: `openipmicmd -k "f 0 6 1" lan -A md5 -p $P -U $U -P $W $H`, want: []string{"00 20 01"}, within: 15 * time.Second},
			{name: "wrong password", line: `openipmicmd -k "f 0 6 1" lan -p $P -U $U -P wrong $H`, not: []string{"00 20 01"}, within: 20 * time.Second},
		}},
		{name: "openipmish", program: "openipmish", debian: "openipmi", cases: []row{
			{name: "entities of the domain", line: lines("entity list d"), want: []string{"Domain Name: d", "Entities"}, within: 30 * time.Second},
			{name: "controllers", line: lines("mc list d"), want: []string{"Name: d(0.20)"}, not: []string{"d(0.22)"}, within: 30 * time.Second},
			{name: "MC info", line: lines("mc info d(0.20)"), want: []string{"manufacturer_id: 0x1adc", "version: 2.0"}, within: 30 * time.Second},
			{name: "event log", line: lines("sel list d"), want: []string{"Connection to the BMC restored"}, not: []string{"error"}, within: 30 * time.Second},
		}},
		{name: "rmcp_ping", program: "rmcp_ping", debian: "openipmi", standard: true, cases: []row{
			{name: "one ping", line: "rmcp_ping -t 1 $H", want: []string{"127.62."}, within: 20 * time.Second},
		}},
	}
}
