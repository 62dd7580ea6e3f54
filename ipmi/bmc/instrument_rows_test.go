package bmc

import "github.com/bmc-gateway/bmc-gateway/ipmi"

// The rows of appendix G for sensors, and for event log, records and inventory,
// and those of DCMI's own tables. Do not change them to make a test pass.

var sensorRows = []Command{
	{Name: "Get Event Receiver", NetFn: 0x04, Cmd: 0x01, Privilege: ipmi.User},
	{Name: "Platform Event", NetFn: 0x04, Cmd: 0x02, Privilege: ipmi.Operator, Changes: true},
	{Name: "Get PEF Capabilities", NetFn: 0x04, Cmd: 0x10, Privilege: ipmi.User},
	{Name: "Get PEF Configuration Parameters", NetFn: 0x04, Cmd: 0x13, Privilege: ipmi.Operator},
	{Name: "Get Last Processed Event ID", NetFn: 0x04, Cmd: 0x15, Privilege: ipmi.Administrator},
	{Name: "Get Sensor Reading Factors", NetFn: 0x04, Cmd: 0x23, Privilege: ipmi.User},
	{Name: "Set Sensor Hysteresis", NetFn: 0x04, Cmd: 0x24, Privilege: ipmi.Operator},
	{Name: "Get Sensor Hysteresis", NetFn: 0x04, Cmd: 0x25, Privilege: ipmi.User},
	{Name: "Set Sensor Thresholds", NetFn: 0x04, Cmd: 0x26, Privilege: ipmi.Operator},
	{Name: "Get Sensor Thresholds", NetFn: 0x04, Cmd: 0x27, Privilege: ipmi.User},
	{Name: "Set Sensor Event Enable", NetFn: 0x04, Cmd: 0x28, Privilege: ipmi.Operator},
	{Name: "Get Sensor Event Enable", NetFn: 0x04, Cmd: 0x29, Privilege: ipmi.User},
	{Name: "Get Sensor Event Status", NetFn: 0x04, Cmd: 0x2B, Privilege: ipmi.User},
	{Name: "Get Sensor Reading", NetFn: 0x04, Cmd: 0x2D, Privilege: ipmi.User},
	{Name: "Get Sensor Type", NetFn: 0x04, Cmd: 0x2F, Privilege: ipmi.User},
}

var storageRows = []Command{
	{Name: "Get FRU Inventory Area Info", NetFn: 0x0A, Cmd: 0x10, Privilege: ipmi.User},
	{Name: "Read FRU Data", NetFn: 0x0A, Cmd: 0x11, Privilege: ipmi.User},
	{Name: "Write FRU Data", NetFn: 0x0A, Cmd: 0x12, Privilege: ipmi.Operator},
	{Name: "Get SDR Repository Info", NetFn: 0x0A, Cmd: 0x20, Privilege: ipmi.User},
	{Name: "Get SDR Repository Allocation Info", NetFn: 0x0A, Cmd: 0x21, Privilege: ipmi.User},
	{Name: "Reserve SDR Repository", NetFn: 0x0A, Cmd: 0x22, Privilege: ipmi.User},
	{Name: "Get SDR", NetFn: 0x0A, Cmd: 0x23, Privilege: ipmi.User},
	{Name: "Get SDR Repository Time", NetFn: 0x0A, Cmd: 0x28, Privilege: ipmi.User},
	{Name: "Set SDR Repository Time", NetFn: 0x0A, Cmd: 0x29, Privilege: ipmi.Operator},
	{Name: "Get SEL Info", NetFn: 0x0A, Cmd: 0x40, Privilege: ipmi.User},
	{Name: "Get SEL Allocation Info", NetFn: 0x0A, Cmd: 0x41, Privilege: ipmi.User},
	{Name: "Reserve SEL", NetFn: 0x0A, Cmd: 0x42, Privilege: ipmi.User},
	{Name: "Get SEL Entry", NetFn: 0x0A, Cmd: 0x43, Privilege: ipmi.User},
	{Name: "Add SEL Entry", NetFn: 0x0A, Cmd: 0x44, Privilege: ipmi.Operator, Changes: true},
	{Name: "Delete SEL Entry", NetFn: 0x0A, Cmd: 0x46, Privilege: ipmi.Operator, Changes: true},
	{Name: "Clear SEL", NetFn: 0x0A, Cmd: 0x47, Privilege: ipmi.Operator, Changes: true},
	{Name: "Get SEL Time", NetFn: 0x0A, Cmd: 0x48, Privilege: ipmi.User},
	{Name: "Set SEL Time", NetFn: 0x0A, Cmd: 0x49, Privilege: ipmi.Operator},
	{Name: "Get SEL Time UTC Offset", NetFn: 0x0A, Cmd: 0x5C, Privilege: ipmi.User},
	{Name: "Set SEL Time UTC Offset", NetFn: 0x0A, Cmd: 0x5D, Privilege: ipmi.Operator},
}

var groupRows = []Command{
	{Name: "DCMI Get Capabilities Info", NetFn: 0x2C, Cmd: 0x01, Sessionless: true},
	{Name: "DCMI Get Power Reading", NetFn: 0x2C, Cmd: 0x02, Privilege: ipmi.User},
	{Name: "DCMI Get Power Limit", NetFn: 0x2C, Cmd: 0x03, Privilege: ipmi.User},
	{Name: "DCMI Get Asset Tag", NetFn: 0x2C, Cmd: 0x06, Privilege: ipmi.User},
	{Name: "DCMI Get Sensor Info", NetFn: 0x2C, Cmd: 0x07, Privilege: ipmi.Operator},
	{Name: "DCMI Set Asset Tag", NetFn: 0x2C, Cmd: 0x08, Privilege: ipmi.Operator},
	{Name: "DCMI Get Management Controller Identifier String", NetFn: 0x2C, Cmd: 0x09, Privilege: ipmi.User},
	{Name: "DCMI Set Management Controller Identifier String", NetFn: 0x2C, Cmd: 0x0A, Privilege: ipmi.Administrator},
	{Name: "DCMI Get Temperature Readings", NetFn: 0x2C, Cmd: 0x10, Privilege: ipmi.User},
}

// shortest is the least data with which a row can be meant: the body code, which
// is part of a group extension's command.
func (c Command) shortest() []byte {
	if c.NetFn == ipmi.NetFnGroup {
		return []byte{ipmi.GroupDCMI}
	}
	return nil
}
