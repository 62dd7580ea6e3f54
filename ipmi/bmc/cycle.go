package bmc

import "time"

// A CycleTimer is a Machine whose power cycle can be told how long to stay off.
// Without it Set Power Cycle Interval is refused: the configuration owns the time.
type CycleTimer interface {
	// SetCycleInterval sets the time of the power cycles to come, 0 to 255 s.
	SetCycleInterval(off time.Duration) error
}
