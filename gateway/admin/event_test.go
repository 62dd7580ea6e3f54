package admin

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// happenings is a source that has events, and nothing else.
type happenings struct {
	fixed
	events *Events
}

func (h happenings) Events() *Events { return h.events }

func (f fixed) Events() *Events { return NewEvents(1) }

// told is an event in two words.
func told(events []Event) (out []string) {
	for _, e := range events {
		if e.Kind == EventLost {
			out = append(out, fmt.Sprintf("%d lost %d", e.Seq, e.Lost))
			continue
		}
		out = append(out, fmt.Sprintf("%d %s", e.Seq, e.Text))
	}
	return out
}

func TestEventsSince(t *testing.T) {
	for _, tt := range []struct {
		name  string
		keep  int
		added int
		since uint64
		want  []string
	}{
		{"none yet", 3, 0, 0, nil},
		{"all", 3, 2, 0, []string{"1 e1", "2 e2"}},
		{"exactly what is kept", 3, 3, 0, []string{"1 e1", "2 e2", "3 e3"}},
		{"after one", 3, 3, 2, []string{"3 e3"}},
		{"nothing new", 3, 3, 3, nil},
		{"the oldest are gone", 3, 5, 0, []string{"2 lost 2", "3 e3", "4 e4", "5 e5"}},
		{"one of them was seen", 3, 5, 1, []string{"2 lost 1", "3 e3", "4 e4", "5 e5"}},
		{"those that are gone were seen", 3, 5, 2, []string{"3 e3", "4 e4", "5 e5"}},
		{"a number of an earlier daemon", 3, 2, 900, []string{"1 e1", "2 e2"}},
		{"a ring of one", 0, 2, 0, []string{"1 lost 1", "2 e2"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := NewEvents(tt.keep)
			for i := range tt.added {
				e.Add(Event{Text: fmt.Sprint("e", i+1)})
			}
			got, more := e.Since(tt.since)
			if diff := cmp.Diff(tt.want, told(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			select {
			case <-more:
				t.Error("more are told of before they came")
			default:
			}
			e.Add(Event{})
			<-more
		})
	}
}

func TestEventsStayWithinTheirRing(t *testing.T) {
	e := NewEvents(100)
	for i := range 10_000 {
		e.Add(Event{Text: fmt.Sprint(i)})
	}
	got, _ := e.Since(0)
	if len(got) != 101 || got[0].Lost != 9900 || got[100].Seq != 10_000 {
		t.Errorf("%d events, the first says that %d are lost, the last is number %d", len(got), got[0].Lost, got[len(got)-1].Seq)
	}
}

func TestFollow(t *testing.T) {
	src := happenings{lab, NewEvents(10)}
	src.events.Add(Event{Tenant: "lab-a", Text: "before"})
	path, stop := start(t, src)
	got := make(chan Event, 10)
	ended := make(chan error, 1)
	go func() {
		ended <- NewClient(path).Follow(context.Background(), 0, "lab-a", func(e Event) error { got <- e; return nil })
	}()
	if e := <-got; e.Text != "before" {
		t.Errorf("first %+v", e)
	}
	src.events.Add(Event{Tenant: "lab-b", Text: "another's"})
	src.events.Add(Event{VCenter: "vc-lab", Text: "everybody's"})
	if e := <-got; e.Text != "everybody's" || e.Seq != 3 {
		t.Errorf("then %+v", e)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("the end of the daemon: %v", err)
	}
}

func TestFollowEndsWithItsCaller(t *testing.T) {
	src := happenings{lab, NewEvents(10)}
	path, _ := start(t, src)
	src.events.Add(Event{Text: "one"})
	enough := errors.New("enough")
	if err := NewClient(path).Follow(t.Context(), 0, "", func(Event) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err := NewClient(path).Follow(ctx, 0, "", func(Event) error { cancel(); return nil })
	if err == nil || ctx.Err() == nil {
		t.Errorf("interrupted: %v", err)
	}
}

// TestSlowReaderHoldsUpNobody: a client that asks and never reads costs whoever has
// something to tell nothing.
func TestSlowReaderHoldsUpNobody(t *testing.T) {
	src := happenings{lab, NewEvents(64)}
	path, _ := start(t, src)
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "GET /v1/events?follow=true HTTP/1.1\r\nHost: x\r\n\r\n")
	if line, err := bufio.NewReaderSize(c, 16).ReadString('\n'); err != nil || !strings.Contains(line, "200") {
		t.Fatalf("%q, %v", line, err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 5_000 { // some 5 MB, more than a socket takes
			src.events.Add(Event{Text: strings.Repeat("x", 1000)})
		}
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("telling waits for the reader")
	}
	if _, err := NewClient(path).Status(t.Context()); err != nil {
		t.Errorf("another client: %v", err)
	}
}

func TestEventsPath(t *testing.T) {
	src := happenings{lab, NewEvents(4)}
	src.events.Add(Event{Text: "one", Kind: EventBMC})
	for path, want := range map[string]string{
		"/v1/events":         `"kind":"EventList","items":[{"seq":1`,
		"/v1/events?since=1": `"items":[]`,
		"/v1/events?since=x": "not the number",
		"/v1/events?since=":  "not the number",
	} {
		w := httptest.NewRecorder()
		handler(src, nil).ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %s", path, w.Body)
		}
	}
}

func TestOnlySoManyFollow(t *testing.T) {
	f := newFeed(NewEvents(1), nil)
	for range maxFollowers {
		f.followers <- struct{}{}
	}
	w := httptest.NewRecorder()
	f.ServeHTTP(w, httptest.NewRequest("GET", "/v1/events?follow=true", nil))
	if w.Code != 503 {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestCallerIsToldByTheKernel(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	c := callerIn(withCaller(t.Context(), server))
	if c.UID == nil || int(*c.UID) != os.Getuid() || c.String() != fmt.Sprint(os.Getuid()) {
		t.Errorf("got %v, want %d", c, os.Getuid())
	}
	if c := callerIn(t.Context()); c.String() != "unknown" {
		t.Errorf("without a connection: %v", c)
	}
}
