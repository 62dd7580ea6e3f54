package bmc

import "github.com/bmc-gateway/bmc-gateway/ipmi"

// The rows of appendix G of the specification that a BMC of a VM has, in the
// order of the command table. Do not change them to make a test pass.

var appRows = []Command{
	{Name: "Get Device ID", NetFn: 0x06, Cmd: 0x01, Privilege: ipmi.User},
	{Name: "Cold Reset", NetFn: 0x06, Cmd: 0x02, Privilege: ipmi.Administrator, Changes: true},
	{Name: "Warm Reset", NetFn: 0x06, Cmd: 0x03, Privilege: ipmi.Administrator, Changes: true},
	{Name: "Get Self Test Results", NetFn: 0x06, Cmd: 0x04, Privilege: ipmi.User},
	{Name: "Set ACPI Power State", NetFn: 0x06, Cmd: 0x06, Privilege: ipmi.Administrator},
	{Name: "Get ACPI Power State", NetFn: 0x06, Cmd: 0x07, Privilege: ipmi.User},
	{Name: "Get Device GUID", NetFn: 0x06, Cmd: 0x08, Privilege: ipmi.User},
	{Name: "Reset Watchdog Timer", NetFn: 0x06, Cmd: 0x22, Privilege: ipmi.Operator, Changes: true},
	{Name: "Set Watchdog Timer", NetFn: 0x06, Cmd: 0x24, Privilege: ipmi.Operator, Changes: true},
	{Name: "Get Watchdog Timer", NetFn: 0x06, Cmd: 0x25, Privilege: ipmi.User},
	{Name: "Set BMC Global Enables", NetFn: 0x06, Cmd: 0x2E, Privilege: ipmi.SystemInterface},
	{Name: "Get BMC Global Enables", NetFn: 0x06, Cmd: 0x2F, Privilege: ipmi.User},
	{Name: "Clear Message Flags", NetFn: 0x06, Cmd: 0x30, Privilege: ipmi.SystemInterface},
	{Name: "Get Message Flags", NetFn: 0x06, Cmd: 0x31, Privilege: ipmi.SystemInterface},
	{Name: "Enable Message Channel Receive", NetFn: 0x06, Cmd: 0x32, Privilege: ipmi.SystemInterface},
	{Name: "Get Message", NetFn: 0x06, Cmd: 0x33, Privilege: ipmi.SystemInterface},
	{Name: "Read Event Message Buffer", NetFn: 0x06, Cmd: 0x35, Privilege: ipmi.SystemInterface},
	{Name: "Get System GUID", NetFn: 0x06, Cmd: 0x37, Sessionless: true},
	{Name: "Get Channel Authentication Capabilities", NetFn: 0x06, Cmd: 0x38, Sessionless: true},
	{Name: "Get Session Challenge", NetFn: 0x06, Cmd: 0x39, Sessionless: true},
	// The table of the specification calls it sessionless; it comes under the session ID of its challenge.
	{Name: "Activate Session", NetFn: 0x06, Cmd: 0x3A},
	{Name: "Set Session Privilege Level", NetFn: 0x06, Cmd: 0x3B, Privilege: ipmi.User},
	{Name: "Close Session", NetFn: 0x06, Cmd: 0x3C, Privilege: ipmi.Callback},
	{Name: "Get Session Info", NetFn: 0x06, Cmd: 0x3D, Privilege: ipmi.User},
	{Name: "Set Channel Access", NetFn: 0x06, Cmd: 0x40, Privilege: ipmi.Administrator},
	{Name: "Get Channel Access", NetFn: 0x06, Cmd: 0x41, Privilege: ipmi.User},
	{Name: "Get Channel Info", NetFn: 0x06, Cmd: 0x42, Privilege: ipmi.User},
	{Name: "Set User Access", NetFn: 0x06, Cmd: 0x43, Privilege: ipmi.Administrator},
	{Name: "Get User Access", NetFn: 0x06, Cmd: 0x44, Privilege: ipmi.Operator},
	{Name: "Set User Name", NetFn: 0x06, Cmd: 0x45, Privilege: ipmi.Administrator},
	{Name: "Get User Name", NetFn: 0x06, Cmd: 0x46, Privilege: ipmi.Operator},
	{Name: "Set User Password", NetFn: 0x06, Cmd: 0x47, Privilege: ipmi.Administrator},
	{Name: "Activate Payload", NetFn: 0x06, Cmd: 0x48, Privilege: ipmi.User},
	{Name: "Deactivate Payload", NetFn: 0x06, Cmd: 0x49, Privilege: ipmi.User},
	{Name: "Get Payload Activation Status", NetFn: 0x06, Cmd: 0x4A, Privilege: ipmi.User},
	{Name: "Get Payload Instance Info", NetFn: 0x06, Cmd: 0x4B, Privilege: ipmi.User},
	{Name: "Set User Payload Access", NetFn: 0x06, Cmd: 0x4C, Privilege: ipmi.Administrator},
	{Name: "Get User Payload Access", NetFn: 0x06, Cmd: 0x4D, Privilege: ipmi.Operator},
	{Name: "Get Channel Payload Support", NetFn: 0x06, Cmd: 0x4E, Privilege: ipmi.User},
	{Name: "Get Channel Payload Version", NetFn: 0x06, Cmd: 0x4F, Privilege: ipmi.User},
	{Name: "Get Channel Cipher Suites", NetFn: 0x06, Cmd: 0x54, Sessionless: true},
	{Name: "Suspend/Resume Payload Encryption", NetFn: 0x06, Cmd: 0x55, Privilege: ipmi.User},
	{Name: "Set Channel Security Keys", NetFn: 0x06, Cmd: 0x56, Privilege: ipmi.Administrator},
	{Name: "Set System Info Parameters", NetFn: 0x06, Cmd: 0x58, Privilege: ipmi.Administrator, Changes: true},
	{Name: "Get System Info Parameters", NetFn: 0x06, Cmd: 0x59, Privilege: ipmi.User},
}

