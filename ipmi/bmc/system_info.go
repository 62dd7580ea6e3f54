package bmc

import "github.com/bmc-gateway/bmc-gateway/ipmi"

// getSystemInfo tells what the configuration and vSphere know of the system. What
// nobody knows is not supported.
func getSystemInfo(c *call, dst []byte) ([]byte, error) {
	r, err := ipmi.ParseSystemInfoRequest(c.data())
	if err != nil {
		return nil, err
	}
	dst = ipmi.AppendSystemInfo(dst)
	switch {
	case r.RevisionOnly:
		return dst, nil
	case r.Parameter == ipmi.SystemInfoSetInProgress:
		return append(dst, c.b.setting.systemInfo), nil
	}
	text := c.b.config.SystemInfo.text(r.Parameter)
	if text == "" {
		return nil, ipmi.ParameterUnsupported
	}
	dst, ok := ipmi.AppendSystemInfoString(dst, text, r.Set)
	if !ok {
		return nil, ipmi.OutOfRange
	}
	return dst, nil
}

// text returns the parameter's string, empty when there is none.
func (i SystemInfo) text(p ipmi.SystemInfoParameter) string {
	switch {
	case p == ipmi.SystemInfoFirmware:
		return i.FirmwareVersion
	case p == ipmi.SystemInfoName:
		return i.SystemName
	case p == ipmi.SystemInfoPrimaryOS:
		return i.PrimaryOS
	case p == ipmi.SystemInfoOS && i.OS != nil:
		return i.OS()
	}
	return ""
}

// setSystemInfo stores nothing: vSphere names the system, not a client.
func setSystemInfo(c *call, dst []byte) ([]byte, error) {
	p, data, err := ipmi.ParseSetSystemInfoRequest(c.data())
	switch {
	case err != nil:
		return nil, err
	case p == ipmi.SystemInfoSetInProgress:
		return setProgress(&c.b.setting.systemInfo, dst, data)
	case c.b.config.SystemInfo.text(p) == "":
		return nil, ipmi.ParameterUnsupported
	}
	now, ok := ipmi.AppendSystemInfoString(dst, c.b.config.SystemInfo.text(p), data[0])
	if !ok {
		return nil, ipmi.ParameterReadOnly
	}
	return unchanged(dst, now, data)
}
