package pulse

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p Pulse
		for _, step := range []struct {
			name string
			do   func()
			wait time.Duration
			want time.Duration
		}{
			{"before the first beat", func() {}, time.Hour, 0},
			{"after the first", p.Beat, time.Second, time.Second},
			{"still", func() {}, time.Second, 2 * time.Second},
			{"after another", p.Beat, time.Minute, time.Minute},
			{"at rest", p.Rest, time.Hour, 0},
			{"awake again", p.Beat, 3 * time.Second, 3 * time.Second},
		} {
			step.do()
			time.Sleep(step.wait)
			if got := p.Silent(time.Now()); got != step.want {
				t.Errorf("%s: silent for %s, want %s", step.name, got, step.want)
			}
		}
	})
}

func TestBeatAllocatesNothing(t *testing.T) {
	var p Pulse
	p.Beat()
	if n := testing.AllocsPerRun(100, p.Beat); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
