package interop

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

const goipmiModule = "github.com/bougou/go-ipmi/cmd/goipmi@v0.9.1"

// goipmiClients is the command line of bougou/go-ipmi, the Go library; it is
// built from its module, so that ours needs none of what it needs.
func goipmiClients() []*client {
	const login = "goipmi -H $H -p $P -U $U -P $W "
	return []*client{
		{name: "go-ipmi lanplus", program: "go", version: "echo v0.9.1", prepare: installGoipmi, v15: true, with: login + "-I lanplus", cases: goipmiCases},
		{name: "go-ipmi lan", program: "go", version: "echo v0.9.1", prepare: installGoipmi, v15: true, with: login + "-I lan", cases: []row{
			{name: "chassis status", line: "chassis status", want: []string{"System Power : on"}},
			{name: "mc info", line: "mc info", want: []string{"IPMI Version : 2.0"}},
			{name: "power off", line: "chassis power off", power: "off"},
			{name: "power on", line: "chassis power on", power: "on"},
		}},
	}
}

func installGoipmi(t *testing.T, b *bench) {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command("go", "install", goipmiModule)
	cmd.Env = append(os.Environ(), "GOBIN="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("go install: %v\n%s", err, out)
		}
		t.Skipf("%s cannot be built here: %v\n%s", goipmiModule, err, out)
	}
	b.Env[0] = "PATH=" + dir + string(filepath.ListSeparator) + b.Env[0][len("PATH="):]
}

var goipmiCases = []row{
	{name: "mc info", line: "mc info", want: []string{"Firmware Revision : 1.23", "IPMI Version : 2.0", "6876"}},
	{name: "mc guid", line: "mc guid", want: []string{"System GUID"}},
	{name: "mc acpi", line: "mc acpi get", want: []string{"S0"}},
	{name: "mc watchdog", line: "mc watchdog get", want: []string{"Stopped"}, not: []string{"failed"}},
	{name: "chassis status", line: "chassis status", want: []string{"System Power : on"}},
	{name: "chassis restart_cause", line: "chassis restart_cause", want: []string{"System restart cause:"}, not: []string{"failed"}},
	{name: "chassis poh", line: "chassis poh", want: []string{"POH"}, not: []string{"failed"}},
	{name: "chassis policy list", line: "chassis policy list", want: []string{"Supported chassis power policy"}, not: []string{"failed"}},
	{name: "chassis bootdev pxe", line: "chassis bootdev pxe", want: []string{"pxe"}, not: []string{"failed"}, boot: "pxe"},
	{name: "chassis bootparam get 5", line: "chassis bootparam get 5", want: []string{"PXE"}},
	{name: "lan print", line: "lan print 1", want: []string{"127.62."}, not: []string{"failed"}},
	{name: "lan stats", line: "lan stats get 1", want: []string{"RMCP Rx Valid"}, not: []string{"failed"}},
	{name: "channel info", line: "channel info 1", want: []string{"802.3 LAN"}},
	{name: "channel getciphers", line: "channel getciphers", want: []string{"17"}},
	{name: "session info", line: "session info active", want: []string{"127.0.0.1"}},
	{name: "user list", line: "user list 1", want: []string{"admin", "operator"}},
	{name: "user summary", line: "user summary 1", want: []string{"Enabled User Count"}},
	{name: "sel info", line: "sel info", want: []string{"SEL"}, not: []string{"failed"}},
	{name: "sdr info", line: "sdr info", want: []string{"SDR Version : 0x51", "SDR overflow : false"}, not: []string{"failed"}},
	{name: "sdr list", line: "sdr list", want: []string{"Power"}, not: []string{"failed"}},
	{name: "sensor list", line: "sensor list", want: []string{"Power"}, not: []string{"failed"}},
	{name: "fru print", line: "fru print", want: []string{labPrefix}, not: []string{"failed"}},
	{name: "dcmi discover", line: "dcmi discover", want: []string{"Power management (available)"}, not: []string{"failed"}},
	{name: "dcmi asset_tag", line: "dcmi asset_tag", want: []string{"Asset tag: " + labPrefix}, not: []string{"failed"}},
	{name: "dcmi power", line: "dcmi power reading", want: []string{"Instantaneous power reading"}, not: []string{"failed"}},
	{name: "dcmi get_mc_id_string", line: "dcmi get_mc_id_string", want: []string{labPrefix}, not: []string{"failed"}},
	{name: "pef capabilities", line: "pef capabilities", want: []string{"PEF Version : 0x51"}, not: []string{"failed"}},
	{name: "get-system-info-params", line: "x get-system-info-params", want: []string{labPrefix}, not: []string{"failed"}},
	{name: "power off", line: "chassis power off", power: "off"},
	{name: "power on", line: "chassis power on", power: "on"},
	{name: "power cycle", line: "chassis power cycle", power: "on", within: 10 * time.Second},
	{name: "sel list", line: "sel list", want: []string{"Power"}, not: []string{"failed"}},
	{name: "wrong password", line: "-P wrong mc info", want: []string{"failed"}, not: []string{"Firmware"}, within: 30 * time.Second},
}
