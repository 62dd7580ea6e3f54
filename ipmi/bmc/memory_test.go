package bmc

import (
	"net/netip"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

// A nowhere is where answers go that nobody waits for.
type nowhere struct{}

func (nowhere) WriteToUDPAddrPort(p []byte, _ netip.AddrPort) (int, error) { return len(p), nil }

// inUse is how many bytes of the heap are.
func inUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestIdleBMCIsSmall, before its first client and after its last: ten thousand of
// them are one process.
func TestIdleBMCIsSmall(t *testing.T) {
	const (
		count = 200
		most  = 4 << 10 // bytes each; 2.6 to 3.7 kB in November 2026
	)
	synctest.Test(t, func(t *testing.T) {
		config := testConfig(t)
		instrumented(t)(&config)
		config.PacketRate = 1000
		machine := &fakeMachine{power: On}
		bmcs := make([]*BMC, count)
		before := inUse()
		for i := range bmcs {
			b, err := New(config, machine)
			if err != nil {
				t.Fatal(err)
			}
			stop, err := b.Start(nowhere{})
			if err != nil {
				t.Fatal(err)
			}
			defer stop()
			bmcs[i] = b
		}
		fresh := (inUse() - before) / count
		for _, b := range bmcs {
			b.mu.Lock()
			newAttempt(t, b, admin).complete()
			b.mu.Unlock()
		}
		time.Sleep(2 * defaultIdleTimeout) // the sessions end
		used := (inUse() - before) / count
		t.Logf("%d bytes each, %d after a session", fresh, used)
		if fresh > most || used > most {
			t.Errorf("more than %d bytes each", most)
		}
	})
}
