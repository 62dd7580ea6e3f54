package interop

import (
	"bytes"
	"net/netip"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestReplay lets the subject hear again what the clients said when they were
// recorded, at the times they said it, and wants the same answers, bit for bit.
// Where an answer has changed on purpose, -run TestRecord -update records anew.
func TestReplay(t *testing.T) {
	for _, r := range recordings {
		t.Run(r.file, func(t *testing.T) {
			if _, err := os.Stat(recordingPath(r.file)); err != nil {
				t.Fatal(err)
			}
			c := readConversation(t, recordingPath(r.file))
			synctest.Test(t, func(t *testing.T) { replay(t, c) })
		})
	}
}

// replay runs in a bubble, whose clock is set by sleeping.
func replay(t *testing.T, c *conversation) {
	time.Sleep(time.Until(c.said[0].at))
	tape := &tape{in: make(chan datagram), closed: make(chan struct{})}
	subject, last := newSubject(t)
	end := serveSubject(subject, tape)
	defer func() {
		if err := end(); err != nil {
			t.Error(err)
		}
	}()
	for n := 0; n < len(c.said); {
		said := c.said[n]
		time.Sleep(time.Until(said.at))
		tape.in <- said
		synctest.Wait()
		n++
		heard := tape.take()
		for ; n < len(c.said) && !c.said[n].fromClient; n++ {
			if len(heard) == 0 {
				t.Fatalf("datagram %d: no answer (last command: %s), want\n%x", n, last(), c.said[n].bytes)
			}
			if !bytes.Equal(heard[0], c.said[n].bytes) {
				t.Fatalf("datagram %d, after %s: said\n%x\nwant\n%x", n, last(), heard[0], c.said[n].bytes)
			}
			heard = heard[1:]
		}
		if len(heard) != 0 {
			t.Fatalf("datagram %d, after %s: said, where it was silent,\n%x", n, last(), heard[0])
		}
	}
}

// A tape is a socket that hears what it is given.
type tape struct {
	in     chan datagram
	once   sync.Once
	closed chan struct{} // when reading is to end

	mu    sync.Mutex
	heard [][]byte // from the subject, since the last take
}

func (c *tape) ReadFromUDPAddrPort(p []byte) (int, netip.AddrPort, error) {
	select {
	case d := <-c.in:
		return copy(p, d.bytes), d.client, nil
	case <-c.closed:
		return 0, netip.AddrPort{}, os.ErrDeadlineExceeded
	}
}

func (c *tape) WriteToUDPAddrPort(p []byte, _ netip.AddrPort) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heard = append(c.heard, bytes.Clone(p))
	return len(p), nil
}

// SetReadDeadline ends all reading, unless the deadline is none.
func (c *tape) SetReadDeadline(at time.Time) error {
	if !at.IsZero() {
		c.once.Do(func() { close(c.closed) })
	}
	return nil
}

func (c *tape) take() [][]byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	heard := c.heard
	c.heard = nil
	return heard
}
