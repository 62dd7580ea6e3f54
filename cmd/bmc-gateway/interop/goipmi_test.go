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
			{name: "chassis status", line: "chassis status", needs: "Activate Session", want: []string{"System Power : on"}},
			{name: "mc info", line: "mc info", needs: "Activate Session", want: []string{"IPMI Version : 2.0"}},
			{name: "power off", line: "chassis power off", needs: "Activate Session", power: "off"},
			{name: "power on", line: "chassis power on", needs: "Activate Session", power: "on"},
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
	b.env[0] = "PATH=" + dir + string(filepath.ListSeparator) + b.env[0][len("PATH="):]
}

var goipmiCases = []row{
	{name: "mc info", line: "mc info", want: []string{"Firmware Revision : 1.23", "IPMI Version : 2.0", "6876"}},
	{name: "mc guid", line: "mc guid", want: []string{"System GUID"}},
	{name: "mc acpi", line: "mc acpi get", needs: "Get ACPI Power State", want: []string{"S0"}},
	{name: "mc watchdog", line: "mc watchdog get", needs: "Get Watchdog Timer", not: []string{"failed"}},
	{name: "chassis status", line: "chassis status", want: []string{"System Power : on"}},
	{name: "chassis cap", line: "chassis cap get", not: []string{"failed"}},
	{name: "chassis restart_cause", line: "chassis restart_cause", needs: "Get System Restart Cause", not: []string{"failed"}},
	{name: "chassis poh", line: "chassis poh", needs: "Get POH Counter", want: []string{"POH"}, not: []string{"failed"}},
	{name: "chassis policy list", line: "chassis policy list", needs: "Set Power Restore Policy", not: []string{"failed"}},
	{name: "chassis bootdev pxe", line: "chassis bootdev pxe", want: []string{"pxe"}, not: []string{"failed"}},
	{name: "chassis bootparam get 5", line: "chassis bootparam get 5", want: []string{"PXE"}},
	{name: "lan print", line: "lan print 1", needs: "Get IP/UDP/RMCP Statistics", want: []string{"127.62."}, not: []string{"failed"}},
	{name: "lan stats", line: "lan stats get 1", needs: "Get IP/UDP/RMCP Statistics", not: []string{"failed"}},
	{name: "channel info", line: "channel info 1", want: []string{"802.3 LAN"}},
	{name: "channel getciphers", line: "channel getciphers", want: []string{"17"}},
	{name: "session info", line: "session info active", want: []string{"127.0.0.1"}},
	{name: "user list", line: "user list 1", needs: "Get User Name", want: []string{"admin", "operator"}},
	{name: "user summary", line: "user summary 1", needs: "Get User Access", want: []string{"Enabled User Count"}},
	{name: "sel info", line: "sel info", needs: "Get SEL Info", want: []string{"SEL"}, not: []string{"failed"}},
	{name: "sdr info", line: "sdr info", needs: "Get SDR Repository Info", not: []string{"failed"}},
	{name: "sdr list", line: "sdr list", needs: "Get SDR", want: []string{"Power"}, not: []string{"failed"}},
	{name: "sensor list", line: "sensor list", needs: "Get SDR", want: []string{"Power"}, not: []string{"failed"}},
	{name: "fru print", line: "fru print", needs: "Read FRU Data", want: []string{labPrefix}, not: []string{"failed"}},
	{name: "dcmi discover", line: "dcmi discover", needs: "DCMI Get Capabilities Info", not: []string{"failed"}},
	{name: "dcmi asset_tag", line: "dcmi asset_tag", needs: "DCMI Get Asset Tag", not: []string{"failed"}},
	{name: "dcmi power", line: "dcmi power reading", needs: "DCMI Get Power Reading", not: []string{"failed"}},
	{name: "dcmi get_mc_id_string", line: "dcmi get_mc_id_string", needs: "DCMI Get Management Controller Identifier String", not: []string{"failed"}},
	{name: "pef capabilities", line: "pef capabilities", needs: "Get PEF Capabilities", not: []string{"failed"}},
	{name: "get-system-info-params", line: "x get-system-info-params", needs: "Get System Info Parameters", not: []string{"failed"}},
	{name: "power off", line: "chassis power off", power: "off"},
	{name: "power on", line: "chassis power on", power: "on"},
	{name: "power cycle", line: "chassis power cycle", power: "on", within: 10 * time.Second},
	{name: "sel list", line: "sel list", needs: "Get SEL Entry", want: []string{"Power"}, not: []string{"failed"}},
	{name: "wrong password", line: "-P wrong mc info", want: []string{"failed"}, not: []string{"Firmware"}, within: 30 * time.Second},
}
