package bmc

import (
	"encoding/hex"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

func TestBootOptions(t *testing.T) {
	type step struct {
		cmd  uint8
		data string
		code ipmi.CompletionCode
		want string
	}
	set := func(data string, code ipmi.CompletionCode) step { return step{cmdSetBootOptions, data, code, ""} }
	get := func(parameter, want string) step {
		return step{cmdGetBootOptions, parameter + "0000", ipmi.Completed, "01" + parameter + want}
	}
	tests := []struct {
		name     string
		account  Account
		steps    []step
		validFor time.Duration // as the Machine was told
	}{
		{"ipmitool bootdev pxe", operator, []step{
			set("0001", 0), set("040101", 0), set("058004000000", 0), set("0002", 0), set("0000", 0),
			get("05", "8004000000"), get("00", "00"), get("04", "0001"),
		}, time.Minute},
		{"pyghmi turns the time-out off", operator, []step{
			set("0308", 0), set("058004000000", 0), get("03", "08"), get("05", "8004000000"),
		}, 0},
		{"and on again", operator, []step{
			set("0308", 0), set("0300", 0), set("058004000000", 0),
		}, time.Minute},
		{"ipmi-config writes the mask of all", operator, []step{
			set("058004000000", 0), set("031f", 0), set("04ffff", 0), get("04", "00ff"), set("040000", 0), get("04", "00ff"), set("04ff00", 0), get("04", "0000"),
		}, 0}, // the mask has keepOnTimeout, and the flags wait already
		{"persistent needs an administrator", operator, []step{
			set("05c004000000", ipmi.InsufficientPrivilege), get("05", "0000000000"),
		}, 0},
		{"persistent, EFI", admin, []step{
			set("05e008000000", 0), get("05", "e008000000"),
		}, time.Minute},
		{"raw bytes come back", admin, []step{
			set("05a0be7f0b1f", ipmi.Completed), get("05", "a0be7f0b1f"),
		}, time.Minute},
		{"reserved devices", admin, []step{
			set("058028000000", ipmi.InvalidField), set("058030000000", ipmi.InvalidField),
			set("058034000000", ipmi.InvalidField), set("058038000000", ipmi.InvalidField), get("05", "0000000000"),
		}, 0},
		{"only the mark", admin, []step{
			set("85", 0), {cmdGetBootOptions, "050000", 0, "0185" + "0000000000"}, set("05", 0), get("05", "0000000000"),
			set("83", 0), {cmdGetBootOptions, "030000", 0, "0183" + "00"}, set("0310", 0), get("03", "10"),
		}, 0},
		{"wrong lengths", admin, []step{
			set("", ipmi.InvalidLength), set("0580", ipmi.InvalidLength), set("05800400000000", ipmi.InvalidLength),
			set("0401", ipmi.InvalidLength), set("000000", ipmi.InvalidLength), {cmdGetBootOptions, "05", ipmi.InvalidLength, ""},
		}, 0},
		{"set in progress is no lock", admin, []step{
			set("0001", 0), set("0001", 0), set("058004000000", 0), get("00", "01"), set("0003", ipmi.InvalidField),
		}, time.Minute},
		{"flags that are marked invalid are withdrawn", admin, []step{
			set("058004000000", 0), set("85", 0), {cmdGetBootOptions, "050000", 0, "0185" + "0004000000"},
		}, time.Minute},
		{"R19: without the valid bit a device is meant all the same", operator, []step{
			set("050004000000", 0), get("05", "0004000000"),
		}, time.Minute},
		{"service partition", operator, []step{
			get("01", "00"), set("0107", 0), get("01", "07"), get("02", "00"), set("0202", 0), get("02", "02"),
		}, 0},
		{"initiator", operator, []step{
			get("06", "000000000000000000"), set("06010403020144332211", 0), get("06", "010403020144332211"),
			set("060101", ipmi.InvalidLength),
		}, 0},
		{"mailbox", operator, []step{
			set("0700"+"f21b00"+"0102030405060708090a0b0c0d", 0), {cmdGetBootOptions, "070000", 0, "0107" + "00" + "f21b000102030405060708090a0b0c0d"},
			set("0704"+"aa", 0), {cmdGetBootOptions, "070400", 0, "0107" + "04" + "aa000000000000000000000000000000"},
			{cmdGetBootOptions, "070100", 0, "0107" + "01" + "00000000000000000000000000000000"},
			set("0705"+"aa", ipmi.OutOfRange), {cmdGetBootOptions, "070500", ipmi.OutOfRange, ""}, set("0700", ipmi.InvalidLength),
		}, 0},
		{"other parameters", admin, []step{
			set("08ff", ipmi.ParameterUnsupported), set("6001", ipmi.ParameterUnsupported),
			{cmdGetBootOptions, "080000", ipmi.ParameterUnsupported, ""}, {cmdGetBootOptions, "600000", ipmi.ParameterUnsupported, ""},
		}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := serve(t, nil)
				s := login(t, r.console(t), tt.account)
				for i, p := range tt.steps {
					data, err := hex.DecodeString(p.data)
					if err != nil {
						t.Fatal(err)
					}
					got, err := s.Command(t.Context(), ipmi.NetFnChassis, p.cmd, data)
					if err != nil {
						t.Fatal(err)
					}
					if body := hex.EncodeToString(got.Data); got.Code != p.code || body != p.want {
						t.Errorf("step %d, %s: %v %s, want %v %s", i+1, p.data, got.Code, body, p.code, p.want)
					}
				}
				r.machine.set(func(m *fakeMachine) {
					if m.validFor != tt.validFor {
						t.Errorf("valid for %v, want %v", m.validFor, tt.validFor)
					}
				})
			})
		})
	}
}

// TestBootFlagsAreTheMachines: what the Machine has cleared is told as cleared.
func TestBootFlagsAreTheMachines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		s := login(t, r.console(t), operator)
		command(t, s, ipmi.NetFnChassis, cmdSetBootOptions, []byte{5, 0x80, 4, 0, 0, 0}, ipmi.Completed)
		r.machine.set(func(m *fakeMachine) { m.boot = m.boot.Cleared() })
		got := command(t, s, ipmi.NetFnChassis, cmdGetBootOptions, []byte{5, 0, 0}, ipmi.Completed)
		if body := hex.EncodeToString(got.Data); body != "0105"+"0004000000" {
			t.Errorf("got %s, want the valid bit clear", body)
		}
	})
}
