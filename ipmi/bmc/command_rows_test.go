package bmc

import (
	"testing"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// TestFindCommand asks for every network function and command there can be, the
// impossible ones included, and compares with a search of the table.
func TestFindCommand(t *testing.T) {
	if len(commands) > 254 {
		t.Fatalf("%d rows do not fit into the index", len(commands))
	}
	found := 0
	for fn := range 256 {
		for cmd := range 256 {
			var want *Command
			for i := range commands {
				if row := &commands[i]; row.NetFn == ipmi.NetFn(fn) && row.Cmd == uint8(cmd) {
					want = row
				}
			}
			if got := findCommand(ipmi.NetFn(fn), uint8(cmd)); got != want {
				t.Errorf("netfn %02Xh command %02Xh: got %v, want %v", fn, cmd, got, want)
			}
			if want != nil {
				found++
			}
		}
	}
	if found != len(commands) {
		t.Errorf("%d commands, but %d rows: one is there twice", found, len(commands))
	}
}
