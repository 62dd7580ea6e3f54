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

const (
	cmdChassisControl = 0x02
	cmdSetBootOptions = 0x08
)

// commands are all commands a BMC knows. Any other is answered with C1h.
var commands = []Command{
	{"Get Device ID", "20.1", ipmi.NetFnApp, 0x01, ipmi.User, false, false, getDeviceID},
	{"Cold Reset", "20.2", ipmi.NetFnApp, 0x02, ipmi.Administrator, false, true, inOrder(resetCold)},
	{"Warm Reset", "20.3", ipmi.NetFnApp, 0x03, ipmi.Administrator, false, true, inOrder(resetWarm)},
	{"Get Self Test Results", "20.4", ipmi.NetFnApp, 0x04, ipmi.User, false, false, getSelfTestResults},
	{"Set ACPI Power State", "20.6", ipmi.NetFnApp, 0x06, ipmi.Administrator, false, false, setACPIState},
	{"Get ACPI Power State", "20.7", ipmi.NetFnApp, 0x07, ipmi.User, false, false, getACPIState},
	{"Get Device GUID", "20.8", ipmi.NetFnApp, 0x08, ipmi.User, false, false, getSystemGUID},
	{"Reset Watchdog Timer", "27.5", ipmi.NetFnApp, 0x22, ipmi.Operator, false, true, inOrder(resetWatchdog)},
	{"Set Watchdog Timer", "27.6", ipmi.NetFnApp, 0x24, ipmi.Operator, false, true, inOrder(setWatchdog)},
	{"Get Watchdog Timer", "27.7", ipmi.NetFnApp, 0x25, ipmi.User, false, false, getWatchdog},
	{"Set BMC Global Enables", "22.1", ipmi.NetFnApp, 0x2E, ipmi.SystemInterface, false, false, systemOnly},
	{"Get BMC Global Enables", "22.2", ipmi.NetFnApp, 0x2F, ipmi.User, false, false, getGlobalEnables},
	{"Clear Message Flags", "22.3", ipmi.NetFnApp, 0x30, ipmi.SystemInterface, false, false, systemOnly},
	{"Get Message Flags", "22.4", ipmi.NetFnApp, 0x31, ipmi.SystemInterface, false, false, systemOnly},
	{"Enable Message Channel Receive", "22.5", ipmi.NetFnApp, 0x32, ipmi.SystemInterface, false, false, systemOnly},
	{"Get Message", "22.6", ipmi.NetFnApp, 0x33, ipmi.SystemInterface, false, false, systemOnly},
	{"Read Event Message Buffer", "22.8", ipmi.NetFnApp, 0x35, ipmi.SystemInterface, false, false, systemOnly},
	{"Get System GUID", "22.14", ipmi.NetFnApp, 0x37, ipmi.PrivilegeNone, true, false, getSystemGUID},
	{"Get Channel Authentication Capabilities", "22.13", ipmi.NetFnApp, 0x38, ipmi.PrivilegeNone, true, false, getAuthCapabilities},
	{"Get Session Challenge", "22.16", ipmi.NetFnApp, 0x39, ipmi.PrivilegeNone, true, false, getSessionChallenge},
	{"Activate Session", "22.17", ipmi.NetFnApp, cmdActivateSession, ipmi.PrivilegeNone, false, false, activateSession},
	{"Set Session Privilege Level", "22.18", ipmi.NetFnApp, 0x3B, ipmi.User, false, false, setSessionPrivilege},
	{"Close Session", "22.19", ipmi.NetFnApp, cmdCloseSession, ipmi.Callback, false, false, closeSession},
	{"Get Session Info", "22.20", ipmi.NetFnApp, 0x3D, ipmi.User, false, false, getSessionInfo},
	{"Set Channel Access", "22.22", ipmi.NetFnApp, 0x40, ipmi.Administrator, false, false, setChannelAccess},
	{"Get Channel Access", "22.23", ipmi.NetFnApp, 0x41, ipmi.User, false, false, getChannelAccess},
	{"Get Channel Info", "22.24", ipmi.NetFnApp, 0x42, ipmi.User, false, false, getChannelInfo},
	{"Set User Access", "22.26", ipmi.NetFnApp, 0x43, ipmi.Administrator, false, false, setUserAccess},
	{"Get User Access", "22.27", ipmi.NetFnApp, 0x44, ipmi.Operator, false, false, getUserAccess},
	{"Set User Name", "22.28", ipmi.NetFnApp, 0x45, ipmi.Administrator, false, false, setUserName},
	{"Get User Name", "22.29", ipmi.NetFnApp, 0x46, ipmi.Operator, false, false, getUserName},
	{"Set User Password", "22.30", ipmi.NetFnApp, 0x47, ipmi.Administrator, false, false, setUserPassword},
	{"Activate Payload", "24.1", ipmi.NetFnApp, 0x48, ipmi.User, false, false, activatePayload},
	{"Deactivate Payload", "24.2", ipmi.NetFnApp, 0x49, ipmi.User, false, false, activatePayload},
	{"Get Payload Activation Status", "24.4", ipmi.NetFnApp, 0x4A, ipmi.User, false, false, getPayloadStatus},
	{"Get Payload Instance Info", "24.5", ipmi.NetFnApp, 0x4B, ipmi.User, false, false, getPayloadInstance},
	{"Set User Payload Access", "24.6", ipmi.NetFnApp, 0x4C, ipmi.Administrator, false, false, setUserPayloadAccess},
	{"Get User Payload Access", "24.7", ipmi.NetFnApp, 0x4D, ipmi.Operator, false, false, getUserPayloadAccess},
	{"Get Channel Payload Support", "24.8", ipmi.NetFnApp, 0x4E, ipmi.User, false, false, getPayloadSupport},
	{"Get Channel Payload Version", "24.9", ipmi.NetFnApp, 0x4F, ipmi.User, false, false, getPayloadVersion},
	{"Get Channel Cipher Suites", "22.15", ipmi.NetFnApp, 0x54, ipmi.PrivilegeNone, true, false, getCipherSuites},
	{"Suspend/Resume Payload Encryption", "24.3", ipmi.NetFnApp, 0x55, ipmi.User, false, false, setPayloadEncryption},
	{"Set Channel Security Keys", "22.25", ipmi.NetFnApp, 0x56, ipmi.Administrator, false, false, setSecurityKeys},
	{"Set System Info Parameters", "22.14a", ipmi.NetFnApp, 0x58, ipmi.Administrator, false, true, inOrder(setSystemInfo)},
	{"Get System Info Parameters", "22.14b", ipmi.NetFnApp, 0x59, ipmi.User, false, false, getSystemInfo},

	{"Get Chassis Capabilities", "28.1", ipmi.NetFnChassis, 0x00, ipmi.User, false, false, getChassisCapabilities},
	{"Get Chassis Status", "28.2", ipmi.NetFnChassis, 0x01, ipmi.User, false, false, getChassisStatus},
	{"Chassis Control", "28.3", ipmi.NetFnChassis, cmdChassisControl, ipmi.Operator, false, true, chassisControl},
	{"Chassis Identify", "28.5", ipmi.NetFnChassis, 0x04, ipmi.Operator, false, true, inOrder(identifyChassis)},
	{"Set Power Restore Policy", "28.8", ipmi.NetFnChassis, 0x06, ipmi.Operator, false, false, setRestorePolicy},
	{"Get System Restart Cause", "28.11", ipmi.NetFnChassis, 0x07, ipmi.User, false, false, getRestartCause},
	{"Set System Boot Options", "28.12", ipmi.NetFnChassis, cmdSetBootOptions, ipmi.Operator, false, true, setBootOptions},
	{"Get System Boot Options", "28.13", ipmi.NetFnChassis, 0x09, ipmi.Operator, false, false, getBootOptions},
	{"Set Power Cycle Interval", "28.9", ipmi.NetFnChassis, 0x0B, ipmi.Administrator, false, true, setCycleInterval},
	{"Get POH Counter", "28.14", ipmi.NetFnChassis, 0x0F, ipmi.User, false, false, getPOHCounter},

	{"Get Event Receiver", "29.2", ipmi.NetFnSensor, 0x01, ipmi.User, false, false, getEventReceiver},
	{"Platform Event", "29.3", ipmi.NetFnSensor, 0x02, ipmi.Operator, false, true, platformEvent},
	{"Get PEF Capabilities", "30.1", ipmi.NetFnSensor, 0x10, ipmi.User, false, false, getPEFCapabilities},
	{"Get PEF Configuration Parameters", "30.4", ipmi.NetFnSensor, 0x13, ipmi.Operator, false, false, getPEFParameters},
	{"Get Last Processed Event ID", "30.6", ipmi.NetFnSensor, 0x15, ipmi.Administrator, false, false, getLastProcessedEvent},
	{"Get Sensor Reading Factors", "35.5", ipmi.NetFnSensor, 0x23, ipmi.User, false, false, getSensorFactors},
	{"Set Sensor Hysteresis", "35.6", ipmi.NetFnSensor, 0x24, ipmi.Operator, false, false, setSensor(4, 4)},
	{"Get Sensor Hysteresis", "35.7", ipmi.NetFnSensor, 0x25, ipmi.User, false, false, getSensorHysteresis},
	{"Set Sensor Thresholds", "35.8", ipmi.NetFnSensor, 0x26, ipmi.Operator, false, false, setSensor(8, 8)},
	{"Get Sensor Thresholds", "35.9", ipmi.NetFnSensor, 0x27, ipmi.User, false, false, getSensorThresholds},
	{"Set Sensor Event Enable", "35.10", ipmi.NetFnSensor, 0x28, ipmi.Operator, false, false, setSensor(2, 6)},
	{"Get Sensor Event Enable", "35.11", ipmi.NetFnSensor, 0x29, ipmi.User, false, false, getSensorEventEnable},
	{"Get Sensor Event Status", "35.13", ipmi.NetFnSensor, 0x2B, ipmi.User, false, false, getSensorEventStatus},
	{"Get Sensor Reading", "35.14", ipmi.NetFnSensor, 0x2D, ipmi.User, false, false, getSensorReading},
	{"Get Sensor Type", "35.16", ipmi.NetFnSensor, 0x2F, ipmi.User, false, false, getSensorType},

	{"Get FRU Inventory Area Info", "34.1", ipmi.NetFnStorage, 0x10, ipmi.User, false, false, getFRUArea},
	{"Read FRU Data", "34.2", ipmi.NetFnStorage, 0x11, ipmi.User, false, false, readFRU},
	{"Write FRU Data", "34.3", ipmi.NetFnStorage, 0x12, ipmi.Operator, false, false, writeFRU},
	{"Get SDR Repository Info", "33.9", ipmi.NetFnStorage, 0x20, ipmi.User, false, false, getSDRInfo},
	{"Get SDR Repository Allocation Info", "33.10", ipmi.NetFnStorage, 0x21, ipmi.User, false, false, getSDRAllocation},
	{"Reserve SDR Repository", "33.11", ipmi.NetFnStorage, 0x22, ipmi.User, false, false, reserveSDR},
	{"Get SDR", "33.12", ipmi.NetFnStorage, 0x23, ipmi.User, false, false, getSDR},
	{"Get SDR Repository Time", "33.17", ipmi.NetFnStorage, 0x28, ipmi.User, false, false, getSELTime},
	{"Set SDR Repository Time", "33.18", ipmi.NetFnStorage, 0x29, ipmi.Operator, false, false, setSELTime},
	{"Get SEL Info", "31.2", ipmi.NetFnStorage, 0x40, ipmi.User, false, false, getSELInfo},
	{"Get SEL Allocation Info", "31.3", ipmi.NetFnStorage, 0x41, ipmi.User, false, false, getSELAllocation},
	{"Reserve SEL", "31.4", ipmi.NetFnStorage, 0x42, ipmi.User, false, false, reserveSEL},
	{"Get SEL Entry", "31.5", ipmi.NetFnStorage, 0x43, ipmi.User, false, false, getSELEntry},
	{"Add SEL Entry", "31.6", ipmi.NetFnStorage, 0x44, ipmi.Operator, false, true, addSELEntry},
	{"Delete SEL Entry", "31.8", ipmi.NetFnStorage, 0x46, ipmi.Operator, false, true, deleteSELEntry},
	{"Clear SEL", "31.9", ipmi.NetFnStorage, 0x47, ipmi.Operator, false, true, clearSEL},
	{"Get SEL Time", "31.10", ipmi.NetFnStorage, 0x48, ipmi.User, false, false, getSELTime},
	{"Set SEL Time", "31.11", ipmi.NetFnStorage, 0x49, ipmi.Operator, false, false, setSELTime},
	{"Get SEL Time UTC Offset", "31.11a", ipmi.NetFnStorage, 0x5C, ipmi.User, false, false, getSELTimeUTCOffset},
	{"Set SEL Time UTC Offset", "31.11b", ipmi.NetFnStorage, 0x5D, ipmi.Operator, false, false, setSELTimeUTCOffset},

	{"Set LAN Configuration Parameters", "23.1", ipmi.NetFnTransport, 0x01, ipmi.Administrator, false, true, inOrder(setLANParameters)},
	{"Get LAN Configuration Parameters", "23.2", ipmi.NetFnTransport, 0x02, ipmi.Operator, false, false, getLANParameters},
	{"Suspend BMC ARPs", "23.3", ipmi.NetFnTransport, 0x03, ipmi.Administrator, false, false, suspendARPs},
	{"Get IP/UDP/RMCP Statistics", "23.4", ipmi.NetFnTransport, 0x04, ipmi.User, false, false, getLANStatistics},
	{"Set SOL Configuration Parameters", "26.2", ipmi.NetFnTransport, 0x21, ipmi.Administrator, false, true, inOrder(setSOLParameters)},
	{"Get SOL Configuration Parameters", "26.3", ipmi.NetFnTransport, 0x22, ipmi.User, false, false, getSOLParameters},

	{"DCMI Get Capabilities Info", "DCMI 6.1.1", ipmi.NetFnGroup, 0x01, ipmi.PrivilegeNone, true, false, getDCMICapabilities},
	{"DCMI Get Power Reading", "DCMI 6.6.1", ipmi.NetFnGroup, 0x02, ipmi.User, false, false, getPowerReading},
	{"DCMI Get Power Limit", "DCMI 6.6.2", ipmi.NetFnGroup, 0x03, ipmi.User, false, false, getPowerLimit},
	{"DCMI Get Asset Tag", "DCMI 6.4.2", ipmi.NetFnGroup, 0x06, ipmi.User, false, false, getAssetTag},
	{"DCMI Get Sensor Info", "DCMI 6.5.2", ipmi.NetFnGroup, 0x07, ipmi.Operator, false, false, getDCMISensors},
	{"DCMI Set Asset Tag", "DCMI 6.4.3", ipmi.NetFnGroup, 0x08, ipmi.Operator, false, false, setDCMIText},
	{"DCMI Get Management Controller Identifier String", "DCMI 6.4.6.1", ipmi.NetFnGroup, 0x09, ipmi.User, false, false, getControllerID},
	{"DCMI Set Management Controller Identifier String", "DCMI 6.4.6.2", ipmi.NetFnGroup, 0x0A, ipmi.Administrator, false, false, setDCMIText},
	{"DCMI Get Temperature Readings", "DCMI 6.7.3", ipmi.NetFnGroup, 0x10, ipmi.User, false, false, getDCMISensors},
}

// Commands returns the command table, for documentation and metrics.
func Commands() []Command { return slices.Clone(commands) }

// rows is where in the table a command's row is, one more, by network function
// of the request (they are even) and command; 0: not in it. It is never changed.
type rows [32][256]uint8

var commandRows = indexed(commands)

func indexed(table []Command) *rows {
	var r rows
	for i := range table {
		r[table[i].NetFn>>1][table[i].Cmd] = uint8(i + 1)
	}
	return &r
}

// findCommand returns the command's row, or nil. Every request comes through
// here, so it is not to search.
func findCommand(netFn ipmi.NetFn, cmd uint8) *Command {
	if netFn&1 != 0 || netFn>>1 >= ipmi.NetFn(len(commandRows)) {
		return nil
	}
	if n := commandRows[netFn>>1][cmd]; n != 0 {
		return &commands[n-1]
	}
	return nil
}
