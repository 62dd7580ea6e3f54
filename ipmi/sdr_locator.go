package ipmi

const (
	locatorSize      = 10 // of both kinds, without the name
	logicalFRU       = 0x80
	fruDeviceType    = 0x10 // a FRU that the controller keeps
	controllerStatic = 0x20
)

// A Locator says where a FRU or a controller is to be found (sections 43.8 and 43.9):
//
//	FRU        [0] owner 20h  [1] FRU  [2] bit 7 logical  [3] channel 0  [4] 0  [5] type 10h
//	           [6] 0  [7] entity  [8] instance  [9] OEM  then the name
//	controller [0] address 20h  [1] channel 0  [2] bit 5 static  [3] abilities
//	           [4:7] 0  [7] entity  [8] instance  [9] OEM  then the name
type Locator struct {
	SDRHeader
	Name    string // at most 16 bytes
	Entity  Entity
	Device  uint8 // of a FRU
	Support uint8 // of a controller: as in DeviceID
}

// AppendLocator appends the record, a controller's or a FRU's.
func AppendLocator(dst []byte, l Locator) []byte {
	start := len(dst)
	dst = beginSDR(dst, l.SDRHeader)
	if l.Type == SDRController {
		dst = append(dst, AddressBMC, 0, controllerStatic, l.Support, 0, 0, 0)
	} else {
		dst = append(dst, AddressBMC, l.Device, logicalFRU, 0, 0, fruDeviceType, 0)
	}
	dst = append(dst, byte(l.Entity.ID), l.Entity.Instance, 0)
	return endSDR(dst, start, l.Name)
}

// ParseLocator reads a record of one of the two types. ErrMalformed says that it
// is of another.
func ParseLocator(b []byte) (Locator, error) {
	h, body, err := ParseSDR(b)
	if err != nil {
		return Locator{}, err
	}
	if h.Type != SDRController && h.Type != SDRFRU {
		return Locator{}, ErrMalformed
	}
	if len(body) < locatorSize {
		return Locator{}, ErrShort
	}
	l := Locator{SDRHeader: h, Entity: Entity{EntityID(body[7]), body[8]}}
	if h.Type == SDRController {
		l.Support = body[3]
	} else {
		l.Device = body[1]
	}
	if l.Name, err = parseSDRName(body[locatorSize:]); err != nil {
		return Locator{}, err
	}
	return l, nil
}
