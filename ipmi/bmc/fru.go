package bmc

import "github.com/bmc-gateway/bmc-gateway/ipmi"

// fru returns the image of the only FRU there is.
func (b *BMC) fru(device uint8) ([]byte, error) {
	if device != 0 || len(b.config.FRU) == 0 {
		return nil, ipmi.NotPresent
	}
	return b.config.FRU, nil
}

func getFRUArea(c *call, dst []byte) ([]byte, error) {
	if len(c.data()) != 1 {
		return nil, ipmi.InvalidLength
	}
	image, err := c.b.fru(c.data()[0])
	if err != nil {
		return nil, err
	}
	return ipmi.AppendFRUArea(dst, len(image)), nil
}

func readFRU(c *call, dst []byte) ([]byte, error) {
	r, err := ipmi.ParseReadFRURequest(c.data())
	if err != nil {
		return nil, err
	}
	image, err := c.b.fru(r.Device)
	if err != nil {
		return nil, err
	}
	return r.AppendFRUData(dst, image)
}

// writeFRU refuses: the inventory is the virtual machine's.
func writeFRU(c *call, _ []byte) ([]byte, error) {
	device, err := ipmi.ParseWriteFRURequest(c.data())
	if err != nil {
		return nil, err
	}
	if _, err := c.b.fru(device); err != nil {
		return nil, err
	}
	return nil, ipmi.FRUWriteProtected
}
