package bmc

import (
	"fmt"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// TestReadsOfEverySessionAllocateNothing, whatever protects its packets.
func TestReadsOfEverySessionAllocateNothing(t *testing.T) {
	const runs = 100
	check := func(name string, ask func() DropReason) {
		t.Helper()
		if reason := ask(); reason != NotDropped { // the first one makes the scratch space
			t.Fatalf("%s: %v", name, reason)
		}
		if n := testing.AllocsPerRun(runs, func() {
			if reason := ask(); reason != NotDropped {
				t.Fatalf("%s: %v", name, reason)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
	dst := make([]byte, 0, maxDatagram)
	for id := range useful {
		b := newBMC(t, func(c *Config) { c.Suites, c.Events = []ipmi.CipherSuite{suite(t, id)}, Events{} }).bmc
		a := newAttempt(t, b, admin)
		a.x.Suite = suite(t, id)
		a.complete()
		p, err := a.x.Protection(a.x.SIK())
		if err != nil {
			t.Fatal(err)
		}
		var packets [][]byte
		for n := range runs + 2 {
			packets = append(packets, p.Seal(nil, ipmi.PayloadIPMI, a.x.BMCID, uint32(n+1), [16]byte{}, getDeviceIDMessage()))
		}
		check(fmt.Sprint("suite ", id), func() DropReason {
			_, reason := b.answer(a.now, a.from, packets[0], dst)
			packets = packets[1:]
			return reason
		})
	}
	r := newBMC(t, func(c *Config) { bothVersions(c); c.Events = Events{} })
	c := newActivation15(t, r, operator)
	c.activate()
	var packets [][]byte
	for range runs + 2 {
		packets = append(packets, c.deviceID())
	}
	check("MD5", func() DropReason {
		_, reason := r.bmc.answer(c.now, c.from, packets[0], dst)
		packets = packets[1:]
		return reason
	})
}

// BenchmarkGetDeviceIDMD5 is a read in a session of IPMI 1.5.
func BenchmarkGetDeviceIDMD5(b *testing.B) {
	r := newBMC(b, func(c *Config) { bothVersions(c); c.Events = Events{} })
	c := newActivation15(b, r, operator)
	c.activate()
	packets := make([][]byte, b.N)
	for n := range packets {
		packets[n] = c.deviceID()
	}
	dst := make([]byte, 0, maxDatagram)
	b.ReportAllocs()
	b.ResetTimer()
	for _, packet := range packets {
		if _, reason := r.bmc.answer(c.now, c.from, packet, dst); reason != NotDropped {
			b.Fatal(reason)
		}
	}
}

// BenchmarkGuess is what a wrong password costs, with a table full of guessers.
func BenchmarkGuess(b *testing.B) {
	var o backoff
	now := newActivation15(b, newBMC(b, bothVersions), operator).now
	for n := range b.N {
		o.failed(now, newGuesser(spoofed(n), "admin"))
	}
}
