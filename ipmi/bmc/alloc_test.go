package bmc

import (
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// reads returns n packets that ask for one command, in a session of their own.
func reads(t testing.TB, id ipmi.CipherSuiteID, fn ipmi.NetFn, cmd uint8, n int, data ...byte) (*attempt, [][]byte) {
	t.Helper()
	a := newAttempt(t, newBMC(t, func(c *Config) { instrumented(t)(c); c.Events = Events{} }).bmc, admin)
	a.x.Suite = suite(t, id)
	a.complete()
	a.b.sessions[a.x.BMCID].privilege = ipmi.Administrator
	p, err := ipmi.NewProtection(a.x.Suite, a.x.SIK())
	if err != nil {
		t.Fatal(err)
	}
	message := ipmi.AppendRequest(nil, ipmi.Message{Responder: ipmi.AddressBMC, NetFn: fn, Requester: ipmi.AddressConsole, Command: cmd, Data: data})
	packets := make([][]byte, n)
	for i := range packets {
		packets[i] = p.Seal(nil, ipmi.PayloadIPMI, a.x.BMCID, uint32(i+1), [16]byte{byte(i)}, message)
	}
	return a, packets
}

// TestReadsAllocateNothing: thousands of BMCs are polled all day long.
func TestReadsAllocateNothing(t *testing.T) {
	for _, tt := range []struct {
		name string
		fn   ipmi.NetFn
		cmd  uint8
		data []byte
	}{
		{"Get Chassis Status", ipmi.NetFnChassis, cmdChassisStatus, nil},
		{"Get Device ID", ipmi.NetFnApp, cmdDeviceID, nil},
		{"Get ACPI Power State", ipmi.NetFnApp, 0x07, nil},
		{"Get Watchdog Timer", ipmi.NetFnApp, cmdGetWatchdog, nil},
		{"Get User Access", ipmi.NetFnApp, 0x44, []byte{1, 2}},
		{"Get User Name", ipmi.NetFnApp, 0x46, []byte{2}},
		{"Get System Restart Cause", ipmi.NetFnChassis, 0x07, nil},
		{"Get System Boot Options", ipmi.NetFnChassis, cmdGetBootOptions, []byte{5, 0, 0}},
		{"Get LAN Configuration Parameters", ipmi.NetFnTransport, 0x02, []byte{1, 3, 0, 0}},
		{"Get Sensor Reading", ipmi.NetFnSensor, 0x2D, []byte{1}},
		{"Get Sensor Reading of states", ipmi.NetFnSensor, 0x2D, []byte{3}},
		{"Get Sensor Thresholds", ipmi.NetFnSensor, 0x27, []byte{1}},
		{"Get SDR", ipmi.NetFnStorage, 0x23, []byte{0, 0, 3, 0, 0, 0xFF}},
		{"Get SDR Repository Info", ipmi.NetFnStorage, 0x20, nil},
		{"Get SEL Info", ipmi.NetFnStorage, 0x40, nil},
		{"Read FRU Data", ipmi.NetFnStorage, 0x11, []byte{0, 0, 0, 32}},
		{"DCMI Get Power Reading", ipmi.NetFnGroup, 0x02, []byte{ipmi.GroupDCMI, 1, 0, 0}},
		{"DCMI Get Asset Tag", ipmi.NetFnGroup, 0x06, []byte{ipmi.GroupDCMI, 0, 16}},
		{"Get IP/UDP/RMCP Statistics", ipmi.NetFnTransport, 0x04, []byte{1, 0}},
	} {
		for _, id := range []ipmi.CipherSuiteID{3, 17} {
			const runs = 100
			a, packets := reads(t, id, tt.fn, tt.cmd, runs+2, tt.data...)
			dst := make([]byte, 0, maxDatagram)
			next := 0
			ask := func() {
				reply, reason := a.b.answer(a.now, a.from, packets[next], dst)
				if next++; len(reply) == 0 {
					t.Fatalf("packet %d: %v", next, reason)
				}
			}
			ask() // the first one makes the scratch space
			if n := testing.AllocsPerRun(runs, ask); n != 0 {
				t.Errorf("%s, suite %d: %v allocations", tt.name, id, n)
			}
		}
	}
}

func benchmarkRead(b *testing.B, id ipmi.CipherSuiteID) {
	a, packets := reads(b, id, ipmi.NetFnChassis, cmdChassisStatus, b.N)
	dst := make([]byte, 0, maxDatagram)
	b.ReportAllocs()
	b.ResetTimer()
	for _, packet := range packets {
		if reply, reason := a.b.answer(time.Now(), a.from, packet, dst); len(reply) == 0 {
			b.Fatal(reason)
		}
	}
}

func BenchmarkGetChassisStatusSuite3(b *testing.B)  { benchmarkRead(b, 3) }
func BenchmarkGetChassisStatusSuite17(b *testing.B) { benchmarkRead(b, 17) }

// TestLoginAllocatesLittle, on both sides together: a BMC makes its hashes once,
// and a session those it needs for its packets.
func TestLoginAllocatesLittle(t *testing.T) {
	const most = 80 // more are made under the race detector
	r := newBMC(t, nil)
	n := testing.AllocsPerRun(100, func() {
		a := newAttempt(t, r.bmc, admin)
		a.complete()
		r.bmc.closeSession(r.bmc.sessions[a.x.BMCID])
	})
	if n > most {
		t.Errorf("%v allocations, more than %d", n, most)
	}
}

func BenchmarkLogin(b *testing.B) {
	r := newBMC(b, nil)
	b.ReportAllocs()
	for b.Loop() {
		a := newAttempt(b, r.bmc, admin)
		a.complete()
		r.bmc.closeSession(r.bmc.sessions[a.x.BMCID])
	}
}
