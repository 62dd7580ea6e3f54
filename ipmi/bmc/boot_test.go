package bmc

import (
	"context"
	"encoding/hex"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
)

// A bootStep is a command with its answer.
type bootStep struct {
	cmd  uint8
	data string
	code ipmi.CompletionCode
	want string
}

func setBoot(data string, code ipmi.CompletionCode) bootStep {
	return bootStep{cmdSetBootOptions, data, code, ""}
}

func getBoot(parameter, want string) bootStep {
	return bootStep{cmdGetBootOptions, parameter + "0000", ipmi.Completed, "01" + parameter + want}
}

var bootConversations = []struct {
	name     string
	account  Account
	steps    []bootStep
	validFor time.Duration // as the Machine was told
}{
	{"ipmitool bootdev pxe", operator, []bootStep{
		setBoot("0001", 0), setBoot("040101", 0), setBoot("058004000000", 0), setBoot("0002", 0), setBoot("0000", 0),
		getBoot("05", "8004000000"), getBoot("00", "00"), getBoot("04", "0001"),
	}, time.Minute},
	{"pyghmi turns the time-out off", operator, []bootStep{
		setBoot("0308", 0), setBoot("058004000000", 0), getBoot("03", "08"), getBoot("05", "8004000000"),
	}, 0},
	{"and on again", operator, []bootStep{
		setBoot("0308", 0), setBoot("0300", 0), setBoot("058004000000", 0),
	}, time.Minute},
	{"ipmi-config writes the mask of all", operator, []bootStep{
		setBoot("058004000000", 0), setBoot("031f", 0), setBoot("04ffff", 0), getBoot("05", "8004000000"), getBoot("04", "00ff"), setBoot("040000", 0), getBoot("04", "00ff"), setBoot("04ff00", 0), getBoot("04", "0000"),
	}, 0},
	{"the time-out back on for flags that are set", operator, []bootStep{
		setBoot("0308", 0), setBoot("058004000000", 0), setBoot("0300", 0), getBoot("05", "8004000000"),
	}, time.Minute},
	{"the same flags again under the other rule", operator, []bootStep{
		setBoot("058004000000", 0), setBoot("0308", 0), setBoot("058004000000", 0), setBoot("0300", 0), setBoot("0308", 0),
	}, 0},
	{"flags that time does not end anyway are left alone", admin, []bootStep{
		setBoot("05c004000000", 0), setBoot("0308", 0), getBoot("05", "c004000000"),
	}, time.Minute},
	{"flags that are not valid are left alone", operator, []bootStep{
		setBoot("050000000000", 0), setBoot("0308", 0), getBoot("05", "0000000000"),
	}, time.Minute},
	{"persistent needs an administrator", operator, []bootStep{
		setBoot("05c004000000", ipmi.InsufficientPrivilege), getBoot("05", "0000000000"),
	}, 0},
	{"persistent, EFI", admin, []bootStep{
		setBoot("05e008000000", 0), getBoot("05", "e008000000"),
	}, time.Minute},
	{"raw bytes come back", admin, []bootStep{
		setBoot("05a0be7f0b1f", ipmi.Completed), getBoot("05", "a0be7f0b1f"),
	}, time.Minute},
	{"reserved devices", admin, []bootStep{
		setBoot("058028000000", ipmi.InvalidField), setBoot("058030000000", ipmi.InvalidField),
		setBoot("058034000000", ipmi.InvalidField), setBoot("058038000000", ipmi.InvalidField), getBoot("05", "0000000000"),
	}, 0},
	{"only the mark", admin, []bootStep{
		setBoot("85", 0), {cmdGetBootOptions, "050000", 0, "0185" + "0000000000"}, setBoot("05", 0), getBoot("05", "0000000000"),
		setBoot("83", 0), {cmdGetBootOptions, "030000", 0, "0183" + "00"}, setBoot("0310", 0), getBoot("03", "10"),
	}, 0},
	{"the mark alone taken back", admin, []bootStep{
		setBoot("058004000000", 0), setBoot("05", 0), getBoot("05", "8004000000"),
	}, time.Minute},
	{"wrong lengths", admin, []bootStep{
		setBoot("", ipmi.InvalidLength), setBoot("0580", ipmi.InvalidLength), setBoot("05800400000000", ipmi.InvalidLength),
		setBoot("0401", ipmi.InvalidLength), setBoot("000000", ipmi.InvalidLength), {cmdGetBootOptions, "05", ipmi.InvalidLength, ""},
	}, 0},
	{"set in progress is no lock", admin, []bootStep{
		setBoot("0001", 0), setBoot("0001", 0), setBoot("058004000000", 0), getBoot("00", "01"), setBoot("0003", ipmi.InvalidField),
	}, time.Minute},
	{"flags that are marked invalid are withdrawn", admin, []bootStep{
		setBoot("058004000000", 0), setBoot("85", 0), {cmdGetBootOptions, "050000", 0, "0185" + "0004000000"},
	}, time.Minute},
	{"R19: without the valid bit a device is meant all the same", operator, []bootStep{
		setBoot("050004000000", 0), getBoot("05", "0004000000"),
	}, time.Minute},
	{"for every boot, without the valid bit, is for none", admin, []bootStep{
		setBoot("05c004000000", 0), setBoot("054000000000", 0), getBoot("05", "0000000000"),
	}, time.Minute},
	{"a device for every boot, without the valid bit", admin, []bootStep{
		setBoot("054004000000", 0), getBoot("05", "0004000000"),
	}, time.Minute},
	{"service partition", operator, []bootStep{
		getBoot("01", "00"), setBoot("0107", 0), getBoot("01", "07"), getBoot("02", "00"), setBoot("0202", 0), getBoot("02", "02"),
	}, 0},
	{"initiator", operator, []bootStep{
		getBoot("06", "000000000000000000"), setBoot("06010403020144332211", 0), getBoot("06", "010403020144332211"),
		setBoot("060101", ipmi.InvalidLength),
	}, 0},
	{"mailbox", operator, []bootStep{
		setBoot("0700"+"f21b00"+"0102030405060708090a0b0c0d", 0), {cmdGetBootOptions, "070000", 0, "0107" + "00" + "f21b000102030405060708090a0b0c0d"},
		setBoot("0704"+"aa", 0), {cmdGetBootOptions, "070400", 0, "0107" + "04" + "aa000000000000000000000000000000"},
		{cmdGetBootOptions, "070100", 0, "0107" + "01" + "00000000000000000000000000000000"},
		setBoot("0705"+"aa", ipmi.OutOfRange), {cmdGetBootOptions, "070500", ipmi.OutOfRange, ""}, setBoot("0700", ipmi.InvalidLength),
	}, 0},
	{"other parameters", admin, []bootStep{
		setBoot("08ff", ipmi.ParameterUnsupported), setBoot("6001", ipmi.ParameterUnsupported),
		{cmdGetBootOptions, "080000", ipmi.ParameterUnsupported, ""}, {cmdGetBootOptions, "600000", ipmi.ParameterUnsupported, ""},
	}, 0},
}

