package bmc

import (
	"strings"
	"testing"
)

// A toolRun is one run of ipmitool, with parts of what it prints.
type toolRun struct {
	command string
	output  []string // spaces made one
	fails   bool
}

func runTool(t *testing.T, change func(*Config), runs []toolRun) *rig {
	t.Helper()
	path := ipmitoolPath(t)
	r, port := serveUDP(t)
	if change != nil {
		change(&r.bmc.config)
	}
	for _, tt := range runs {
		t.Run(tt.command, func(t *testing.T) {
			args := []string{"-I", "lanplus", "-H", "127.0.0.1", "-p", port, "-U", admin.Name, "-P", string(admin.Password), "-C", "17"}
			out, err := run(t, path, append(args, strings.Fields(tt.command)...)...)
			if failed := err != nil; failed != tt.fails {
				t.Errorf("failed %v, want %v: %s", failed, tt.fails, out)
			}
			for _, want := range tt.output {
				if !strings.Contains(spaced(out), want) {
					t.Errorf("no %q in:\n%s", want, out)
				}
			}
		})
	}
	return r
}

func TestIpmitoolController(t *testing.T) {
	r := runTool(t, testInfo, []toolRun{
		{"mc watchdog reset", []string{"Attempt to reset uninitialized watchdog"}, true},
		{"mc watchdog off", []string{"timer stopped"}, false},
		{"mc watchdog set use=oem action=cycle timeout=60", nil, false},
		{"mc watchdog get", []string{"Watchdog Timer Use: OEM", "Watchdog Timer Is: Stopped", "Watchdog Timer Action: Power Cycle", "Initial Countdown: 60.0 sec"}, false},
		{"mc watchdog reset", []string{"countdown restarted"}, false},
		{"mc watchdog get", []string{"Watchdog Timer Is: Started/Running"}, false},
		{"mc getenables", []string{"System Event Logging : enabled", "Event Message Buffer : disabled"}, false},
		{"raw 0x06 0x2e 0x0c", []string{"rsp=0xd4): Insufficient privilege level"}, true},
		{"mc getsysinfo system_name", []string{"web-01.example.com"}, false},
		{"mc getsysinfo primary_os_name", []string{"Debian"}, false},
		{"mc getsysinfo os_name", []string{"Debian 12"}, false},
		{"mc getsysinfo system_fw_version", []string{"1.23"}, false},
		{"mc getsysinfo delloem_url", []string{"parameter not supported"}, false},
		{"session info all", []string{"user id : 2", "slot count : 63"}, false},
		{"mc reset warm", []string{"Sent warm reset command to MC"}, false},
		{"mc watchdog get", []string{"Watchdog Timer Is: Started/Running"}, false},
		{"mc reset cold", []string{"Sent cold reset command to MC"}, false},
		{"mc watchdog get", []string{"Watchdog Timer Is: Stopped", "Watchdog Timer Action: No action"}, false},
	})
	if done := r.machine.carriedOut(); len(done) != 0 {
		t.Errorf("carried out %q", done)
	}
}

func TestIpmitoolUsers(t *testing.T) {
	runTool(t, nil, []toolRun{
		{"user list 1", []string{
			"1 true false false NO ACCESS", "2 admin true false true ADMINISTRATOR", "3 oper true false true OPERATOR",
			"4 user true false true USER", "5 callback true false true CALLBACK",
		}, false},
		{"user summary 1", []string{"Maximum IDs : 5", "Enabled User Count : 4", "Fixed Name Count : 5"}, false},
		{"user test 2 20 Secret-Passw0rd-20b!", []string{"Success"}, false},
		{"user test 3 16 operate", []string{"Success"}, false},
		{"user test 3 16 wrong", []string{"password incorrect"}, true},
		{"user test 3 20 operate", []string{"wrong password size"}, true},
		{"user set name 2 root", []string{"Command not supported in present state"}, true},
		{"user set password 2 secret 16", []string{"Command not supported in present state"}, true},
		{"user enable 2", nil, false},
		{"user disable 2", []string{"Command not supported in present state"}, true},
		{"user priv 2 4 1", nil, false},
		{"user priv 2 3 1", []string{"Command not supported in present state"}, true},
		{"channel getaccess 1 2", []string{"User Name : admin", "Fixed Name : Yes", "Privilege Level : ADMINISTRATOR", "Enable Status : enabled"}, false},
		{"sol payload status 1 2", []string{"User 2 on channel 1 is disabled"}, false},
	})
}

