package page

import (
	"bytes"
	"fmt"
	"net/http"
	"time"
)

const (
	// maxStreams is how many pages are kept up to date at a time.
	maxStreams = 64
	// readWithin is how long a browser may take to read what is written to it.
	readWithin = 10 * time.Second
	// beat is how often a stream says that it is there, to a page that has to know
	// whether its figures are old.
	beat = 10 * time.Second
)

// stream keeps an open page up to date with events of the server (the browser's
// EventSource): "region" is what the page shows of the view, sent when it differs
// from what the page has, and "beat" says that nothing does. A page that comes back
// says what it has in Last-Event-ID.
func (p *Page) stream(w http.ResponseWriter, r *http.Request, v Viewer, of view) {
	if reg := p.regionOf(p.clock.now(), v, of); reg.err != nil {
		p.nothing(w, r, v)
		return
	}
	if r.Method == http.MethodHead {
		return
	}
	leave, ok := p.streams.Take(v)
	if !ok {
		http.Error(w, "too many pages are kept up to date already", http.StatusServiceUnavailable)
		return
	}
	defer leave()
	has := r.Header.Get("Last-Event-ID")
	if has == "" {
		has = r.URL.Query().Get("has")
	}
	out := http.NewResponseController(w)
	// The server's limit for reading a request would end the stream. An error is of a
	// connection without deadlines.
	_ = out.SetReadDeadline(time.Time{})
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	w.Header().Set("X-Accel-Buffering", "no")                               // nginx passes events on at once
	defer func() { _ = out.SetWriteDeadline(time.Now().Add(readWithin)) }() // the end of an answer is written, too
	f := follower{page: p, request: r, viewer: v, of: of, has: has}
	for p.isStill(r, v) {
		text, next := f.step()
		if len(text) > 0 {
			if out.SetWriteDeadline(time.Now().Add(readWithin)) != nil {
				return
			}
			if _, err := w.Write(text); err != nil || out.Flush() != nil {
				return
			}
			// HTTP/2 ends a stream whose time is up, also when nothing is being written.
			if out.SetWriteDeadline(time.Time{}) != nil {
				return
			}
		}
		if !p.wait(r, next) {
			return
		}
	}
}

// isStill says whether a viewer sees what they saw when their stream began. When a
// reload has changed that the stream ends, and the page that asks again is judged anew.
func (p *Page) isStill(r *http.Request, v Viewer) bool {
	now, ok := p.viewer(r)
	return ok && now.same(v)
}

// wait returns at a time, or false when the browser or the daemon goes before.
func (p *Page) wait(r *http.Request, until time.Time) bool {
	t := time.NewTimer(time.Until(until))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.Context().Done():
		return false
	case <-p.ending:
		return false
	}
}

// A follower is what one stream has told.
type follower struct {
	page    *Page
	request *http.Request
	viewer  Viewer
	of      view
	has     string // digest of what the page shows
	told    time.Time
	moment  *moment // the last one: kept for the others who look until there is another
}

// step returns what is to be written now, if anything, and when to look again.
func (f *follower) step() (text []byte, next time.Time) {
	f.moment = f.page.clock.now()
	m := f.moment
	next = m.at.Add(period)
	reg := f.page.regionOf(m, f.viewer, f.of)
	var b bytes.Buffer
	switch {
	case reg.err == nil && reg.digest != f.has:
		fmt.Fprintf(&b, "event: region\nid: %s\n", reg.digest)
		writeData(&b, reg.text)
		f.has = reg.digest
	case reg.err != nil && f.has != "gone": // the BMC is no more: the page asks what there is instead
		b.WriteString("event: gone\nid: gone\ndata:\n\n")
		f.has = "gone"
	case time.Since(f.told) >= beat:
		fmt.Fprintf(&b, "event: beat\ndata: %s\n\n", m.at.UTC().Format(time.RFC3339))
	default:
		return nil, next
	}
	f.told = time.Now()
	return b.Bytes(), next
}

// writeData writes the lines of a text as the data of an event, and ends it.
func writeData(b *bytes.Buffer, text []byte) {
	for line := range bytes.Lines(text) {
		b.WriteString("data: ")
		b.Write(bytes.TrimRight(line, "\n"))
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
}
