package page

import (
	"strconv"

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
	At   stamp
	Look string
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
		look := "quiet"
		switch {
		case c.Result != "ok":
			look = "error"
		case c.Changes:
			look = "change"
		}
		out.Commands = append(out.Commands, command{c, stampOf(s.at, c.Time), look})
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
