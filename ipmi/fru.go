package ipmi

import (
	"errors"
	"strings"
)

// What the FRU format cannot hold (Platform Management FRU Information Storage
// Definition 1.0, sections 8 and 13).
var (
	ErrFRUTooLong = errors.New("ipmi: FRU area is longer than 2040 bytes")
)

const (
	fruVersion     = 0x01
	fruUnit        = 8 // offsets and lengths are counted in these, bytes
	fruHeaderSize  = 8
	fruEnd         = 0xC1
	fruText        = 0xC0
	fruTypeMask    = 0xC0
	fruLengthMask  = 0x3F
	maxFRUField    = 63
	fruEnglish     = 0 // language code
	maxAreaLength  = 255 * fruUnit
	chassisTypeAny = 0x01
)

// A FRU is the inventory of a part, in the three areas that have text
// (Platform Management FRU Information Storage Definition 1.0). An area of which
// nothing is set is left out. Texts are ASCII of at most 63 bytes.
type FRU struct {
	Chassis FRUChassis
	Board   FRUBoard
	Product FRUProduct
}

// A FRUChassis is the chassis info area (section 10).
type FRUChassis struct {
	Type       uint8 // as in SMBIOS; 0 stands for "other"
	PartNumber string
	Serial     string
	Custom     []string
}

// A FRUBoard is the board info area (section 11).
type FRUBoard struct {
	Made         uint32 // minutes since 1996, 24 bits; 0: unspecified
	Manufacturer string
	Name         string
	Serial       string
	PartNumber   string
	FileID       string
	Custom       []string
}

// A FRUProduct is the product info area (section 12).
type FRUProduct struct {
	Manufacturer string
	Name         string
	PartNumber   string
	Version      string
	Serial       string
	AssetTag     string
	FileID       string
	Custom       []string
}

// AppendFRU appends the image: the common header and the areas. What does not
// fit into a field is cut off. ErrFRUTooLong says that an area has too many.
//
//	[0] version 1  [1] internal use  [2] chassis  [3] board  [4] product  [5] multirecord, in 8 bytes from
//	the start, 0 for none  [6] 0  [7] checksum
func AppendFRU(dst []byte, f FRU) ([]byte, error) {
	start := len(dst)
	dst = append(dst, fruVersion, 0, 0, 0, 0, 0, 0, 0)
	for i, area := range [...][]byte{f.Chassis.area(), f.Board.area(), f.Product.area()} {
		if area == nil {
			continue
		}
		if len(area) > maxAreaLength {
			return nil, ErrFRUTooLong
		}
		at := len(dst) - start
		if at > maxAreaLength {
			return nil, ErrFRUTooLong
		}
		dst[start+2+i] = byte(at / fruUnit)
		dst = append(dst, area...)
	}
	dst[start+7] = checksum(dst[start : start+7])
	return dst, nil
}

func (c FRUChassis) area() []byte {
	if c.Type == 0 && c.PartNumber == "" && c.Serial == "" && len(c.Custom) == 0 {
		return nil
	}
	kind := c.Type
	if kind == 0 {
		kind = chassisTypeAny
	}
	return fruArea([]byte{fruVersion, 0, kind}, []string{c.PartNumber, c.Serial}, c.Custom)
}

func (b FRUBoard) area() []byte {
	fields := []string{b.Manufacturer, b.Name, b.Serial, b.PartNumber, b.FileID}
	if b.Made == 0 && blank(fields) && len(b.Custom) == 0 {
		return nil
	}
	return fruArea(appendUint24([]byte{fruVersion, 0, fruEnglish}, b.Made), fields, b.Custom)
}

func (p FRUProduct) area() []byte {
	fields := []string{p.Manufacturer, p.Name, p.PartNumber, p.Version, p.Serial, p.AssetTag, p.FileID}
	if blank(fields) && len(p.Custom) == 0 {
		return nil
	}
	return fruArea([]byte{fruVersion, 0, fruEnglish}, fields, p.Custom)
}

func blank(fields []string) bool { return strings.Join(fields, "") == "" }

// fruArea completes an area: its fields, the mark of their end, zeros up to a
// multiple of eight, and the checksum.
func fruArea(area []byte, fields, custom []string) []byte {
	for _, text := range fields {
		area = appendFRUText(area, text)
	}
	for _, text := range custom {
		if text != "" {
			area = appendFRUText(area, text)
		}
	}
	area = append(area, fruEnd)
	for len(area)%fruUnit != fruUnit-1 {
		area = append(area, 0)
	}
	if n := (len(area) + 1) / fruUnit; n <= 255 {
		area[1] = byte(n)
	}
	return append(area, checksum(area))
}

// appendFRUText appends a field, its type and length first. A text of one byte
// would look like the mark of the end, so it gets a space.
func appendFRUText(dst []byte, text string) []byte {
	text = text[:min(len(text), maxFRUField)]
	if len(text) == 1 {
		text += " "
	}
	dst = append(dst, fruText|byte(len(text)))
	return append(dst, text...)
}
