package ipmi

// A SensorType says what a sensor watches (table 42-3).
type SensorType uint8

// The sensor types a virtual machine has something to say about.
const (
	SensorTemperature       SensorType = 0x01
	SensorVoltage           SensorType = 0x02
	SensorCurrent           SensorType = 0x03
	SensorProcessor         SensorType = 0x07
	SensorPowerSupply       SensorType = 0x08
	SensorPowerUnit         SensorType = 0x09
	SensorOtherUnits        SensorType = 0x0B
	SensorMemory            SensorType = 0x0C
	SensorDriveSlot         SensorType = 0x0D
	SensorEventLog          SensorType = 0x10
	SensorSystemEvent       SensorType = 0x12
	SensorCriticalInterrupt SensorType = 0x13
	SensorButton            SensorType = 0x14
	SensorRestart           SensorType = 0x1D
	SensorOSBoot            SensorType = 0x1F
	SensorOSStop            SensorType = 0x20
	SensorACPIState         SensorType = 0x22
	SensorWatchdog          SensorType = 0x23
	SensorEntityPresence    SensorType = 0x25
	SensorLAN               SensorType = 0x27
	SensorManagement        SensorType = 0x28
	SensorSessionAudit      SensorType = 0x2A
	SensorVersionChange     SensorType = 0x2B
)

// An EventType is the event/reading type code: how a sensor's states and events
// are to be read (table 42-1).
type EventType uint8

// The event types: thresholds, the generic discrete ones, and the sensor
// type's own states.
const (
	EventThreshold  EventType = 0x01
	EventUsage      EventType = 0x02
	EventState      EventType = 0x03
	EventPredictive EventType = 0x04
	EventLimit      EventType = 0x05
	EventSeverity   EventType = 0x07
	EventPresence   EventType = 0x08
	EventEnabled    EventType = 0x09
	EventRedundancy EventType = 0x0B
	EventSpecific   EventType = 0x6F
)

// An Entity is the part of the system that a sensor or FRU belongs to (section 39.1).
type Entity struct {
	ID       EntityID
	Instance uint8 // 01h–5Fh
}

// An EntityID is a kind of part (table 43-13).
type EntityID uint8

// The entities of a virtual machine.
const (
	EntityProcessor     EntityID = 0x03
	EntityDisk          EntityID = 0x04
	EntitySystemBoard   EntityID = 0x07
	EntityPowerUnit     EntityID = 0x13
	EntitySystemChassis EntityID = 0x17
	EntityMemory        EntityID = 0x20
	EntityFirmware      EntityID = 0x22
	EntityOS            EntityID = 0x23
	EntityController    EntityID = 0x2E
)

// A Unit is what a sensor's reading is counted in (table 43-15).
type Unit uint8

// The units of a virtual machine's sensors.
const (
	UnitNone     Unit = 0
	UnitDegreesC Unit = 1
	UnitWatts    Unit = 6
	UnitHertz    Unit = 19
	UnitSecond   Unit = 22
	UnitMinute   Unit = 23
	UnitHour     Unit = 24
	UnitDay      Unit = 25
	UnitMegabyte Unit = 72
	UnitGigabyte Unit = 73
)
