package bmc

import (
	"context"
	"encoding/hex"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// R14: the length of every answer is exact. FreeIPMI throws away what does not
// fit its template and waits until the session times out.
func TestR14Lengths(t *testing.T) {
	const app, chassis, lan = ipmi.NetFnApp, ipmi.NetFnChassis, ipmi.NetFnTransport
	tests := []struct {
		netFn ipmi.NetFn
		cmd   uint8
		data  string
		size  int // after the completion code
	}{
		{app, 0x01, "", 11}, {app, 0x03, "", 0}, {app, 0x04, "", 2}, {app, 0x06, "0000", 0}, {app, 0x07, "", 2}, {app, 0x08, "", 16},
		{app, 0x24, "040000000a00", 0}, {app, 0x22, "", 0}, {app, 0x25, "", 8}, {app, 0x2F, "", 1},
		{app, 0x37, "", 16}, {app, 0x38, "8e04", 8}, {app, 0x3B, "00", 1}, {app, 0x3D, "00", 18}, {app, 0x3D, "09", 3},
		{app, 0x40, "016244", 0}, {app, 0x41, "0e40", 2}, {app, 0x42, "0e", 9},
		{app, 0x43, "91020400", 0}, {app, 0x44, "0102", 4}, {app, 0x46, "02", 16}, {app, 0x47, "0201", 0},
		{app, 0x4A, "01", 3}, {app, 0x4B, "0101", 12}, {app, 0x4D, "0102", 4}, {app, 0x4E, "0e", 8}, {app, 0x4F, "0e00", 1},
		{app, 0x55, "000101", 0}, {app, 0x58, "0000", 0}, {app, 0x59, "00000000", 2}, {app, 0x59, "00020000", 18},
		{chassis, 0x00, "", 6}, {chassis, 0x01, "", 3}, {chassis, 0x02, "01", 0}, {chassis, 0x04, "", 0}, {chassis, 0x06, "03", 1},
		{chassis, 0x07, "", 2}, {chassis, 0x08, "0000", 0},
		{chassis, 0x09, "000000", 3}, {chassis, 0x09, "010000", 3}, {chassis, 0x09, "020000", 3}, {chassis, 0x09, "030000", 3},
		{chassis, 0x09, "040000", 4}, {chassis, 0x09, "050000", 7}, {chassis, 0x09, "060000", 11}, {chassis, 0x09, "070000", 19},
		{lan, 0x01, "010000", 0}, {lan, 0x03, "0100", 1}, {lan, 0x04, "0100", 18}, {lan, 0x21, "010000", 0},
		{lan, 0x02, "01000000", 2}, {lan, 0x02, "01010000", 2}, {lan, 0x02, "01020000", 6}, {lan, 0x02, "01030000", 5},
		{lan, 0x02, "01040000", 2}, {lan, 0x02, "01050000", 7}, {lan, 0x02, "01060000", 5}, {lan, 0x02, "01070000", 4},
		{lan, 0x02, "01080000", 3}, {lan, 0x02, "010a0000", 2}, {lan, 0x02, "010c0000", 5}, {lan, 0x02, "01110000", 2},
		{lan, 0x02, "01140000", 3}, {lan, 0x02, "01150000", 2}, {lan, 0x02, "01160000", 2}, {lan, 0x02, "01170000", 18},
		{lan, 0x02, "01180000", 10}, {lan, 0x02, "011a0000", 7},
		{lan, 0x22, "01000000", 2}, {lan, 0x22, "01010000", 2}, {lan, 0x22, "01070000", 2}, {lan, 0x22, "01080000", 3},
	}
	synctest.Test(t, func(t *testing.T) {
		s := login(t, serve(t, testInfo).console(t), admin)
		for _, tt := range tests {
			r := command(t, s, tt.netFn, tt.cmd, unhex(t, tt.data), ipmi.Completed)
			if len(r.Data) != tt.size {
				t.Errorf("network function %02Xh command %02Xh data %s: %d bytes, want %d", uint8(tt.netFn), tt.cmd, tt.data, len(r.Data), tt.size)
			}
		}
	})
}

// R16: there is no channel but the LAN's. Behind a channel 0, OpenIPMI would
// scan 120 addresses.
func TestR16Channels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := login(t, serve(t, nil).console(t), admin)
		for channel := range uint8(16) {
			want := ipmi.InvalidField
			if channel == ipmi.ChannelLAN || channel == ipmi.ChannelPresent {
				want = ipmi.Completed
			}
			command(t, s, ipmi.NetFnApp, 0x42, []byte{channel}, want)
			command(t, s, ipmi.NetFnApp, 0x41, []byte{channel, 0x40}, want)
			command(t, s, ipmi.NetFnApp, 0x44, []byte{channel, 2}, want)
			command(t, s, ipmi.NetFnTransport, 0x02, []byte{channel, 3, 0, 0}, want)
			command(t, s, ipmi.NetFnTransport, 0x22, []byte{channel, 0, 0, 0}, want)
		}
	})
}

