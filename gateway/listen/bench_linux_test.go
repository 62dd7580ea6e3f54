package listen

import (
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// resident is the memory of this process, in bytes.
func resident(b *testing.B) float64 {
	b.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		b.Fatal(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	if err != nil {
		b.Fatal(err)
	}
	return float64(pages * os.Getpagesize())
}

// BenchmarkTenThousandSockets opens, serves and closes them, and tells what each
// needs of the process's memory.
func BenchmarkTenThousandSockets(b *testing.B) {
	const sockets = 10_000
	s := newServer(b, 2)
	port := 20000 + os.Getpid()%10000
	var most float64 // later rounds use again what the first one has got
	for b.Loop() {
		before := resident(b)
		all := make([]*Socket, sockets)
		for i := range all {
			c, err := s.Open(netip.MustParseAddrPort(fmt.Sprintf("127.11.%d.%d:%d", i>>8, i&0xFF, port)))
			if err != nil {
				b.Fatal(err)
			}
			echo(b, c)
			all[i] = c
		}
		most = max(most, resident(b)-before)
		for _, c := range all {
			if err := c.Close(); err != nil {
				b.Error(err)
			}
		}
	}
	b.ReportMetric(most/sockets, "B/socket")
}

// BenchmarkBesideAFlood is a round trip at one socket while another one of the
// same worker gets all that one sender can send.
func BenchmarkBesideAFlood(b *testing.B) {
	for _, flooding := range []bool{false, true} {
		b.Run(fmt.Sprintf("flood=%v", flooding), func(b *testing.B) {
			s := newServer(b, 1)
			flooded, quiet := open(b, s, "127.0.0.1:0"), open(b, s, "127.0.0.1:0")
			echo(b, quiet)
			serve(b, flooded, func(netip.AddrPort, []byte) {})
			flood, conn := client(b, flooded), client(b, quiet)
			stop, stopped := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(stopped)
				for flooding {
					select {
					case <-stop:
						return
					default:
						_, _ = flood.Write([]byte{1})
					}
				}
			}()
			var took []time.Duration
			for b.Loop() {
				begin := time.Now()
				if ask(b, conn, []byte{1}, time.Second) == nil {
					b.Fatal("no answer")
				}
				took = append(took, time.Since(begin))
			}
			close(stop)
			<-stopped
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
		})
	}
}
