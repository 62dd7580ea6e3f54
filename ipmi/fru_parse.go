package ipmi

// ParseFRU reads an image as AppendFRU writes it. Other areas are passed over.
// It fails with ErrShort, ErrChecksum or, for another version or text in a
// packed encoding, ErrMalformed.
func ParseFRU(image []byte) (FRU, error) {
	var f FRU
	if len(image) < fruHeaderSize {
		return f, ErrShort
	}
	if image[0] != fruVersion {
		return f, ErrMalformed
	}
	if checksum(image[:fruHeaderSize]) != 0 {
		return f, ErrChecksum
	}
	for i, parse := range [...]func([]byte) error{f.Chassis.parse, f.Board.parse, f.Product.parse} {
		at := int(image[2+i]) * fruUnit
		if at == 0 {
			continue
		}
		area, err := fruAreaAt(image, at)
		if err != nil {
			return FRU{}, err
		}
		if err := parse(area); err != nil {
			return FRU{}, err
		}
	}
	return f, nil
}

// fruAreaAt returns the area that begins there, without its checksum.
func fruAreaAt(image []byte, at int) ([]byte, error) {
	if at+2 > len(image) {
		return nil, ErrShort
	}
	n := int(image[at+1]) * fruUnit
	if n == 0 || at+n > len(image) {
		return nil, ErrShort
	}
	area := image[at : at+n]
	if area[0] != fruVersion {
		return nil, ErrMalformed
	}
	if checksum(area) != 0 {
		return nil, ErrChecksum
	}
	return area[:n-1], nil
}

func (c *FRUChassis) parse(area []byte) (err error) {
	c.Type = area[2]
	c.Custom, err = parseFRUFields(area[3:], &c.PartNumber, &c.Serial)
	return err
}

func (b *FRUBoard) parse(area []byte) (err error) {
	b.Made = uint24(area[3:])
	b.Custom, err = parseFRUFields(area[6:], &b.Manufacturer, &b.Name, &b.Serial, &b.PartNumber, &b.FileID)
	return err
}

func (p *FRUProduct) parse(area []byte) (err error) {
	p.Custom, err = parseFRUFields(area[3:],
		&p.Manufacturer, &p.Name, &p.PartNumber, &p.Version, &p.Serial, &p.AssetTag, &p.FileID)
	return err
}

// parseFRUFields reads text after text up to the mark of the end. What comes
// after the named ones is custom.
func parseFRUFields(b []byte, named ...*string) (custom []string, err error) {
	for i := 0; ; i++ {
		if len(b) == 0 {
			return nil, ErrShort
		}
		if b[0] == fruEnd {
			return custom, nil
		}
		kind, n := b[0]&fruTypeMask, int(b[0]&fruLengthMask)
		if len(b) < 1+n {
			return nil, ErrShort
		}
		if kind != fruText && n > 0 {
			return nil, ErrMalformed
		}
		text := string(b[1 : 1+n])
		if i < len(named) {
			*named[i] = text
		} else if text != "" {
			custom = append(custom, text)
		}
		b = b[1+n:]
	}
}
