package address

import (
	"testing"
	"time"
)

// The kernel's notice makes the loop look, without waiting for the minute.
func TestKeeperHearsOfRemovals(t *testing.T) {
	inNamespace(t)
	k, _ := openKeeper(t)
	s := k.Segment(watchOnly)
	must(t, s.Add("gw", ip("10.9.0.5")))
	select {
	case <-k.kick: // of Add
	default:
	}
	removeForeign(t, "gw", "10.9.0.5/32")
	select {
	case <-k.kick:
	case <-time.After(time.Minute):
		t.Error("a removal is not noticed")
	}
}

// Of more changes than there is room for the keeper hears that it has not heard of
// all, looks at everything, and hears on.
func TestKeeperAfterLostNotices(t *testing.T) {
	inNamespace(t)
	k, heard := openKeeper(t)
	k.stop()
	gate, busy := make(chan struct{}), make(chan struct{}, 10000)
	var err error
	k.stop, err = watchChanges(4096, func(lost bool) {
		busy <- struct{}{}
		<-gate
		k.changed(lost)
	})
	must(t, err)
	s := k.Segment(watchOnly)
	must(t, s.Add("gw", ip("10.9.0.5")))
	addForeign(t, "gw", "10.9.0.6/32", "")
	<-busy // and not to be had
	removeForeign(t, "gw", "10.9.0.5/32")
	other, a := openNetlink(t), ip("10.8.0.0")
	for range 1000 {
		must(t, other.Add("gw", a))
		a = a.Next()
	}
	close(gate)
	kicked := func() bool {
		select {
		case <-k.kick:
			k.look(time.Now(), func() error { return nil })
		default:
		}
		return lifetime(t, "gw", "10.9.0.5") > 0
	}
	poll(t, time.Minute, "notices are lost", func() bool { return heard.count(NoticesLost) > 0 })
	poll(t, time.Minute, "it is put back", kicked)
	removeForeign(t, "gw", "10.9.0.5/32")
	poll(t, time.Minute, "it is put back again", kicked)
}
