package browser

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// pages are one of each kind, with something of every colour on them: a BMC in
// maintenance, one that waits for an address because its pool is exhausted.
func (s *site) pages(t *testing.T) map[string]string {
	t.Helper()
	maintained, spare := vm(5, 1), "spare-9"
	client := admin.NewClient(filepath.Join(s.dir, "admin.sock"))
	if _, err := client.ChangeMaintenance(t.Context(), admin.MaintenanceChange{On: true, Tenant: tenantName(5), Target: maintained, Reason: "disks are changed"}); err != nil {
		t.Fatal(err)
	}
	if err := s.vcenters[1].AddVM(spare, "/DC0/vm"); err != nil {
		t.Fatal(err)
	}
	within(t, lookLimit, spare+" waits for an address", func(ctx context.Context) error {
		all, err := client.BMCs(ctx, tenantName(19))
		if err != nil {
			return err
		}
		if b, err := admin.Find(all, spare); err != nil || b.State != admin.Pending {
			return fmt.Errorf("%q, %w", b.State, err)
		}
		s.known = nil
		return nil
	})
	return map[string]string{
		"overview": "/", "list": "/bmcs", "searched": "/bmcs?q=" + vm(5, 1), "bmc": s.path(t, vm(7, 3)),
		"maintained": s.path(t, maintained), "waiting": s.path(t, spare), "nothing": "/bmcs/tenant-01/nothing-like-that",
	}
}

// path is the address of the page of a VM's BMC.
func (s *site) path(t *testing.T, vm string) string {
	b := s.bmc(t, vm)
	return "/bmcs/" + b.Tenant + "/" + b.VM.InstanceUUID
}

// narrow says by how much the page is wider than the window, and what sticks out.
const narrow = `(() => {
  const wide = document.documentElement.scrollWidth - innerWidth;
  if (wide <= 0 && innerWidth <= 360) return "";
  const out = Array.from(document.body.querySelectorAll("*")).filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".scroll") && getComputedStyle(e).position !== "absolute");
  return innerWidth + " px, " + wide + " px too wide: " + out.slice(0, 3).map(e => e.outerHTML.slice(0, 120)).join(" | ");
})()`

// contrast says which texts are hard to read: WCAG 2.1, success criterion 1.4.3 (AA).
const contrast = `(() => {
  const parse = c => {
    const n = (c.match(/[\d.]+/g) || []).map(Number);
    const [r, g, b] = c.startsWith("color(") ? n.slice(0, 3).map(x => x * 255) : n;
    return { r, g, b, a: n.length > 3 ? n[3] : 1 };
  };
  const over = (top, under) => ({ r: top.r * top.a + under.r * (1 - top.a), g: top.g * top.a + under.g * (1 - top.a), b: top.b * top.a + under.b * (1 - top.a), a: 1 });
  const ground = e => {
    if (!e) return { r: 255, g: 255, b: 255, a: 1 };
    const c = parse(getComputedStyle(e).backgroundColor);
    return c.a >= 1 ? c : over(c, ground(e.parentElement));
  };
  const luminance = c => [c.r, c.g, c.b].map(v => v / 255).map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const bad = [];
  let seen = 0, least = 21;
  for (const e of document.body.querySelectorAll("*")) {
    const texts = Array.from(e.childNodes).some(n => n.nodeType === 3 && n.data.trim());
    const asked = e.placeholder && !e.value;
    const box = e.getBoundingClientRect();
    if (!texts && !asked && !e.value || box.width < 2 || box.height < 2 || e.closest("[hidden]") || e.tagName === "OPTION") continue;
    const style = getComputedStyle(e, asked ? "::placeholder" : null), size = parseFloat(style.fontSize);
    const back = ground(e), front = over(parse(style.color), back);
    const [dark, light] = [luminance(back), luminance(front)].sort((a, b) => a - b);
    const ratio = (light + 0.05) / (dark + 0.05);
    const wanted = size >= 24 || size >= 18.66 && style.fontWeight >= 700 ? 3 : 4.5;
    seen++;
    least = Math.min(least, ratio);
    if (ratio < wanted) bad.push(ratio.toFixed(2) + ": " + e.tagName + "." + e.className + " " + (e.textContent || e.placeholder).trim().slice(0, 40));
  }
  return { Seen: seen, Least: least, Bad: Array.from(new Set(bad)).slice(0, 10) };
})()`

