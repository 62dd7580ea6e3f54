package ipmi

const (
	platformEventMin    = 5 // without event data 2 and 3
	platformEventLAN    = 7
	platformEventSystem = 8 // with a generator in front
	unspecifiedData     = 0xFF
)

// ParsePlatformEvent reads the request of Platform Event (section 29.3):
//
//	[0] event message revision  [1] sensor type  [2] sensor  [3] bit 7 deasserted, bits 6:0 event type  [4:7] event data
//
// A message from the LAN names no generator: it is whoever sent it, with the
// channel it came on. With eight bytes, the form of the system interface, the
// generator comes first. The second and third byte of event data may be missing. The
// error is a CompletionCode.
func ParsePlatformEvent(data []byte, sender uint16) (Event, error) {
	if len(data) == platformEventSystem {
		sender, data = uint16(data[0]), data[1:]
	}
	if len(data) < platformEventMin || len(data) > platformEventLAN {
		return Event{}, InvalidLength
	}
	if data[0] != eventRevision && data[0] != eventRevisionOld {
		return Event{}, InvalidField
	}
	e := Event{
		Generator:  sender,
		SensorType: SensorType(data[1]),
		Sensor:     data[2],
		Type:       EventType(data[3] & eventTypeMask),
		Deasserted: data[3]&eventDeasserted != 0,
		Data:       [3]byte{unspecifiedData, unspecifiedData, unspecifiedData},
	}
	copy(e.Data[:], data[4:])
	return e, nil
}
