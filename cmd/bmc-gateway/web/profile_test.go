package web

import (
	"context"
	"net"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// quietSource is asked for nothing but the feed, which the socket has from the beginning.
type quietSource struct {
	admin.Source
	events *admin.Events
}

func (q quietSource) Events() *admin.Events { return q.events }

// Profiles are for who may use the admin socket, and for nobody on the network.
func TestProfilesAreOnTheSocketAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "admin.sock")
	l, err := admin.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- l.Serve(ctx, quietSource{events: admin.NewEvents(1)}) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	socket := &http.Client{Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		}}}
	port := "http://" + serve(t, "", lab())
	for _, what := range []string{"/debug/pprof/", "/debug/pprof/heap", "/debug/pprof/cmdline", "/debug/pprof/goroutine", "/debug/pprof/trace?seconds=0.01"} {
		if code, body := get(t, socket, "http://bmc-gateway"+what); code != http.StatusOK {
			t.Errorf("socket: %s: %d\n%s", what, code, body)
		}
		if code, body := get(t, plain(), port+what); code != http.StatusNotFound {
			t.Errorf("port: %s: %d\n%s", what, code, body)
		}
	}
}
