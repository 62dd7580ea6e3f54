package gateway

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

var update = flag.Bool("update", false, "write docs/reference/fault-codes.md instead of checking it")

const faultCodesHead = `# What a power command is answered when vCenter refuses

Written from the tables of the tests by ` + "`go test ./gateway -run TestFaultCodesAreDocumented -update`" + `; do not edit.
Each line is tested with a client of IPMI in front and a simulated vCenter behind, the fault coming from the call and
from the task it started.

Commands are those of ` + "`ipmitool chassis power`" + `: ` + "`on`, `off`, `cycle`, `reset`, `soft`, `diag`" + `. C0h (node busy) is
the code that clients repeat, so it stands for what may pass, also for a vCenter that is gone: CEh, which some BMCs
answer then, is the end for most clients. Neither accepted nor refused after two seconds is C0h too; the command goes on and a repeat
joins it. Too many calls (` + "`rate`" + `) are C0h. An account below operator is answered D4h before vCenter is asked.

The answer is about the acceptance. What fails later, such as the second half of a power cycle, is in the log and
in ` + "`bmcgw_power_operations_total{result=\"failed\"}`" + `.

## Faults of vCenter

| situation | fault | commands | answer |
|---|---|---|---|
`

const situationsHead = `
## What the gateway knows without asking

Of what is not in a line vCenter is asked. Status is what Get Chassis Status says.

| the VM is | status | on | off | cycle | reset | soft | diag |
|---|---|---|---|---|---|---|---|
`

// TestFaultCodesAreDocumented: the reference has what the tables have.
func TestFaultCodesAreDocumented(t *testing.T) {
	path := filepath.Join("..", "docs", "reference", "fault-codes.md")
	want := faultCodesPage()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("%s is not what the tables say, run with -update (-want +got):\n%s", path, diff)
	}
}

func faultCodesPage() string {
	var page strings.Builder
	page.WriteString(faultCodesHead)
	for _, row := range faultCodeRows {
		var faults []string
		for _, f := range row.faults {
			faults = append(faults, faultName(f))
		}
		words := row.verbs
		if words == everyVerb {
			words = "all"
		}
		fmt.Fprintf(&page, "| %s | %s | %s | %s |\n", row.situation, strings.Join(faults, ", "), words, hex(row.code))
	}
	page.WriteString(situationsHead)
	for _, row := range situations {
		fmt.Fprintf(&page, "| %s | %s", row.words, row.status)
		for _, v := range verbs {
			cell := ""
			if code, ok := row.codes[v.word]; ok {
				cell = hex(code)
			}
			fmt.Fprintf(&page, " | %s", cell)
		}
		page.WriteString(" |\n")
	}
	return page.String()
}

func hex(c ipmi.CompletionCode) string { return fmt.Sprintf("%02Xh", uint8(c)) }
