package gateway

import (
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

const (
	noMore = 0xFF // an event data byte with nothing to say
	// oemByte2 says that the second byte is ours.
	oemByte2 = 0x80
	// causeFollows says that the second byte has the cause of a restart (table 42-3,
	// type 1Dh, offset 7). The third would have the channel, but none was used.
	causeFollows = 0xC0
	causeOEM     = 0x05 // of a restart: something only we know (section 28.11)

	whyMigrated = 0x01 // our second bytes of a system event
	whyQuestion = 0x02
)

// selEvents is what vCenter's events are in a system event log: the sensor, the
// state of it (table 42-3) and the rest of the event data.
var selEvents = map[vsphere.EventKind]struct {
	sensor uint8
	kind   ipmi.SensorType
	data   [3]byte
}{
	vsphere.EventPoweredOn:      {sensorACPI, ipmi.SensorACPIState, [3]byte{acpiWorking, noMore, noMore}},
	vsphere.EventPoweredOff:     {sensorACPI, ipmi.SensorACPIState, [3]byte{acpiSoftOff, noMore, noMore}},
	vsphere.EventSuspended:      {sensorACPI, ipmi.SensorACPIState, [3]byte{acpiSuspended, noMore, noMore}},
	vsphere.EventReset:          {sensorRestart, ipmi.SensorRestart, [3]byte{restartHard, noMore, noMore}},
	vsphere.EventGuestReboot:    {sensorRestart, ipmi.SensorRestart, [3]byte{restartOSWarm, noMore, noMore}},
	vsphere.EventHAReset:        {sensorRestart, ipmi.SensorRestart, [3]byte{causeFollows | restartSystem, causeOEM, noMore}},
	vsphere.EventGuestShutdown:  {sensorOSStop, ipmi.SensorOSStop, [3]byte{stopGraceful, noMore, noMore}},
	vsphere.EventGuestCrashed:   {sensorOSStop, ipmi.SensorOSStop, [3]byte{stopRunTime, noMore, noMore}},
	vsphere.EventPowerOnFailed:  {sensorPowerUnit, ipmi.SensorPowerUnit, [3]byte{unitFailure, noMore, noMore}},
	vsphere.EventPowerOffFailed: {sensorPowerUnit, ipmi.SensorPowerUnit, [3]byte{unitSoftFailure, noMore, noMore}},
	vsphere.EventResetFailed:    {sensorPowerUnit, ipmi.SensorPowerUnit, [3]byte{unitSoftFailure, noMore, noMore}},
	vsphere.EventHARestart:      {sensorPowerUnit, ipmi.SensorPowerUnit, [3]byte{unitPowerLost, noMore, noMore}},
	vsphere.EventReconfigured:   {sensorSystem, ipmi.SensorSystemEvent, [3]byte{systemReconfigured, noMore, noMore}},
	vsphere.EventMigrated:       {sensorSystem, ipmi.SensorSystemEvent, [3]byte{oemByte2 | systemReconfigured, whyMigrated, noMore}},
	vsphere.EventQuestion:       {sensorSystem, ipmi.SensorSystemEvent, [3]byte{oemByte2 | systemUndetermined, whyQuestion, noMore}},
}

// selEvent returns the event as a system event log has it; false for one that it
// does not have.
func selEvent(kind vsphere.EventKind) (ipmi.Event, bool) {
	row, ok := selEvents[kind]
	return ipmi.Event{
		Generator: ipmi.GeneratorBMC, SensorType: row.kind, Sensor: row.sensor, Type: ipmi.EventSpecific, Data: row.data,
	}, ok
}
