package admin

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestProfiles: the socket has them; that the HTTP port has none is a test of the web server.
func TestProfiles(t *testing.T) {
	path, _ := start(t, lab)
	get := func(what string) []byte {
		t.Helper()
		body, err := NewClient(path).open(t.Context(), NewClient(path).http, http.MethodGet, what, nil)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		defer body.Close()
		text, err := io.ReadAll(body)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		return text
	}
	if text := string(get("/debug/pprof/")); !strings.Contains(text, "goroutine") {
		t.Errorf("the index:\n%s", text)
	}
	if text := string(get("/debug/pprof/goroutine?debug=2")); !strings.Contains(text, "TestProfiles") {
		t.Errorf("goroutines:\n%s", text)
	}
	// What go tool pprof reads is compressed.
	for _, what := range []string{"/debug/pprof/heap", "/debug/pprof/profile?seconds=1"} {
		if z, err := gzip.NewReader(bytes.NewReader(get(what))); err != nil {
			t.Errorf("%s: %v", what, err)
		} else if n, err := io.Copy(io.Discard, z); err != nil || n == 0 {
			t.Errorf("%s: %d bytes, %v", what, n, err)
		}
	}
	if text := get("/debug/pprof/trace?seconds=0.1"); !bytes.HasPrefix(text, []byte("go 1.")) {
		t.Errorf("a trace begins with %q", text[:min(len(text), 16)])
	}
}