func TestBootOptions(t *testing.T) {
	for _, tt := range bootConversations {
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

// TestBootFlagsOfSomebodyElse are told as they are, also after a client that set its own
// without the valid bit has withdrawn them, or named a device that the machine has not.
func TestBootFlagsOfSomebodyElse(t *testing.T) {
	pxe := []byte{5, 0x00, 4, 0, 0, 0}
	for name, then := range map[string]func(*testing.T, *rig, *remote.Session){
		"withdrawn": func(t *testing.T, _ *rig, s *remote.Session) {
			command(t, s, ipmi.NetFnChassis, cmdSetBootOptions, pxe, ipmi.Completed)
			command(t, s, ipmi.NetFnChassis, cmdSetBootOptions, []byte{0x85}, ipmi.Completed)
		},
		"no such device": func(t *testing.T, r *rig, s *remote.Session) {
			refusals := 0
			r.machine.set(func(m *fakeMachine) {
				m.act = func(context.Context) error {
					if refusals++; refusals == 1 {
						return ipmi.InvalidField
					}
					return nil
				}
			})
			command(t, s, ipmi.NetFnChassis, cmdSetBootOptions, pxe, ipmi.Completed)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := serve(t, nil)
				s := login(t, r.console(t), operator)
				then(t, r, s)
				r.machine.set(func(m *fakeMachine) { m.boot = ipmi.NewBootFlags(ipmi.BootDisk, false) })
				got := command(t, s, ipmi.NetFnChassis, cmdGetBootOptions, []byte{5, 0, 0}, ipmi.Completed)
				if got.Data[2]&0x80 == 0 {
					t.Errorf("got %x, want the valid bit", got.Data)
				}
			})
		})
	}
}

// TestBootMarkRefused: a machine that does not let its flags go has not lost them.
func TestBootMarkRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		s := login(t, r.console(t), operator)
		command(t, s, ipmi.NetFnChassis, cmdSetBootOptions, []byte{5, 0x80, 4, 0, 0, 0}, ipmi.Completed)
		r.machine.acts(0, ipmi.NotInPresentState)
		command(t, s, ipmi.NetFnChassis, cmdSetBootOptions, []byte{0x85}, ipmi.NotInPresentState)
		if got := command(t, s, ipmi.NetFnChassis, cmdGetBootOptions, []byte{5, 0, 0}, ipmi.Completed); got.Data[1] != 5 {
			t.Errorf("got %x, marked invalid", got.Data)
		}
	})
}
