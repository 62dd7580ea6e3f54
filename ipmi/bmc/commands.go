package bmc

import (
	"slices"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// A Command is a row of the command table, with the columns of the
// specification's appendix G.
type Command struct {
	Name        string
	Section     string // of the specification
	NetFn       ipmi.NetFn
	Cmd         uint8
	Privilege   ipmi.Privilege // the least operating level; the dispatcher checks it
	Sessionless bool           // answered outside of sessions too, at any level
	Changes     bool           // may change something; only such a command can be held

	answer handler
}

// A handler appends to dst what follows the completion code. Its error is what
// the completion code is made of.
type handler func(c *call, dst []byte) ([]byte, error)

// cmdCloseSession is the one command that a session answers after its end.
const cmdCloseSession = 0x3C

// commands are all commands a BMC knows. Any other is answered with C1h.
var commands = []Command{
	{"Get Device ID", "20.1", ipmi.NetFnApp, 0x01, ipmi.User, false, false, getDeviceID},
	{"Get Self Test Results", "20.4", ipmi.NetFnApp, 0x04, ipmi.User, false, false, getSelfTestResults},
	{"Get System GUID", "22.14", ipmi.NetFnApp, 0x37, ipmi.PrivilegeNone, true, false, getSystemGUID},
	{"Get Channel Authentication Capabilities", "22.13", ipmi.NetFnApp, 0x38, ipmi.PrivilegeNone, true, false, getAuthCapabilities},
	{"Set Session Privilege Level", "22.18", ipmi.NetFnApp, 0x3B, ipmi.User, false, false, setSessionPrivilege},
	{"Close Session", "22.19", ipmi.NetFnApp, cmdCloseSession, ipmi.Callback, false, false, closeSession},
	{"Get Session Info", "22.20", ipmi.NetFnApp, 0x3D, ipmi.User, false, false, getSessionInfo},
	{"Get Channel Access", "22.23", ipmi.NetFnApp, 0x41, ipmi.User, false, false, getChannelAccess},
	{"Get Channel Info", "22.24", ipmi.NetFnApp, 0x42, ipmi.User, false, false, getChannelInfo},
	{"Get Channel Cipher Suites", "22.15", ipmi.NetFnApp, 0x54, ipmi.PrivilegeNone, true, false, getCipherSuites},

	{"Get Chassis Capabilities", "28.1", ipmi.NetFnChassis, 0x00, ipmi.User, false, false, getChassisCapabilities},
	{"Get Chassis Status", "28.2", ipmi.NetFnChassis, 0x01, ipmi.User, false, false, getChassisStatus},
	{"Chassis Control", "28.3", ipmi.NetFnChassis, 0x02, ipmi.Operator, false, true, chassisControl},
	{"Set System Boot Options", "28.12", ipmi.NetFnChassis, 0x08, ipmi.Operator, false, true, setBootOptions},
	{"Get System Boot Options", "28.13", ipmi.NetFnChassis, 0x09, ipmi.Operator, false, false, getBootOptions},

	{"Get LAN Configuration Parameters", "23.2", ipmi.NetFnTransport, 0x02, ipmi.Operator, false, false, getLANParameters},
}

// Commands returns the command table, for documentation and metrics.
func Commands() []Command { return slices.Clone(commands) }

// findCommand returns the command's row, or nil.
func findCommand(netFn ipmi.NetFn, cmd uint8) *Command {
	for i := range commands {
		if row := &commands[i]; row.NetFn == netFn && row.Cmd == cmd {
			return row
		}
	}
	return nil
}
