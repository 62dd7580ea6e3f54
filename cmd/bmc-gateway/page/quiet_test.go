package page

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener without a network.
type pipes struct {
	made   chan net.Conn
	closed chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.made:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error   { close(p.closed); return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p pipes) dial(context.Context, string, string) (net.Conn, error) {
	near, far := net.Pipe()
	p.made <- far
	return near, nil
}

// A slow tape knows until when it may be written to.
type slow struct {
	*tape
	until time.Time
}

func (s *slow) SetWriteDeadline(t time.Time) error { s.until = t; return nil }

// What a stream writes has a time in which it must be read, the end of the answer, too,
// which the server writes; a browser that reads nothing holds no connection for ever.
func TestEndOfAStreamHasATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		out := &slow{tape: &tape{header: make(http.Header)}}
		var done sync.WaitGroup
		done.Go(func() {
			handle(&changing{fleet: lab()}, nil).ServeHTTP(out, httptest.NewRequestWithContext(ctx, http.MethodGet, "/live/bmcs", nil))
		})
		synctest.Wait()
		if !out.until.IsZero() {
			t.Errorf("while nothing is written it has to be read within %s", time.Until(out.until))
		}
		cancel()
		done.Wait()
		if time.Until(out.until) != readWithin {
			t.Errorf("the end has to be read within %s, want %s", time.Until(out.until), readWithin)
		}
	})
}

// A page of which nothing changes for long stays live, in both versions of HTTP.
func TestQuietStreamStays(t *testing.T) {
	for name, set := range map[string]func(*http.Protocols, bool){
		"HTTP/1.1": (*http.Protocols).SetHTTP1, "HTTP/2.0": (*http.Protocols).SetUnencryptedHTTP2,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				protocols := new(http.Protocols)
				set(protocols, true)
				p := pipes{make(chan net.Conn), make(chan struct{})}
				srv := &http.Server{Handler: handle(&changing{fleet: lab()}, nil), Protocols: protocols, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second}
				served := make(chan error, 1)
				go func() { served <- srv.Serve(p) }()
				wire := &http.Transport{DialContext: p.dial, Protocols: protocols}
				ctx, cancel := context.WithCancel(t.Context())
				req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://gw/live/bmcs", nil)
				if err != nil {
					t.Fatal(err)
				}
				resp, err := wire.RoundTrip(req)
				if err != nil {
					t.Fatal(err)
				}
				if resp.Proto != name {
					t.Errorf("over %s", resp.Proto)
				}
				began, beats := time.Now(), 0
				lines := bufio.NewScanner(resp.Body)
				lines.Buffer(nil, 1<<20)
				for beats < 12 && lines.Scan() {
					if strings.HasPrefix(lines.Text(), "event: beat") {
						beats++
					}
				}
				if beats < 12 {
					t.Errorf("it ended after %s and %d beats: %v", time.Since(began), beats, lines.Err())
				}
				cancel()
				_ = resp.Body.Close() // which was cut off
				wire.CloseIdleConnections()
				if err := srv.Close(); err != nil {
					t.Error(err)
				}
				<-served
			})
		})
	}
}
