package browser

import (
	"bytes"
	"context"
	"flag"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

var pictures = flag.Bool("pictures", false, "write the pictures of the documentation (docs/pictures); takes two minutes")

// watched is how long Prometheus scrapes what the dashboard's panels show.
const watched = 90 * time.Second

// largest is the most that a picture in the repository may have.
const largest = 150_000

// TestPictures makes the pictures of the README and the documentation of a daemon
// that works: make pictures.
func TestPictures(t *testing.T) {
	if !*pictures {
		t.Skip("only with -pictures")
	}
	if _, err := exec.LookPath("prometheus"); err != nil {
		t.Fatal(err)
	}
	chromium := newChromium(t)
	s := newShowcase(t)
	prom := s.prometheus(t)
	ctx, stop := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	clients.Go(func() { s.traffic(ctx, t) })
	defer clients.Wait()
	defer stop()
	from := time.Now().Add(15 * time.Second)
	select {
	case <-t.Context().Done():
	case <-time.After(watched):
	}

	b := s.open(t, chromium, "visitor", "/", scheme("light"))
	for name, path := range map[string]string{"overview": "/", "list": "/bmcs", "bmc": s.path(t, portrayed)} {
		b.run(t, "the window", chromedp.EmulateViewport(1280, map[string]int64{"overview": 1060, "list": 900, "bmc": 1500}[name]))
		b.visit(t, path)
		b.until(t, "the page is live", `document.getElementById("live").textContent === "live"`)
		b.keep(t, name)
	}
	handheld := s.open(t, chromium, "visitor", "/bmcs", scheme("dark"), phone())
	handheld.until(t, "the page is live", `document.getElementById("live").textContent === "live"`)
	handheld.keep(t, "phone-dark")

	to := time.Now()
	for name, rows := range map[string][]string{"dashboard": {"Overview", "IPMI"}, "dashboard-vcenter": {"vCenter", "Addresses and state"}} {
		path := filepath.Join(t.TempDir(), "dashboard.html")
		if err := os.WriteFile(path, []byte(draw(t, prom, from, to, rows...)), 0o600); err != nil {
			t.Fatal(err)
		}
		b.run(t, name, chromedp.Navigate("file://"+path))
		height := value[int64](t, b, `Math.ceil(document.querySelector("main").getBoundingClientRect().height)`)
		b.run(t, name, chromedp.EmulateViewport(1280, height))
		b.keep(t, name)
	}
}

// keep writes what the window shows to docs/pictures, as small as it can be.
func (b *tab) keep(t *testing.T, name string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, lookLimit)
	defer cancel()
	shot, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		t.Fatal(err)
	}
	var small bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&small, paletted(picture)); err != nil {
		t.Fatal(err)
	}
	if small.Len() > largest {
		t.Errorf("%s has %d bytes, want at most %d", name, small.Len(), largest)
	}
	path := filepath.Join("..", "..", "..", "docs", "pictures", name+".png")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, small.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: %d bytes", path, small.Len())
}
