package page

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// A changing fleet counts how often it is read.
type changing struct {
	mu    sync.Mutex
	fleet *fleet
	read  int
}

func (c *changing) BMCs() []admin.BMC {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.read++
	return append([]admin.BMC(nil), c.fleet.bmcs...)
}

func (c *changing) Status() admin.Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fleet.status
}

func (c *changing) Detail(b admin.BMC) (admin.Detail, error) { return c.fleet.Detail(b) }

func (c *changing) change(f func(*fleet)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f(c.fleet)
}

func (c *changing) reads() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.read
}

// A tape is a browser that writes down what a stream sends.
type tape struct {
	mu     sync.Mutex
	header http.Header
	text   strings.Builder
	code   int
}

func (t *tape) Header() http.Header { return t.header }
func (t *tape) WriteHeader(c int)   { t.code = c }
func (t *tape) FlushError() error   { return nil }

func (t *tape) SetReadDeadline(time.Time) error  { return nil }
func (t *tape) SetWriteDeadline(time.Time) error { return nil }

func (t *tape) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.Write(p)
}

// events are the kinds of those that came so far.
func (t *tape) events() (kinds []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for line := range strings.Lines(t.text.String()) {
		if kind, ok := strings.CutPrefix(line, "event: "); ok {
			kinds = append(kinds, strings.TrimSpace(kind))
		}
	}
	return kinds
}

func (t *tape) says(text string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Contains(t.text.String(), text)
}

// follow opens a stream until the function it returns is called.
func follow(ctx context.Context, h http.Handler, path string, header ...string) (*tape, func()) {
	ctx, cancel := context.WithCancel(ctx)
	out := &tape{header: make(http.Header)}
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, path, nil)
	if len(header) == 2 {
		r.Header.Set(header[0], header[1])
	}
	var done sync.WaitGroup
	done.Go(func() { h.ServeHTTP(out, r) })
	return out, func() { cancel(); done.Wait() }
}

func handle(src Source, ending <-chan struct{}) http.Handler {
	mux := http.NewServeMux()
	New(Config{Source: src, Viewer: everybody, Ending: ending}).Handle(mux)
	return mux
}

// An open page hears of a change within a second, and of nothing while nothing
// changes but that the gateway is there.
func TestStreamTellsWhatDiffers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &changing{fleet: lab()}
		h := handle(src, nil)
		page, body := ask(t.Context(), h, http.MethodGet, "/bmcs?tenant=lab-a")
		_, rest, _ := strings.Cut(body, `data-digest="`)
		has, _, _ := strings.Cut(rest, `"`)
		if page.StatusCode != http.StatusOK || len(has) != 16 {
			t.Fatalf("%d, digest %q", page.StatusCode, has)
		}
		stream, stop := follow(t.Context(), h, "/live/bmcs?tenant=lab-a&has="+has)
		defer stop()
		time.Sleep(35 * time.Second)
		if got := strings.Join(stream.events(), " "); got != "beat beat beat beat" {
			t.Errorf("while nothing changes: %s", got)
		}
		src.change(func(f *fleet) {
			f.bmcs[0].Power, f.bmcs[0].PowerSince = admin.PowerOff, time.Now()
			f.bmcs[2].Power = admin.PowerSuspended // of another tenant
		})
		time.Sleep(1100 * time.Millisecond)
		if !stream.says("event: region") || !stream.says(`data: <td class="c-power"><span class="power off">`) || stream.says("suspended") {
			t.Errorf("a power change did not come within a second: %v", stream.events())
		}
		before := len(stream.events())
		src.change(func(f *fleet) { f.bmcs[2].Power = admin.PowerOff })
		time.Sleep(5 * time.Second)
		if got := len(stream.events()); got != before {
			t.Errorf("what another page shows is sent: %v", stream.events()[before:])
		}
	})
}

// A page that comes back with what it has gets only what it lacks, and one that has
// nothing gets all.
func TestStreamGoesOnWhereItWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &changing{fleet: lab()}
		h := handle(src, nil)
		first, stop := follow(t.Context(), h, "/live/bmcs")
		synctest.Wait()
		stop()
		if got := strings.Join(first.events(), " "); got != "region" {
			t.Fatalf("at first: %s", got)
		}
		_, rest, _ := strings.Cut(first.text.String(), "id: ")
		id, _, _ := strings.Cut(rest, "\n")
		again, stop := follow(t.Context(), h, "/live/bmcs?has=old", "Last-Event-ID", id)
		synctest.Wait()
		stop()
		if got := strings.Join(again.events(), " "); got != "beat" {
			t.Errorf("with what it has: %s", got)
		}
	})
}