var chassisRows = []Command{
	{Name: "Get Chassis Capabilities", NetFn: 0x00, Cmd: 0x00, Privilege: ipmi.User},
	{Name: "Get Chassis Status", NetFn: 0x00, Cmd: 0x01, Privilege: ipmi.User},
	{Name: "Chassis Control", NetFn: 0x00, Cmd: 0x02, Privilege: ipmi.Operator, Changes: true},
	{Name: "Chassis Identify", NetFn: 0x00, Cmd: 0x04, Privilege: ipmi.Operator, Changes: true},
	{Name: "Set Power Restore Policy", NetFn: 0x00, Cmd: 0x06, Privilege: ipmi.Operator},
	{Name: "Get System Restart Cause", NetFn: 0x00, Cmd: 0x07, Privilege: ipmi.User},
	{Name: "Set System Boot Options", NetFn: 0x00, Cmd: 0x08, Privilege: ipmi.Operator, Changes: true},
	{Name: "Get System Boot Options", NetFn: 0x00, Cmd: 0x09, Privilege: ipmi.Operator},
	{Name: "Set Power Cycle Interval", NetFn: 0x00, Cmd: 0x0B, Privilege: ipmi.Administrator, Changes: true},
	{Name: "Get POH Counter", NetFn: 0x00, Cmd: 0x0F, Privilege: ipmi.User},
}

var transportRows = []Command{
	{Name: "Set LAN Configuration Parameters", NetFn: 0x0C, Cmd: 0x01, Privilege: ipmi.Administrator, Changes: true},
	{Name: "Get LAN Configuration Parameters", NetFn: 0x0C, Cmd: 0x02, Privilege: ipmi.Operator},
	{Name: "Suspend BMC ARPs", NetFn: 0x0C, Cmd: 0x03, Privilege: ipmi.Administrator},
	{Name: "Get IP/UDP/RMCP Statistics", NetFn: 0x0C, Cmd: 0x04, Privilege: ipmi.User},
	{Name: "Set SOL Configuration Parameters", NetFn: 0x0C, Cmd: 0x21, Privilege: ipmi.Administrator, Changes: true},
	{Name: "Get SOL Configuration Parameters", NetFn: 0x0C, Cmd: 0x22, Privilege: ipmi.User},
}
