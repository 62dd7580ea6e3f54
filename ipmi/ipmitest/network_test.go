package ipmitest_test

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi/ipmitest"
)

// send numbers n datagrams, one byte each.
func send(t *testing.T, from *ipmitest.Conn, to netip.AddrPort, n int) {
	t.Helper()
	for i := range n {
		if _, err := from.WriteToUDPAddrPort([]byte{byte(i)}, to); err != nil {
			t.Fatal(err)
		}
	}
}

// receive reads the numbers of all datagrams that have arrived.
func receive(t *testing.T, at *ipmitest.Conn) []byte {
	t.Helper()
	if err := at.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	var numbers []byte
	for {
		var b [8]byte
		n, _, err := at.ReadFromUDPAddrPort(b[:])
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return numbers
		}
		if err != nil || n != 1 {
			t.Fatalf("got %d bytes, error %v", n, err)
		}
		numbers = append(numbers, b[0])
	}
}

func inOrder(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

func TestPerfectNetworkDeliversInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bmc, console := ipmitest.Pipe(1, ipmitest.Faults{})
		send(t, console, bmc.AddrPort(), 100)
		if got := receive(t, bmc); !slices.Equal(got, inOrder(100)) {
			t.Errorf("got %v", got)
		}
	})
}

func TestFaults(t *testing.T) {
	const sent = 200
	tests := []struct {
		name   string
		faults ipmitest.Faults
		check  func(t *testing.T, got []byte)
	}{
		{"loss", ipmitest.Faults{Loss: 0.3}, func(t *testing.T, got []byte) {
			if len(got) < sent/2 || len(got) > sent*9/10 || !slices.IsSorted(got) {
				t.Errorf("got %d of %d, in order %t", len(got), sent, slices.IsSorted(got))
			}
		}},
		{"loss of everything", ipmitest.Faults{Loss: 1}, func(t *testing.T, got []byte) {
			if len(got) != 0 {
				t.Errorf("got %v, want nothing", got)
			}
		}},
		{"duplication", ipmitest.Faults{Duplicate: 0.1}, func(t *testing.T, got []byte) {
			if len(got) <= sent || len(slices.Compact(slices.Clone(got))) != sent {
				t.Errorf("got %d datagrams, want more than %d, and all of them", len(got), sent)
			}
		}},
		{"reordering", ipmitest.Faults{Reorder: 0.3}, func(t *testing.T, got []byte) {
			if slices.IsSorted(got) {
				t.Error("all in order")
			}
			slices.Sort(got)
			// The last one may still be waiting to be overtaken.
			if !slices.Equal(got, inOrder(len(got))) || len(got) < sent-1 {
				t.Errorf("got %d of %d", len(got), sent)
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				run := func() []byte {
					bmc, console := ipmitest.Pipe(7, tt.faults)
					send(t, console, bmc.AddrPort(), sent)
					return receive(t, bmc)
				}
				first := run()
				if again := run(); !slices.Equal(first, again) {
					t.Errorf("the same seed gave %v and %v", first, again)
				}
				tt.check(t, first)
			})
		})
	}
}

func TestFullQueueDrops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bmc, console := ipmitest.Pipe(1, ipmitest.Faults{})
		send(t, console, bmc.AddrPort(), 300)
		if got := len(receive(t, bmc)); got != 256 {
			t.Errorf("got %d datagrams, want as many as the queue holds, 256", got)
		}
	})
}

func TestReadDeadline(t *testing.T) {
	tests := []struct {
		name string
		// move is called while a read waits with a deadline in one minute.
		move func(c *ipmitest.Conn) error
		want time.Duration
		err  error
	}{
		{"as set", func(c *ipmitest.Conn) error { return nil }, time.Minute, os.ErrDeadlineExceeded},
		{"moved away", func(c *ipmitest.Conn) error { return c.SetReadDeadline(time.Now().Add(time.Hour)) }, time.Hour + time.Second, os.ErrDeadlineExceeded},
		{"moved closer", func(c *ipmitest.Conn) error { return c.SetReadDeadline(time.Now().Add(time.Second)) }, 2 * time.Second, os.ErrDeadlineExceeded},
		{"moved into the past", func(c *ipmitest.Conn) error { return c.SetReadDeadline(time.Unix(1, 0)) }, time.Second, os.ErrDeadlineExceeded},
		{"closed", func(c *ipmitest.Conn) error { return c.Close() }, time.Second, net.ErrClosed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				bmc, _ := ipmitest.Pipe(1, ipmitest.Faults{})
				start := time.Now()
				if err := bmc.SetReadDeadline(start.Add(time.Minute)); err != nil {
					t.Fatal(err)
				}
				moved := time.AfterFunc(time.Second, func() {
					if err := tt.move(bmc); err != nil {
						t.Error(err)
					}
				})
				defer moved.Stop()
				_, _, err := bmc.ReadFromUDPAddrPort(make([]byte, 8))
				if !errors.Is(err, tt.err) || time.Since(start) != tt.want {
					t.Errorf("got error %v after %s, want %v after %s", err, time.Since(start), tt.err, tt.want)
				}
			})
		})
	}
}

func TestDeadlineIsLiftedByZeroTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bmc, console := ipmitest.Pipe(1, ipmitest.Faults{})
		if err := errors.Join(bmc.SetReadDeadline(time.Unix(1, 0)), bmc.SetReadDeadline(time.Time{})); err != nil {
			t.Fatal(err)
		}
		send(t, console, bmc.AddrPort(), 1)
		n, from, err := bmc.ReadFromUDPAddrPort(make([]byte, 8))
		if n != 1 || from != console.AddrPort() || err != nil {
			t.Errorf("got %d bytes from %s, error %v", n, from, err)
		}
	})
}

func TestClosedConn(t *testing.T) {
	synctest.Test(t, testClosedConn)
}

func testClosedConn(t *testing.T) {
	n := ipmitest.NewNetwork(1)
	addr := netip.MustParseAddrPort("192.0.2.1:623")
	c, err := n.Listen(addr)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.Listen(addr); err == nil {
		t.Error("the address was given twice")
	}
	if c.LocalAddr().String() != addr.String() {
		t.Errorf("got address %s", c.LocalAddr())
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	_, readErr := func() (int, error) {
		n, _, err := c.ReadFromUDPAddrPort(make([]byte, 8))
		return n, err
	}()
	_, writeErr := c.WriteToUDPAddrPort(nil, addr)
	for name, err := range map[string]error{
		"read": readErr, "write": writeErr, "deadline": c.SetReadDeadline(time.Now()), "close": c.Close(),
	} {
		if !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s: got error %v, want %v", name, err, net.ErrClosed)
		}
	}
	again, err := n.Listen(addr)
	if err != nil {
		t.Fatalf("the address was not given up: %v", err)
	}
	if err := c.Close(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("close of the old one: got error %v, want %v", err, net.ErrClosed)
	}
	// To nobody, and to oneself: neither is an error.
	send(t, again, netip.MustParseAddrPort("192.0.2.9:623"), 1)
	send(t, again, addr, 1)
	if got := receive(t, again); len(got) != 1 {
		t.Errorf("got %v", got)
	}
}
