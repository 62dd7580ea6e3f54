//go:build !race

package browser

// allBMCs is how many BMCs the daemon has, those of 20 tenants together.
const (
	allBMCs      = 10_000
	raceDetector = false
)
