package ipmi

// A Threshold is one of the six limits a sensor can have. Its value is its place
// in Get Sensor Thresholds and in every mask of thresholds (section 35.9).
type Threshold uint8

// The thresholds.
const (
	LowerNonCritical Threshold = iota
	LowerCritical
	LowerNonRecoverable
	UpperNonCritical
	UpperCritical
	UpperNonRecoverable

	// ThresholdCount is the number of thresholds.
	ThresholdCount = 6
)

// upper says on which side of the threshold it is bad to be.
func (t Threshold) upper() bool { return t >= UpperNonCritical }

// Thresholds are the limits of a sensor as raw readings, in the order of Get
// Sensor Thresholds; Mask has a bit for each one there is.
type Thresholds struct {
	Mask uint8
	Raw  [ThresholdCount]uint8
}

// Set adds a threshold.
func (t *Thresholds) Set(which Threshold, raw uint8) {
	t.Mask |= 1 << which
	t.Raw[which] = raw
}

// Crossed returns the bits of the thresholds a reading is at or beyond
// (section 35.14).
func (t Thresholds) Crossed(raw uint8) uint8 {
	var crossed uint8
	for i, limit := range t.Raw {
		bit := uint8(1) << i
		switch {
		case t.Mask&bit == 0:
		case Threshold(i).upper() && raw >= limit, !Threshold(i).upper() && raw <= limit:
			crossed |= bit
		}
	}
	return crossed
}
