package browser

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// lookLimit is how long a busy machine may take to show something.
const lookLimit = time.Minute

// newChromium starts a browser that ends with the test, and is told to stay silent
// on its own: it asks nobody but the daemon.
func newChromium(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skipf("no browser: %v", err)
	}
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.WSURLReadTimeout(lookLimit), chromedp.WindowSize(1280, 900),
	}
	for _, flag := range []string{
		"headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "no-default-browser-check", "disable-background-networking",
		"disable-component-update", "disable-sync", "disable-dev-shm-usage", "disable-extensions", "disable-default-apps", "hide-scrollbars",
	} {
		options = append(options, chromedp.Flag(flag, true))
	}
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, end := chromedp.NewContext(ctx)
	t.Cleanup(end)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("chromium: %v", err)
	}
	return ctx
}

// An action is what somebody does, or what the browser is told.
type action = chromedp.Action[chromedp.Void]

// told tells the browser something that has no answer.
func told[P any](command cdp.Command[P, cdp.Empty], params P) action {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, command, params)
		return err
	})
}

// A tab is a page of the daemon that somebody looks at.
type tab struct {
	site *site
	ctx  context.Context

	mu       sync.Mutex
	silent   bool     // a lost connection is expected now
	missing  string   // an address that is missing on purpose; empty: none
	mistakes []string // what the browser complained about
}

// open has a user log in, in a window that knows nothing of the others, and shows a
// page. At the end of the test nothing may have been complained about.
func (s *site) open(t *testing.T, chromium context.Context, user, path string, prepare ...action) *tab {
	t.Helper()
	ctx, end := chromedp.NewContext(chromium, chromedp.WithNewBrowserContext())
	t.Cleanup(end)
	b := &tab{site: s, ctx: ctx}
	if err := chromedp.Listen(ctx, b.listen); err != nil {
		t.Fatalf("a window: %v", err)
	}
	b.run(t, "a window", append([]action{told(log.Enable, cdp.Empty{}), told(runtime.Enable, cdp.Empty{})}, prepare...)...)
	// Once with the name and the password, as people type them; then the browser knows.
	b.run(t, "login", chromedp.Navigate("http://"+user+":"+webPassword+"@"+s.http+"/healthz"))
	b.visit(t, path)
	t.Cleanup(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if len(b.mistakes) > 0 {
			t.Errorf("%s complains:\n%s", path, strings.Join(b.mistakes, "\n"))
		}
	})
	return b
}

// listen collects what stands in the browser's console in red: scripts that fail,
// violations of the content security policy, files that are missing.
func (b *tab) listen(event any) {
	said := ""
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		said = e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			said += " " + e.ExceptionDetails.Exception.Description
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning || e.Type == runtime.ConsoleAPICalledTypeAssert {
			said = fmt.Sprintf("console.%s: %v", e.Type, e.Args)
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			said = fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	// The address for logging in is a text, for which the browser wants an icon.
	if said != "" && !b.silent && !strings.HasSuffix(said, "/favicon.ico") && (b.missing == "" || !strings.HasSuffix(said, b.missing)) {
		b.mistakes = append(b.mistakes, said)
	}
}

// expectErrors says whether the connection may be lost from now on.
func (b *tab) expectErrors(silent bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.silent = silent
}

// expectMissing says that there is nothing at an address, which is to be visited.
func (b *tab) expectMissing(path string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.missing = path
}

// run does what people do, and what they wait for.
func (b *tab) run(t *testing.T, what string, actions ...action) {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, lookLimit)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.shot(t, "failed")
		t.Fatalf("%s: %v", what, err)
	}
}

// visit goes to an address of the daemon.
func (b *tab) visit(t *testing.T, path string) {
	t.Helper()
	b.run(t, path, chromedp.Navigate("http://"+b.site.http+path))
}

// until waits until an expression of JavaScript is true, also across pages.
func (b *tab) until(t *testing.T, what, expression string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, lookLimit)
	defer cancel()
	for {
		yes, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		if yes {
			return
		}
		select {
		case <-ctx.Done():
			b.shot(t, "failed")
			t.Fatalf("%s: not within %s (%v) on a page that says\n%.3000s", what, lookLimit, err, value[string](t, b, "document.body.innerText"))
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// value is that of an expression of JavaScript.
func value[T any](t *testing.T, b *tab, expression string) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, lookLimit)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// shot keeps a picture of the window where BMC_GATEWAY_SHOTS says, or in bin/screenshots.
func (b *tab) shot(t *testing.T, name string) {
	t.Helper()
	dir := os.Getenv("BMC_GATEWAY_SHOTS")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "bin", "screenshots")
	}
	ctx, cancel := context.WithTimeout(b.ctx, lookLimit)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Errorf("screenshot: %v", err)
		return
	}
	path := filepath.Join(dir, strings.ReplaceAll(t.Name(), "/", "-")+"-"+name+".png")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Error(err)
		return
	}
	if err := os.WriteFile(path, png, 0o644); err != nil {
		t.Error(err)
		return
	}
	t.Logf("screenshot: %s", path)
}

// A phone is 360 px wide, and is touched.
func phone() action {
	return chromedp.EmulateViewport(360, 740, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulateScale(2))
}

// scheme is what the person has chosen for all pages: light or dark, and no motion.
func scheme(which string) action {
	return told(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: which}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
}
