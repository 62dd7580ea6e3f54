package interop

import "time"

// ipmiutilClients speaks to port 623 only, and at user level unless told.
func ipmiutilClients() []*client {
	return []*client{{name: "ipmiutil", program: "ipmiutil", debian: "ipmiutil", standard: true, v15: true, with: "ipmiutil", cases: ipmiutilCases}}
}

const (
	ipmiutil20 = " -N $H -U $U -P $W -F lan2 -J 3 -V 4"
	ipmiutil15 = " -N $H -U $U -P $W -F lan -V 4"
)

var ipmiutilCases = []row{
	{name: "health", line: "health" + ipmiutil20, want: []string{"BMC version = 1.23", "IPMI v2.0", "Power State = 00", "Selftest status = 0055 (OK)", "Chassis Status"}, within: 20 * time.Second},
	{name: "health, IPMI 1.5", line: "health" + ipmiutil15, want: []string{"BMC version = 1.23", "Selftest status = 0055 (OK)"}, within: 20 * time.Second},
	{name: "sensor", line: "sensor" + ipmiutil20, want: []string{"Virtual BMC", "ACPI State", "0001 Working", "completed successfully"}, not: []string{"error"}, within: 20 * time.Second},
	{name: "sel", line: "sel" + ipmiutil20, want: []string{"SEL Ver", "Size = 1024 records"}, not: []string{"error"}},
	{name: "fru", line: "fru" + ipmiutil20, want: []string{labPrefix, "VMware"}, not: []string{"error"}},
	{name: "lan", line: "lan -r" + ipmiutil20, want: []string{"IP address: 127.62.", "Admin (admin)"}, within: 20 * time.Second},
	{name: "user list", line: "user list" + ipmiutil20, want: []string{"admin", "operator"}},
	{name: "wdt", line: "wdt" + ipmiutil20, want: []string{"Watchdog timer is stopped"}},
	{name: "dcmi", line: "dcmi info" + ipmiutil20, want: []string{"DCMI Version: 1.5", "DCMI Power Management: Supported"}},
	{name: "cmd", line: "cmd 00 20 18 01" + ipmiutil20, want: []string{"20 01 01 23 02"}},
	{name: "reset: power off", line: "reset -d" + ipmiutil20, power: "off", within: 20 * time.Second},
	{name: "reset: power up", line: "reset -u" + ipmiutil20, power: "on", within: 20 * time.Second},
	{name: "reset: reset", line: "reset -r" + ipmiutil20, want: []string{"completed successfully"}, power: "on", within: 20 * time.Second},
	{name: "discover", line: "discover -i lo -b $H", want: []string{"1 pings sent, 1 responses"}, within: 20 * time.Second},
}
