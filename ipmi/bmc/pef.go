package bmc

import "github.com/bmc-gateway/bmc-gateway/ipmi"

// getPEFCapabilities says that there is platform event filtering without a
// filter and without an action: clients take any other answer for an error.
func getPEFCapabilities(c *call, dst []byte) ([]byte, error) {
	if len(c.data()) != 0 {
		return nil, ipmi.InvalidLength
	}
	return ipmi.AppendPEFCapabilities(dst), nil
}

func getPEFParameters(c *call, dst []byte) ([]byte, error) {
	p, revisionOnly, err := ipmi.ParsePEFParameterRequest(c.data())
	if err != nil {
		return nil, err
	}
	dst = ipmi.AppendPEFRevision(dst)
	if revisionOnly {
		return dst, nil
	}
	return ipmi.AppendPEFParameter(dst, p)
}

func getLastProcessedEvent(c *call, dst []byte) ([]byte, error) {
	if len(c.data()) != 0 {
		return nil, ipmi.InvalidLength
	}
	l := c.b.sel
	l.mu.Lock()
	defer l.mu.Unlock()
	last := uint16(ipmi.SELEnd)
	if i := l.find(ipmi.SELEnd); i >= 0 {
		last = l.state.Records[i].ID()
	}
	return ipmi.AppendLastProcessed(dst, stamp(l.state.Added), last), nil
}
