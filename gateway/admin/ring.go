package admin

import (
	"sync"
	"time"
)

// Events are the last things that happened, a fixed number of them. Who adds one
// never waits: a reader that is too slow finds that the oldest are gone.
type Events struct {
	mu    sync.Mutex
	ring  []Event
	last  uint64        // number of the newest; 0: none yet
	added chan struct{} // closed when the next one is added
}

// NewEvents keeps that many events, at least one.
func NewEvents(keep int) *Events {
	return &Events{ring: make([]Event, max(keep, 1)), added: make(chan struct{})}
}

// Add numbers the event, dates it unless it is, and returns it so.
func (e *Events) Add(ev Event) Event {
	if ev.Time.IsZero() {
		ev.Time = time.Now().UTC()
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.last++
	ev.Seq = e.last
	e.ring[e.last%uint64(len(e.ring))] = ev
	close(e.added)
	e.added = make(chan struct{})
	return ev
}

// Since returns the events after number seq, oldest first, and a channel that is
// closed when there are more. A first one of kind EventLost says how many are not
// remembered any more. A number from the future is of an earlier daemon: all that
// are remembered come then.
func (e *Events) Since(seq uint64) (events []Event, more <-chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if seq > e.last {
		seq = 0
	}
	first := seq + 1
	if kept := uint64(len(e.ring)); e.last >= kept && first+kept <= e.last {
		first = e.last - kept + 1
		events = append(events, Event{
			Seq: first - 1, Time: e.ring[first%kept].Time, Kind: EventLost, Level: Warning,
			Text: "earlier events are not remembered any more", Lost: first - 1 - seq,
		})
	}
	for n := first; n <= e.last; n++ {
		events = append(events, e.ring[n%uint64(len(e.ring))])
	}
	return events, e.added
}

// Last returns the number of the newest event; 0 when there is none.
func (e *Events) Last() uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.last
}
