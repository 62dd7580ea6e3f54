package page

import (
	"fmt"
	"strconv"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// A stamp is a time as the page shows it; the zero value is none.
type stamp struct {
	ISO  string // for machines
	Full string // for people, in UTC
	Ago  string // how long before the moment that is shown: "5 min ago"
	Span string // the same without its direction: "5 min"
}

// stampOf writes a time. ISO and Full stay the same from moment to moment, so that
// nothing is sent for time that merely passes.
func stampOf(now, t time.Time) stamp {
	if t.IsZero() {
		return stamp{}
	}
	t = t.UTC().Truncate(time.Second)
	return stamp{ISO: t.Format(time.RFC3339), Full: t.Format("2006-01-02 15:04:05 UTC"), Ago: relative(t.Sub(now)), Span: span(t.Sub(now).Abs())}
}

// relative says where a time lies; the page's script says it in the same words.
func relative(d time.Duration) string {
	switch {
	case d.Abs() < 5*time.Second:
		return "just now"
	case d < 0:
		return span(-d) + " ago"
	default:
		return "in " + span(d)
	}
}

// span is a duration in its largest unit.
func span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	default:
		return fmt.Sprintf("%d days", int(d.Hours()/24))
	}
}

// A word is a state with the name of its look.
type word struct{ Look, Text string }

// stateOf is a BMC's state in the operator's words.
func stateOf(b *admin.BMC) word {
	switch rankOf(b) {
	case failed:
		return word{"error", "error"}
	case waiting:
		return word{"pending", "waiting"}
	case remarked:
		return word{"remark", "ready, with a remark"}
	case held:
		return word{"held", "removal held"}
	case maintained:
		return word{"maintenance", "maintenance"}
	default:
		return word{"ready", "ready"}
	}
}

// stateName is what a state is called above a list.
func stateName(state string) string {
	switch state {
	case "":
		return "All"
	case problematic:
		return "Need attention"
	case string(admin.Pending):
		return "Waiting"
	case string(admin.Ready):
		return "Ready"
	case string(admin.Error):
		return "Error"
	case string(admin.Maintained):
		return "Maintenance"
	default:
		return "Removal held"
	}
}

// grouped writes a number with a comma at the thousands.
func grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// several writes a number with its noun.
func several(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return grouped(n) + " " + one + "s"
}