// R17: both GUIDs are the BIOS UUID in reverse, which FreeIPMI and ipmitool show
// as vSphere does.
func TestR17GUID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := login(t, serve(t, nil).console(t), user)
		for _, cmd := range []uint8{0x37, 0x08} {
			r := command(t, s, ipmi.NetFnApp, cmd, nil, ipmi.Completed)
			if got := hex.EncodeToString(r.Data); got != "ffeeddccbbaa99887766554433221100" {
				t.Errorf("command %02Xh: %s", cmd, got)
			}
		}
	})
}

// R19: every byte of the boot flags comes back as it was written, whatever a VM
// makes of it.
func TestR19RawBootFlags(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := login(t, serve(t, nil).console(t), admin)
		for device := range ipmi.BootFloppy + 1 {
			if device.Reserved() {
				continue
			}
			for _, first := range []byte{0x80, 0xA0, 0xC0, 0xE0} {
				flags := []byte{5, first, byte(device)<<2 | 0xC3, 0x7F, 0x0F, 0x1F}
				command(t, s, ipmi.NetFnChassis, cmdSetBootOptions, flags, ipmi.Completed)
				r := command(t, s, ipmi.NetFnChassis, cmdGetBootOptions, []byte{5, 0, 0}, ipmi.Completed)
				if diff := cmp.Diff(flags[1:], r.Data[2:]); diff != "" {
					t.Errorf("%v (-want +got):\n%s", device, diff)
				}
			}
		}
	})
}

// R19: FreeIPMI, and with it MAAS, writes the flags in steps and turns the
// time-out off last; that still holds for the flags.
func TestR19TimeoutOffAfterTheFlags(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		s := login(t, r.console(t), operator)
		for _, data := range []string{"058000000000", "05a000000000", "05a004000000", "031f", "04ffff"} {
			command(t, s, ipmi.NetFnChassis, cmdSetBootOptions, unhex(t, data), ipmi.Completed)
		}
		r.machine.set(func(m *fakeMachine) {
			if m.validFor != 0 || hex.EncodeToString(m.boot[:]) != "a004000000" {
				t.Errorf("flags %x for %v, want a004000000 for ever", m.boot, m.validFor)
			}
		})
		command(t, s, ipmi.NetFnChassis, cmdSetBootOptions, []byte{3, 0}, ipmi.Completed)
		r.machine.set(func(m *fakeMachine) {
			if m.validFor != time.Minute {
				t.Errorf("on again: valid for %v", m.validFor)
			}
		})
	})
}

