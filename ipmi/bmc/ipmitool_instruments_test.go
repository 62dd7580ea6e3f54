package bmc

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestIpmitoolInstruments runs in this order: later commands see what earlier
// ones have done.
func TestIpmitoolInstruments(t *testing.T) {
	path := ipmitoolPath(t)
	_, port := serveUDP(t, instrumented(t))
	dump := filepath.Join(t.TempDir(), "sdr")
	tests := []struct {
		command string
		output  []string // parts of it, spaces made one
		fails   bool
	}{
		{"mc info", []string{"Sensor Device", "SDR Repository Device", "SEL Device", "FRU Inventory Device"}, false},
		{"sel list", []string{"SEL has no entries"}, false},
		{"power off", []string{"Chassis Power Control: Down/Off"}, false},
		{"power cycle", []string{"Chassis Power Control: Cycle"}, false},
		{"power diag", []string{"Chassis Power Control: Diag"}, false},
		{"event 1", []string{"Sending SAMPLE event: Temperature - Upper Critical - Going High"}, false},
		{"sel info", []string{"Entries : 4", "Free Space : 16320 bytes", "Overflow : false", "'Delete' 'Reserve' 'Get Alloc Info'", "# of Alloc Units : 1024", "Max Record Size : 1"}, false},
		{"sel elist", []string{
			"Power Unit Power Command | Power off/down | Asserted", "Power Unit Power Command | Power cycle | Asserted",
			"Critical Interrupt NMI Command | NMI/Diag Interrupt | Asserted", "Temperature #0x30 | Upper Critical going high | Asserted",
		}, false},
		{"sel get 0x4", []string{"SEL Record ID : 0004", "Generator ID : 1081", "Sensor Number : 30", "Upper Critical going high"}, false},
		{"sel delete 2", []string{"Deleted entry 2"}, false},
		{"sel delete 2", []string{"Unable to delete entry 2"}, true},
		{"sel clear", []string{"Clearing SEL"}, false},
		{"sel elist", []string{"1 |", "Event Logging Disabled Event Log | Log area reset/cleared | Asserted"}, false},
		{"sel time set now", nil, false},
		{"sdr info", []string{"Record Count : 11", "Free Space : none (full)", "Reserve SDR repository supported : yes", "Delete SDR supported : no"}, false},
		{"sdr elist all", []string{
			"Virtual BMC | 00h | ok | 46.1 | Static MC @ 20h", "Virtual Machine | 00h | ns | 23.1 | Logical FRU @00h",
			"CPU Usage | 01h | unc | 3.1 | 90 percent", "Memory | 02h | ns | 32.1 | No Reading",
			"ACPI State | 03h | ok | 7.1 | S0/G0: working", "VMware Tools | 04h | ns | 35.1 | No Reading", "Watchdog | E4h | ns | 46.1 | Event-Only",
		}, false},
		{"sdr dump " + dump, []string{"Dumping Sensor Data Repository"}, false},
		{"sensor", []string{
			"CPU Usage | 90.000 | percent | nc | na | na | na | 80.000 | 95.000 | na",
			"Memory | na | megabyte | na", "ACPI State | 0x1 | discrete | 0x0180",
		}, false},
		{"sensor get ACPI State", []string{"[S0/G0: working]"}, false},
		{"sensor thresh Memory unc 100", []string{"Command illegal for specified sensor or record type"}, true},
		{"fru print", []string{
			"FRU Device Description : Builtin FRU Device (ID 0)", "Chassis Serial : 42 11", "Board Mfg : VMware, Inc.",
			"Board Product : vmx-19", "Product Name : web-1", "Product Asset Tag : 4711",
		}, false},
		{"dcmi discover", []string{"Power management available", "SEL automatic rollover is not present", "1024 SEL entries", "Primary LAN channel number: 1 is available"}, false},
		{"dcmi power reading", []string{"Instantaneous power reading: 120 Watts", "Power reading state is: activated"}, false},
		{"dcmi power get_limit", []string{"Current Limit State: No Active Power Limit", "Power Limit: 0 Watts"}, false},
		{"dcmi asset_tag", []string{"Asset tag: 4711"}, false},
		{"dcmi set_asset_tag mine", []string{"Command not supported in present state"}, true},
		{"dcmi get_mc_id_string", []string{"Get Management Controller Identifier String: web-1"}, false},
		{"dcmi sensors", []string{"Inlet: 0 temperature sensor found"}, false},
		{"pef info", []string{"0x51"}, false},
		{"pef policy list", []string{"PEF Alert Policy isn't supported"}, true},
	}
	for _, tt := range tests {
		t.Run(tt.command, func(t *testing.T) {
			args := []string{"-I", "lanplus", "-H", "127.0.0.1", "-p", port, "-U", admin.Name, "-P", string(admin.Password), "-C", "17"}
			words := strings.Fields(tt.command)
			if name, ok := strings.CutPrefix(tt.command, "sensor get "); ok {
				words = []string{"sensor", "get", name}
			}
			out, err := run(t, path, append(args, words...)...)
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
	records, err := os.ReadFile(dump)
	if err != nil {
		t.Fatal(err)
	}
	want := newBMC(t, instrumented(t)).bmc.repository
	if len(records) != want.size() {
		t.Errorf("%d bytes dumped, the repository has %d", len(records), want.size())
	}
}