// All who look share one look at the daemon each second, and nobody looks when
// nobody does.
func TestOneLookForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &changing{fleet: lab()}
		h := handle(src, nil)
		var stops []func()
		for i := range maxStreams {
			path := []string{"/live/", "/live/bmcs", "/live/bmcs?tenant=lab-a", "/live/bmcs/lab-a/web1"}[i%4]
			_, stop := follow(t.Context(), h, path)
			stops = append(stops, stop)
		}
		time.Sleep(10*time.Second + period/2)
		if n := src.reads(); n < 10 || n > 13 {
			t.Errorf("%d looks in 10 s for %d pages, want 11", n, maxStreams)
		}
		if resp, body := ask(t.Context(), h, http.MethodGet, "/live/bmcs"); resp.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("one page more: %d\n%s", resp.StatusCode, body)
		}
		if resp, _ := ask(t.Context(), h, http.MethodGet, "/bmcs"); resp.StatusCode != http.StatusOK {
			t.Errorf("a page without a stream: %d", resp.StatusCode)
		}
		for _, stop := range stops {
			stop()
		}
		before := src.reads()
		time.Sleep(time.Minute)
		if n := src.reads() - before; n != 0 {
			t.Errorf("%d looks while nobody looks", n)
		}
		again, stop := follow(t.Context(), h, "/live/bmcs")
		synctest.Wait()
		stop()
		if again.code == http.StatusServiceUnavailable {
			t.Error("places are not given back")
		}
	})
}

// A stream of a BMC that goes away says so, and goes on when it is back.
func TestStreamOfABMCThatGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &changing{fleet: lab()}
		stream, stop := follow(t.Context(), handle(src, nil), "/live/bmcs/lab-a/web1")
		defer stop()
		synctest.Wait()
		src.change(func(f *fleet) { f.bmcs = f.bmcs[1:] })
		time.Sleep(3 * time.Second)
		if got := strings.Join(stream.events(), " "); got != "region gone" {
			t.Errorf("got %s, want it to be gone once", got)
		}
	})
}

// The end of the daemon ends all streams at once.
func TestStreamsEndWithTheDaemon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ending := make(chan struct{})
		h := handle(&changing{fleet: lab()}, ending)
		began := time.Now()
		var open sync.WaitGroup
		for range 3 {
			open.Go(func() {
				h.ServeHTTP(&tape{header: make(http.Header)}, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/live/", nil))
			})
		}
		synctest.Wait()
		close(ending)
		open.Wait()
		if d := time.Since(began); d != 0 {
			t.Errorf("it took %s", d)
		}
	})
}

// Over a real connection, of both versions of HTTP, a stream outlives the server's
// limits for one request.
func TestStreamOutlivesTheServersLimits(t *testing.T) {
	for name, start := range map[string]func(*httptest.Server){
		"HTTP/1.1": (*httptest.Server).Start,
		"HTTP/2":   func(s *httptest.Server) { s.EnableHTTP2 = true; s.StartTLS() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src := &changing{fleet: lab()}
			srv := httptest.NewUnstartedServer(handle(src, nil))
			const limit = 4 * time.Second // also of a TLS handshake on a slow machine
			srv.Config.ReadTimeout, srv.Config.WriteTimeout = limit, limit
			start(srv)
			t.Cleanup(srv.Close)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+"/live/bmcs?tenant=lab-a", nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := srv.Client().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if kind := resp.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/event-stream") || resp.Proto[:6] != name[:6] {
				t.Errorf("content type %q, %s", kind, resp.Proto)
			}
			outlives(t, src, resp.Body, 2*limit)
		})
	}
}

// outlives wants changes to come through a stream for longer than d.
func outlives(t *testing.T, src *changing, stream io.Reader, d time.Duration) {
	t.Helper()
	began := time.Now()
	lines := bufio.NewScanner(stream)
	lines.Buffer(nil, 1<<20)
	regions, lasted := 0, false
	for !lasted && lines.Scan() {
		if lines.Text() == "event: region" {
			regions++
			src.change(func(f *fleet) { f.bmcs[0].Name = fmt.Sprintf("web-%d", regions) })
		}
		lasted = time.Since(began) > d && regions > 2
	}
	if !lasted {
		t.Errorf("the stream ended after %s and %d changes: %v", time.Since(began), regions, lines.Err())
	}
}
