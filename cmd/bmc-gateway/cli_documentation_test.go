package main

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

var update = flag.Bool("update", false, "write docs/reference/cli.md anew")

const cliPage = "../../docs/reference/cli.md"

const cliHead = `# Command line

Made from the commands themselves; a test keeps it true (` + "`go test ./cmd/bmc-gateway -run TestCommandLineIsDocumented -update`" + `).
The same stands in the manual pages. Exit codes are in [the admin socket's page](http-api.md).
`

func TestCommandLineIsDocumented(t *testing.T) {
	p := &program{env: func(string) string { return "" }}
	root := p.root()
	root.DisableAutoGenTag = true
	var b bytes.Buffer
	b.WriteString(cliHead)
	describe(t, &b, root)
	if *update {
		if err := os.WriteFile(cliPage, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(cliPage)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("%s (-documented +there):\n%s", cliPage, diff)
	}
}

// describe writes a command and those below it, without what every one of them has.
func describe(t *testing.T, b *bytes.Buffer, c *cobra.Command) {
	t.Helper()
	if c.Hidden || c.Name() == "help" || c.Name() == "completion" {
		return
	}
	var page bytes.Buffer
	if err := doc.GenMarkdownCustom(c, &page, func(string) string { return "" }); err != nil {
		t.Fatal(err)
	}
	text, _, _ := strings.Cut(page.String(), "### SEE ALSO")
	text, _, _ = strings.Cut(text, "### Options inherited from parent commands")
	b.WriteString("\n" + strings.TrimSpace(text) + "\n")
	for _, sub := range c.Commands() {
		describe(t, b, sub)
	}
}
