package bmc

import (
	"fmt"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// A Mode says how much of a BMC there is for the time being.
type Mode uint8

// The modes.
const (
	// Normal: everything is answered.
	Normal Mode = iota
	// ReadOnly: commands that may change something are answered with node busy,
	// which clients repeat, and carried out by nobody.
	ReadOnly
	// Silent: nothing is answered.
	Silent
)

// errReadOnly is what became of a command in ReadOnly mode.
var errReadOnly = fmt.Errorf("the BMC is in maintenance: %w", ipmi.NodeBusy)

// locked says whether the mode keeps the command from being carried out, and tells
// of it. Wrong parameters are not looked for: the answer is the same.
func (c *call) locked() bool {
	if c.b.mode != ReadOnly || !c.row.Changes || c.s == nil {
		return false
	}
	what := c.row.Name
	if c.row.NetFn == ipmi.NetFnChassis && c.row.Cmd == cmdChassisControl {
		if action, err := ipmi.ParseChassisControl(c.data()); err == nil {
			what += " " + action.String()
		}
	}
	c.b.config.Events.Changed(Audit{
		Account: c.s.who.name, Session: c.s.id, From: c.from, Command: what,
		Code: ipmi.NodeBusy, Err: errReadOnly,
	})
	return true
}