func TestIpmitoolChassis(t *testing.T) {
	runTool(t, nil, []toolRun{
		{"chassis identify", []string{"default (15 seconds)"}, false},
		{"chassis identify 0", []string{"off"}, false},
		{"chassis identify force", []string{"indefinite"}, false},
		{"chassis policy list", []string{"Supported chassis power policy:"}, false},
		{"chassis policy always-on", []string{"Invalid data field in request"}, true},
		{"chassis poh", []string{"Invalid command"}, true},
		{"chassis restart_cause", []string{"System restart cause: unknown"}, false},
		{"power reset", []string{"Chassis Power Control: Reset"}, false},
		{"chassis restart_cause", []string{"System restart cause: chassis power control command"}, false},
		{"power cycle", []string{"Chassis Power Control: Cycle"}, false},
		{"chassis status", []string{"System Power : on", "Last Power Event : command"}, false},
		{"chassis bootparam get 0", []string{"Set In Progress : set complete"}, false},
		{"chassis bootparam get 1", []string{"Service Partition Selector : unspecified"}, false},
		{"chassis bootparam get 2", []string{"Service Partition Scan : No flag set"}, false},
		{"raw 0x00 0x08 0x03 0x08", nil, false},
		{"chassis bootdev pxe", []string{"Set Boot Device to pxe"}, false},
		{"chassis bootparam get 3", []string{"Boot parameter data: 08"}, false},
		{"chassis bootparam get 4", []string{"Boot parameter data: 0001"}, false},
		{"chassis bootparam get 5", []string{"Boot parameter data: 8004000000", "Force PXE"}, false},
		{"chassis bootparam get 6", []string{"Channel Number : 0", "Session Id : 00000000h"}, false},
		{"chassis bootmbox set text block 0 6876 hello", nil, false},
		{"chassis bootmbox get text", []string{"IANA PEN : 6876 [VMware Inc.]", "Block 0 Data : 'hello'", "Block 4 Data : ''"}, false},
		{"chassis bootparam get 7", []string{"Boot parameter data: 00dc1a0068656c6c6f"}, false},
		{"chassis bootparam get 8", []string{"Unsupported parameter"}, true},
	})
}

func TestIpmitoolLAN(t *testing.T) {
	runTool(t, nil, []toolRun{
		{"lan print 1", []string{"BMC ARP Control : ARP Responses Enabled, Gratuitous ARP Disabled", "Bad Password Threshold : 0"}, false},
		{"lan stats get 1", []string{"IP Rx Header Errors : 0", "UDP Proxy Packet Received : 0"}, false},
		{"lan stats clear 1", nil, false},
		{"lan6 print 1", []string{"Getting parameter(s)"}, false},
		{"lan alert print 1", nil, false},
		{"lan set 1 ipsrc static", nil, false},
		{"lan set 1 ipaddr 10.0.0.1", []string{"Setting LAN IP Address to 10.0.0.1"}, true},
		{"sol info 1", []string{"Enabled : false", "Payload Channel : 1", "Payload Port : 623"}, false},
		{"sol set enabled true 1", []string{"Attempt to write read-only parameter"}, true},
		{"sol activate", []string{"SOL payload disabled"}, true},
		{"sol deactivate", []string{"SOL payload type disabled"}, true},
	})
}
