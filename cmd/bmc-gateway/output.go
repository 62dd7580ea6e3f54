package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"
)

// A format is the form in which a command prints what it has to show: a text for
// people, or the same for programs.
type format struct {
	chosen string
	known  []string
}

// flag gives a command the flag -o; the first of known is what it prints without.
func (f *format) flag(cmd *cobra.Command, known ...string) {
	f.known = known
	cmd.Flags().StringVarP(&f.chosen, "output", "o", known[0], "`format`: "+strings.Join(known, ", "))
	// The error is for a flag that is not there.
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(known, cobra.ShellCompDirectiveNoFileComp))
}

// args checks the arguments of a command, and then the format.
func (f *format) args(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return err
		}
		return oneOf("--output", f.chosen, f.known...)
	}
}

// print prints the document for programs, or the text.
func (f *format) print(w io.Writer, document any, text func() string) error {
	switch f.chosen {
	case "json":
		return printJSON(w, document)
	case "yaml":
		return printYAML(w, document)
	default:
		_, err := io.WriteString(w, text())
		return err
	}
}

// printCells is the same for what is a table.
func (f *format) printCells(w io.Writer, document any, c cells) error {
	if f.chosen == "csv" {
		return c.csv(w)
	}
	return f.print(w, document, c.String)
}

// cells are the lines of a table.
type cells struct {
	headers []string // none: the table has no such line
	rows    [][]string
	none    string // what people read when there are no rows; empty: the headers
}

// String aligns the cells in columns.
func (c cells) String() string {
	if len(c.rows) == 0 && c.none != "" {
		return c.none + "\n"
	}
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	if c.headers != nil {
		fmt.Fprintln(t, strings.Join(c.headers, "\t"))
	}
	for _, row := range c.rows {
		fmt.Fprintln(t, strings.Join(row, "\t"))
	}
	t.Flush() // into memory
	return b.String()
}

// csv prints the cells with commas between them (RFC 4180).
func (c cells) csv(w io.Writer) error {
	out := csv.NewWriter(w)
	if c.headers != nil {
		if err := out.Write(c.headers); err != nil {
			return err
		}
	}
	return out.WriteAll(c.rows)
}

func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// printYAML prints what printJSON would, in its order.
func printYAML(w io.Writer, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil { // JSON is YAML
		return err
	}
	plain(&doc)
	enc := yaml.NewEncoder(w)
	enc.SetIndent(2)
	if err := enc.Encode(&doc); err != nil {
		return err
	}
	return enc.Close()
}

// otherwise are texts that YAML 1.1, which Ansible and most of Python read, takes for
// truths, or for numbers with the base 60.
var otherwise = regexp.MustCompile(`^(?i:y|n|yes|no|on|off)$|^[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?$`)

// plain takes JSON's brackets and quotes away; the encoder puts quotes back where a
// text would be read as something else by YAML 1.2.
func plain(n *yaml.Node) {
	n.Style = 0
	if n.ShortTag() == "!!str" && otherwise.MatchString(n.Value) {
		n.Style = yaml.DoubleQuotedStyle
	}
	for _, inner := range n.Content {
		plain(inner)
	}
}
