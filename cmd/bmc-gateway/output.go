package main

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

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

// plain takes JSON's brackets and quotes away; the encoder puts quotes back where a
// text would be read as something else.
func plain(n *yaml.Node) {
	n.Style = 0
	for _, inner := range n.Content {
		plain(inner)
	}
}

// printCSV prints the wide table with a comma between its cells (RFC 4180).
func printCSV(w io.Writer, bmcs []admin.BMC, headers bool, now time.Time) error {
	c := csv.NewWriter(w)
	if headers {
		if err := c.Write(allColumns()); err != nil {
			return err
		}
	}
	for _, b := range bmcs {
		if err := c.Write(wideRow(b, now)); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

func allColumns() []string { return append(columns[:len(columns):len(columns)], wideColumns...) }
