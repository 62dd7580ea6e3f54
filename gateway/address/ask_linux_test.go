package address

import (
	"net/netip"
	"testing"
	"time"

	"github.com/mdlayher/arp"
	"golang.org/x/sys/unix"
)

// Ask tells who has what, and leaves no address behind.
func TestAsk(t *testing.T) {
	inNamespace(t)
	addForeign(t, "gw", "10.9.0.7/24", "")
	neighbour := listen(t, "peer")
	reply := frameOf(t, arp.OperationReply, "10.9.0.5", "0.0.0.0")
	stop, answered := make(chan struct{}), make(chan error, 1)
	go func() { // a packet socket stays in the namespace it was opened in
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				answered <- nil
				return
			case <-tick.C:
				if err := unix.Send(neighbour, reply, 0); err != nil {
					answered <- err
					return
				}
			}
		}
	}()
	taken, err := Ask("gw", []netip.Addr{ip("10.9.0.5"), ip("10.9.0.6"), ip("10.9.0.7")}, time.Second)
	close(stop)
	must(t, <-answered)
	must(t, err)
	if len(taken) != 1 || taken[ip("10.9.0.5")].String() != stranger.String() {
		t.Errorf("taken: %v", taken)
	}
	if have := onHost(t, "gw"); len(have) != 1 {
		t.Errorf("on gw: %v", have)
	}
	if _, err := Ask("nic7", []netip.Addr{ip("10.9.0.5")}, 200*time.Millisecond); err == nil {
		t.Error("an interface that is not there was asked")
	}
}