// readable: all texts have enough contrast in light and in dark, and a phone shows
// all of a page without being moved sideways.
func (s *site) readable(t *testing.T, chromium context.Context) {
	pages := s.pages(t)
	for _, colours := range []string{"light", "dark"} {
		b := s.open(t, chromium, "boss", "/", scheme(colours))
		handheld := s.open(t, chromium, "boss", "/", scheme(colours), phone())
		for name, path := range pages {
			for _, w := range []*tab{b, handheld} {
				if name == "nothing" {
					w.expectMissing(path)
				}
				w.visit(t, path)
				got := value[struct {
					Seen  int
					Least float64
					Bad   []string
				}](t, w, contrast)
				if len(got.Bad) > 0 || got.Seen < 5 {
					t.Errorf("%s, %s: of %d texts these have too little contrast: %q", name, colours, got.Seen, got.Bad)
				}
				t.Logf("%s, %s: %d texts, the least contrast is %.2f", name, colours, got.Seen, got.Least)
			}
			if wide := value[string](t, handheld, narrow); wide != "" {
				t.Errorf("%s on a phone: %s", name, wide)
			}
			if colours == "dark" {
				b.shot(t, name+"-dark")
				handheld.shot(t, name+"-phone-dark")
			} else {
				b.shot(t, name)
				handheld.shot(t, name+"-phone")
			}
		}
	}
}

// keyboard: the tabulator gets to everything that can be clicked, and where it is
// can be seen.
func (s *site) keyboard(t *testing.T, chromium context.Context) {
	b := s.open(t, chromium, "boss", "/")
	for _, path := range []string{"/", "/bmcs", s.path(t, vm(7, 3))} {
		b.visit(t, path)
		b.run(t, "listening", chromedp.Evaluate[chromedp.Void](`reached = new Set(); unseen = [];
			document.addEventListener("focusin", e => {
				reached.add(e.target);
				if (getComputedStyle(e.target).outlineStyle === "none" && e.target.id !== "main") unseen.push(e.target.outerHTML.slice(0, 120));
			}); undefined`))
		targets := `Array.from(document.querySelectorAll("a[href], button, input:not([type=hidden]), select"))`
		count := value[int](t, b, targets+".length")
		for range count + 5 {
			b.run(t, "tab", chromedp.KeyEvent(kb.Tab))
		}
		if missed := value[[]string](t, b, targets+`.filter(e => !reached.has(e)).map(e => e.outerHTML.slice(0, 120))`); len(missed) > 0 || count < 4 {
			t.Errorf("%s: of %d the keyboard does not get to %q", path, count, missed)
		}
		if unseen := value[[]string](t, b, "unseen"); len(unseen) > 0 {
			t.Errorf("%s: it cannot be seen that these have the focus: %q", path, unseen)
		}
		t.Logf("%s: %d links, buttons and fields", path, count)
	}
	// The first thing is a way past the head of the page.
	b.visit(t, "/bmcs?q="+vm(7, 3))
	b.run(t, "the first tabulator", chromedp.KeyEvent(kb.Tab))
	if got := value[string](t, b, "document.activeElement.textContent"); got != "Skip to the content" {
		t.Errorf("the first is %q", got)
	}
	b.run(t, "the link of the row", chromedp.Focus(`//table//a[normalize-space()="`+vm(7, 3)+`"]`), chromedp.KeyEvent(kb.Enter))
	b.until(t, "the page of the BMC", `document.querySelector("h1").textContent.trim() === `+quoted(vm(7, 3)))
}
