package e2e

import (
	"context"
	"net/netip"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
)

const (
	cmdGetSystemGUID = 0x37
	// pollTry is how long an answer is waited for: a BMC that is there answers
	// within milliseconds, and one whose gateway is dead not at all.
	pollTry = 200 * time.Millisecond
)

// dialIn returns a console on a host of the LAN. The socket is opened on a thread
// that goes to the host's namespace and ends there, and stays in it.
func dialIn(t *testing.T, l *lan, host, address string) *remote.Console {
	t.Helper()
	var c *remote.Console
	var err error
	var opening sync.WaitGroup
	opening.Go(func() {
		runtime.LockOSThread()
		var ns *os.File
		if ns, err = os.Open("/var/run/netns/" + l.ns(host)); err != nil {
			return
		}
		defer ns.Close()
		if err = unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err == nil {
			c, err = remote.Dial(netip.AddrPortFrom(netip.MustParseAddr(address), 623))
		}
	})
	opening.Wait()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.Timeout, c.Tries = pollTry, 1
	return c
}

// guid asks a BMC which system it is.
func guid(ctx context.Context, c *remote.Console) (string, error) {
	r, err := c.Sessionless15(ctx, ipmi.NetFnApp, cmdGetSystemGUID, nil)
	if err == nil && r.Code != ipmi.Completed {
		err = r.Code
	}
	return string(r.Data), err
}

// A guidWatch asks a BMC which system it is, again and again.
type guidWatch struct {
	asked, answered int
	systems         map[string]int
}

// watchGUID asks until the function it returns is called.
func watchGUID(t *testing.T, c *remote.Console) (stop func() guidWatch) {
	t.Helper()
	w := guidWatch{systems: make(map[string]int)}
	end := make(chan struct{})
	var asking sync.WaitGroup
	asking.Go(func() {
		for {
			w.asked++
			if system, err := guid(t.Context(), c); err == nil {
				w.answered++
				w.systems[system]++
			}
			select {
			case <-end:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
	return sync.OnceValue(func() guidWatch {
		close(end)
		asking.Wait()
		return w
	})
}
