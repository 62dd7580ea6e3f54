package bmc_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
)

var update = flag.Bool("update", false, "write docs/reference/ipmi-commands.md instead of checking it")

var commandsPath = filepath.Join("..", "..", "docs", "reference", "ipmi-commands.md")

const commandsHead = `# IPMI commands

Written from the command table by ` + "`go test ./ipmi/bmc -run TestCommandsAreDocumented -update`" + `; do not edit.

A command that is not in this list is answered with C1h, at once. Sections are those of the IPMI 2.0 specification,
revision 1.1, or of DCMI 1.5. Every command can also be answered with

| code | when |
|---|---|
| C0h | what the VM is like is not known now, or vCenter has not taken the command within two seconds; ask again |
| C2h | the request is not for LUN 0 |
| C7h | the request has another length than the specification says |
| C9h, CCh | a field has a value that does not exist |
| D4h | the session's level is too low; this is looked at before the request is |
| FFh | vCenter refused, and there is no better code |

*none* as privilege: answered without a session, too.
`

// TestCommandsAreDocumented: the reference has all rows of the table, as they are.
func TestCommandsAreDocumented(t *testing.T) {
	want := documentation(t)
	if *update {
		if err := os.WriteFile(commandsPath, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(commandsPath)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("%s is not what the table says, run with -update (-want +got):\n%s", commandsPath, diff)
	}
}

// TestCommandWordsFit: there are words for every command, and for no other.
func TestCommandWordsFit(t *testing.T) {
	code := regexp.MustCompile(`^[0-9A-F]{2}h `)
	rows := make(map[string]bool)
	for _, c := range bmc.Commands() {
		rows[c.Name] = true
		words, ok := commandWords[c.Name]
		if !ok || words.content == "" {
			t.Errorf("%s: command_words_test.go does not say what it answers", c.Name)
		}
		for _, line := range words.codes {
			if !code.MatchString(line) {
				t.Errorf("%s: %q does not begin with a completion code", c.Name, line)
			}
		}
	}
	for name := range commandWords {
		if !rows[name] {
			t.Errorf("%s has words but is no command of the table", name)
		}
	}
}

// documentation is the whole file.
func documentation(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(commandsHead)
	last := ipmi.NetFn(0xFF)
	for _, c := range bmc.Commands() {
		if c.NetFn != last {
			last = c.NetFn
			fmt.Fprintf(&b, "\n## %s\n\n| command | NetFn/Cmd | section | privilege | content | its own codes |\n|---|---|---|---|---|---|\n", netFnTitle(c.NetFn))
		}
		words := commandWords[c.Name]
		fmt.Fprintf(&b, "| %s | %02Xh/%02Xh | %s | %s | %s | %s |\n", c.Name, uint8(c.NetFn), c.Cmd, c.Section,
			privilegeWord(c), words.content, strings.Join(words.codes, "; "))
	}
	return b.String()
}

func privilegeWord(c bmc.Command) string {
	if c.Sessionless {
		return "*none*"
	}
	return c.Privilege.String()
}

func netFnTitle(fn ipmi.NetFn) string {
	switch fn {
	case ipmi.NetFnChassis:
		return "Chassis"
	case ipmi.NetFnSensor:
		return "Sensor and event"
	case ipmi.NetFnApp:
		return "Application"
	case ipmi.NetFnStorage:
		return "Storage"
	case ipmi.NetFnTransport:
		return "Transport"
	case ipmi.NetFnGroup:
		return "Group extension DCh: DCMI"
	default:
		return fmt.Sprintf("Network function %02Xh", uint8(fn))
	}
}
