package bmc

import "github.com/bmc-gateway/bmc-gateway/ipmi"

// The sources of the BMC's own events. The repository has an event-only record
// for each, so that clients show a name and not a number.
const (
	sourcePower    = sensorsFrom + iota // Chassis Control took the power away
	sourceRestart                       // Chassis Control started the machine
	sourceNMI                           // Chassis Control pressed the diagnostic button
	sourceLog                           // the event log
	sourceWatchdog                      // the watchdog timer
)

// Offsets of the events (table 42-3).
const (
	powerOffset      = 0 // power off
	powerCycleOffset = 1
	restartOffset    = 7 // with its cause in the second and the channel in the third byte
	nmiOffset        = 0 // front panel NMI
	logClearedOffset = 2

	twoExtensions = 0xF0 // bytes 2 and 3 say more about the offset
	nothingMore   = 0xFF
)

// A source is something that has events and no reading.
type source struct {
	number uint8
	name   string
	kind   ipmi.SensorType
	entity ipmi.Entity
}

// sources lists them in the order of their numbers.
func sources() []source {
	power := ipmi.Entity{ID: ipmi.EntityPowerUnit, Instance: 1}
	controller := ipmi.Entity{ID: ipmi.EntityController, Instance: 1}
	return []source{
		{sourcePower, "Power Command", ipmi.SensorPowerUnit, power},
		{sourceRestart, "Restart Command", ipmi.SensorRestart, power},
		{sourceNMI, "NMI Command", ipmi.SensorCriticalInterrupt, power},
		{sourceLog, "Event Log", ipmi.SensorEventLog, controller},
		{sourceWatchdog, "Watchdog", ipmi.SensorWatchdog, controller},
	}
}

// ownEvent is an event of one of the sources; data 2 and 3 are FFh when there is
// nothing more to say.
func ownEvent(number uint8, kind ipmi.SensorType, data1, data2, data3 byte) ipmi.Event {
	return ipmi.Event{
		Generator: ipmi.GeneratorBMC, SensorType: kind, Sensor: number,
		Type: ipmi.EventSpecific, Data: [3]byte{data1, data2, data3},
	}
}

// notePower writes that a client's power action was carried out. A soft shutdown is only
// a wish until the machine follows it, which is then somebody else's event.
func (b *BMC) notePower(action ipmi.ChassisControl) {
	switch action {
	case ipmi.ChassisPowerDown:
		b.note(ownEvent(sourcePower, ipmi.SensorPowerUnit, powerOffset, nothingMore, nothingMore))
	case ipmi.ChassisPowerCycle:
		b.note(ownEvent(sourcePower, ipmi.SensorPowerUnit, powerCycleOffset, nothingMore, nothingMore))
	case ipmi.ChassisPowerUp, ipmi.ChassisHardReset:
		b.note(ownEvent(sourceRestart, ipmi.SensorRestart, twoExtensions|restartOffset, byte(ipmi.RestartChassisControl), ipmi.ChannelLAN))
	case ipmi.ChassisDiagnostic:
		b.note(ownEvent(sourceNMI, ipmi.SensorCriticalInterrupt, nmiOffset, nothingMore, nothingMore))
	}
}

// noteWatchdog writes that the watchdog timer expired and what it did then: an
// offset of sensor type 23h. cause is the interrupt (bits 7:4) and the timer's
// use (bits 3:0).
func (b *BMC) noteWatchdog(offset, cause byte) {
	const causeFollows = 0xC0
	b.note(ownEvent(sourceWatchdog, ipmi.SensorWatchdog, causeFollows|offset&0x0F, cause, nothingMore))
}

// noteCleared writes the first entry of a log that was cleared, so that it tells of it.
func (b *BMC) noteCleared() {
	b.note(ownEvent(sourceLog, ipmi.SensorEventLog, logClearedOffset, nothingMore, nothingMore))
}
