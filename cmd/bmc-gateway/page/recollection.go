package page

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// A recollection is what a BMC remembers and reads.
type recollection struct {
	Commands []command
	SEL      []selEntry
	SELMore  string // how many entries the event log has besides; empty: none
	Sensors  []sensor
}

// A command is one that was answered, or several equal ones.
type command struct {
	admin.Command
	Name   string // with what it asked for
	Origin string // where it came from
	At     stamp
	Look   string
}

// A selEntry is an entry of the event log.
type selEntry struct {
	admin.SELEntry
	At stamp
}

// A sensor is what is read.
type sensor struct{ Name, Type, Reading, State, Look string }

func recollect(s *scene, d admin.Detail) *recollection {
	out := new(recollection)
	for _, c := range d.Commands {
		out.Commands = append(out.Commands, commandOf(s, c))
	}
	for _, e := range d.SEL {
		out.SEL = append(out.SEL, selEntry{e, stampOf(s.at, e.Time)})
	}
	if more := d.SELTotal - len(d.SEL); more > 0 {
		out.SELMore = grouped(more)
	}
	for _, one := range d.Sensors {
		out.Sensors = append(out.Sensors, sensorOf(one))
	}
	return out
}

// commandOf has a command that failed stand out if it was to change something; that a
// client asks for what there is not is its way of finding out.
func commandOf(s *scene, c admin.Command) command {
	out := command{Command: c, Name: strings.TrimSpace(c.Command + " " + c.Detail), Origin: "socket", At: stampOf(s.at, c.Time), Look: "quiet"}
	if c.From.IsValid() {
		out.Origin = c.From.String()
	}
	switch {
	case c.Result != "ok" && c.Changes:
		out.Look = "error"
	case c.Result != "ok" && c.Result != "unsupported":
		out.Look = "remark"
	case c.Changes:
		out.Look = "change"
	}
	if c.Command == "unknown" {
		out.Name = fmt.Sprintf("unknown (NetFn %02Xh, command %02Xh)", c.NetFn, c.Cmd)
	}
	return out
}

func sensorOf(s admin.Sensor) sensor {
	out := sensor{Name: s.Name, Type: s.Type, State: s.State, Look: "quiet"}
	if s.Reading != nil {
		out.Reading = strconv.FormatFloat(*s.Reading, 'f', -1, 64)
		if s.Unit != "" {
			out.Reading += " " + s.Unit
		}
	}
	return out
}