// R19: go-ipmi's command line never sets the valid bit. A device is meant all
// the same, unless the bit is what a client takes away.
func TestR19WithoutTheValidBit(t *testing.T) {
	tests := []struct {
		name  string
		sets  []string
		tells string // the flags, to clients
		boots string // the flags, to the Machine
	}{
		{"a device is meant", []string{"050004000000"}, "0004000000", "8004000000"},
		{"and meant again", []string{"050004000000", "050008000000"}, "0008000000", "8008000000"},
		{"and taken back", []string{"050004000000", "050000000000"}, "0000000000", "0000000000"},
		{"persistent needs the bit", []string{"054004000000"}, "0004000000", "8004000000"},
		{"the bit is taken away", []string{"058004000000", "050004000000"}, "0004000000", "0004000000"},
		{"the bit is set", []string{"050004000000", "058004000000"}, "8004000000", "8004000000"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := serve(t, nil)
				s := login(t, r.console(t), admin)
				for _, data := range tt.sets {
					command(t, s, ipmi.NetFnChassis, cmdSetBootOptions, unhex(t, data), ipmi.Completed)
				}
				askBodies(t, s, []body{{"told", ipmi.NetFnChassis, cmdGetBootOptions, "050000", 0, "0105" + tt.tells}})
				if f := r.machine.Boot(); fmt.Sprintf("%x", f[:]) != tt.boots {
					t.Errorf("the machine has %x, want %s", f, tt.boots)
				}
			})
		})
	}
}

// R19: whoever died with "set in progress" hinders nobody.
func TestR19SetInProgressIsNoLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		dead, next := login(t, r.console(t), admin), login(t, r.console(t), admin)
		for _, set := range []struct {
			netFn ipmi.NetFn
			cmd   uint8
			data  []byte
		}{
			{ipmi.NetFnChassis, cmdSetBootOptions, []byte{0, 1}},
			{ipmi.NetFnTransport, 0x01, []byte{1, 0, 1}},
			{ipmi.NetFnTransport, 0x21, []byte{1, 0, 1}},
			{ipmi.NetFnApp, 0x58, []byte{0, 1}},
		} {
			command(t, dead, set.netFn, set.cmd, set.data, ipmi.Completed)
			command(t, next, set.netFn, set.cmd, set.data, ipmi.Completed)
		}
		command(t, next, ipmi.NetFnChassis, cmdSetBootOptions, []byte{5, 0x80, 4, 0, 0, 0}, ipmi.Completed)
		// A restart of the machine ends it.
		command(t, next, ipmi.NetFnChassis, cmdChassisControl, []byte{byte(ipmi.ChassisHardReset)}, ipmi.Completed)
		askBodies(t, next, []body{
			{"boot", ipmi.NetFnChassis, cmdGetBootOptions, "000000", 0, "0100" + "00"},
			{"LAN", ipmi.NetFnTransport, 0x02, "01000000", 0, "11" + "00"},
		})
	})
}

// R20: as long as there is no Serial over LAN, every way to ask says so, at once.
func TestR20NoSerialOverLAN(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := login(t, serve(t, nil).console(t), admin)
		begin := time.Now()
		for _, client := range []string{"0101c6000000", "0101c2000000", "0101c0000000"} { // ipmitool, FreeIPMI, pyghmi
			command(t, s, ipmi.NetFnApp, 0x48, unhex(t, client), ipmi.PayloadDisabled)
		}
		askBodies(t, s, []body{
			{"deactivate", ipmi.NetFnApp, 0x49, "010100000000", ipmi.PayloadDisabled, ""},
			{"support", ipmi.NetFnApp, 0x4E, "0e", 0, "01003f0000000000"},
			{"status", ipmi.NetFnApp, 0x4A, "01", 0, "000000"},
			{"enabled", ipmi.NetFnTransport, 0x22, "0e010000", 0, "1100"},
		})
		if took := time.Since(begin); took != 0 {
			t.Errorf("it took %v", took)
		}
	})
}

// R19: a device the machine has not is stored when it is not said to be valid,
// and refused when it is.
func TestR19ADeviceTheMachineHasNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		s := login(t, r.console(t), operator)
		r.machine.set(func(m *fakeMachine) {
			m.act = func(context.Context) error {
				if m.Boot().Valid() {
					return ipmi.InvalidField
				}
				return nil
			}
		})
		command(t, s, ipmi.NetFnChassis, cmdSetBootOptions, unhex(t, "05000c000000"), ipmi.Completed)
		askBodies(t, s, []body{{"told", ipmi.NetFnChassis, cmdGetBootOptions, "050000", 0, "0105" + "000c000000"}})
		command(t, s, ipmi.NetFnChassis, cmdSetBootOptions, unhex(t, "05800c000000"), ipmi.InvalidField)
	})
}
