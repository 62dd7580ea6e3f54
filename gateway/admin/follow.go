package admin

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

const (
	// maxFollowers is how many clients may watch events at a time.
	maxFollowers = 32
	// readWithin is how long a watching client may take to read what is written to
	// it; one that does not read any more is cut off.
	readWithin = 10 * time.Second
)

// A feed answers GET /v1/events: ?since=N after that number, ?tenant=T of one
// tenant, ?follow=true as JSON lines until the client or the daemon goes.
type feed struct {
	events    *Events
	followers chan struct{}
	ending    <-chan struct{} // closed when the daemon is about to end
}

func newFeed(events *Events, ending <-chan struct{}) *feed {
	return &feed{events: events, followers: make(chan struct{}, maxFollowers), ending: ending}
}

// ServeHTTP implements http.Handler.
func (f *feed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	since, err := strconv.ParseUint(q.Get("since"), 10, 64)
	if q.Has("since") && err != nil {
		refuse(w, http.StatusBadRequest, "since: not the number of an event")
		return
	}
	if q.Get("follow") != "true" {
		events, _ := f.events.Since(since)
		reply(w, http.StatusOK, EventList(eventsOf(events, q.Get("tenant"))))
		return
	}
	select {
	case f.followers <- struct{}{}:
		defer func() { <-f.followers }()
	default:
		refuse(w, http.StatusServiceUnavailable, "too many clients watch events already")
		return
	}
	f.follow(w, r, since, q.Get("tenant"))
}

func (f *feed) follow(w http.ResponseWriter, r *http.Request, since uint64, tenant string) {
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.WriteHeader(http.StatusOK)
	out, lines := http.NewResponseController(w), json.NewEncoder(w)
	for {
		events, more := f.events.Since(since)
		if len(events) > 0 {
			since = events[len(events)-1].Seq
		}
		if out.SetWriteDeadline(time.Now().Add(readWithin)) != nil {
			return
		}
		for _, e := range eventsOf(events, tenant) {
			if lines.Encode(e) != nil {
				return // the client has gone, or reads no more
			}
		}
		if out.Flush() != nil {
			return
		}
		select {
		case <-more:
		case <-r.Context().Done():
			return
		case <-f.ending:
			return
		}
	}
}

// eventsOf keeps those of one tenant and those of none, which concern everybody;
// an empty name means all.
func eventsOf(events []Event, tenant string) []Event {
	if tenant == "" {
		return events
	}
	var kept []Event
	for _, e := range events {
		if e.Tenant == tenant || e.Tenant == "" {
			kept = append(kept, e)
		}
	}
	return kept
}
