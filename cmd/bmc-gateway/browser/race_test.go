//go:build race

package browser

// Under the race detector a tenth will do: making 10,000 VMs would take a minute.
const (
	allBMCs      = 1000
	raceDetector = true
)
