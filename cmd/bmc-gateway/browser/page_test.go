package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
)

// The names that the list shows.
const shownNames = `Array.from(document.querySelectorAll("table.rows .c-name a"), a => a.textContent)`

// row is that of a VM in the list, as JavaScript, or undefined.
func row(name string) string {
	return fmt.Sprintf(`Array.from(document.querySelectorAll("table.rows tbody tr")).find(r => r.querySelector(".c-name a").textContent === %s)`, quoted(name))
}

// to is how to get to the page of a VM's BMC.
func to(name string) action {
	return chromedp.Click(`//table//a[normalize-space()="` + name + `"]`)
}

// quoted is a text as JavaScript.
func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a text can always be
	}
	return string(b)
}

// searchAmongAll: somebody types the name of a VM and gets to its page.
func (s *site) searchAmongAll(t *testing.T, chromium context.Context) {
	b := s.open(t, chromium, "boss", "/bmcs")
	if n := value[int](t, b, shownNames+".length"); n != 50 {
		t.Errorf("a page of the list has %d rows, want 50", n)
	}
	b.shot(t, "list")
	name := vm(13, 1) // many other names begin with this one
	began := time.Now()
	b.run(t, "typing", chromedp.SendKeys(chromedp.CSS("input[name=q]"), name))
	b.until(t, name+" is found", row(name))
	t.Logf("%s found among %d BMCs %s after the first letter", name, allBMCs, time.Since(began).Round(time.Millisecond))
	b.shot(t, "found")
	b.run(t, "its page", to(name))
	b.until(t, "its page is there", fmt.Sprintf(`document.querySelector("h1").textContent.trim() === %s`, quoted(name)))
}

// changeWithin is what a change may take to be seen, without a reload.
const changeWithin = 2 * time.Second

// powerArrives: what happens at vCenter, and what a client of IPMI does, is seen at
// the open list.
func (s *site) powerArrives(t *testing.T, chromium context.Context) {
	name := vm(4, 2)
	b := s.open(t, chromium, "boss", "/bmcs?q="+name)
	b.until(t, "the page is live", `document.getElementById("live").textContent === "live"`)
	// What does not change has to stay as it is, or whoever is about to use it loses it.
	b.run(t, "the link of the row", chromedp.Focus(`//table//a[normalize-space()="`+name+`"]`),
		chromedp.Evaluate[chromedp.Void](`focused = document.activeElement; chips = document.querySelector(".chips"); undefined`))
	var all []time.Duration
	var session *remote.Session
	for n := range 6 {
		state := []string{"off", "on"}[n%2]
		if n == 4 {
			session = login(t, s.bmc(t, name)) // not before: it ends when it is idle for long
		}
		began := time.Now()
		if n < 4 {
			to := types.VirtualMachinePowerStatePoweredOff
			if state == "on" {
				to = types.VirtualMachinePowerStatePoweredOn
			}
			if err := s.vcenters[0].SetPower(name, to); err != nil {
				t.Fatal(err)
			}
		} else if code := send(t, session, ipmi.NetFnChassis, cmdChassisControl, byte(n%2)); code != ipmi.Completed {
			t.Fatalf("power %s: %s", state, code)
		}
		b.until(t, name+" is seen to be "+state, fmt.Sprintf(`%s.querySelector(".c-power .power.%s")`, row(name), state))
		all = append(all, time.Since(began).Round(time.Millisecond))
	}
	if !value[bool](t, b, `document.activeElement === focused && focused.isConnected && chips.isConnected`) {
		t.Error("what did not change was made anew: the focus is lost")
	}
	b.shot(t, "seen")
	t.Logf("seen after %v; the first four at vCenter, the others by IPMI", all)
	slices.Sort(all)
	if all[0] > changeWithin && !raceDetector || all[len(all)/2] > patience*changeWithin {
		t.Errorf("want all of them within %s, on a machine that does nothing else", changeWithin)
	}
}

// oneBMC: what a client did is on the page of its BMC.
func (s *site) oneBMC(t *testing.T, chromium context.Context) {
	name := vm(7, 3)
	session := login(t, s.bmc(t, name))
	event := []byte{0, 0, 2, 0, 0, 0, 0, 0x41, 0, 4, 0x12, 0x0C, 0x6F, 0x02, 0xFF, 0xFF}
	if code := send(t, session, ipmi.NetFnStorage, cmdAddSELEntry, event...); code != ipmi.Completed {
		t.Fatalf("add SEL entry: %s", code)
	}
	send(t, session, ipmi.NetFnChassis, cmdSetBootOptions, 5, 0x80, 4, 0, 0, 0)
	send(t, session, ipmi.NetFnStorage, cmdGetSDRInfo)
	b := s.open(t, chromium, "boss", "/bmcs?q="+name)
	b.run(t, "its page", to(name))
	for what, expression := range map[string]string{
		"a session":       `document.querySelector("[id^=session-]").textContent.includes("operator")`,
		"the event log":   `sectionText("sel-title").includes("undetermined hardware failure")`,
		"sensors":         `sectionText("sensors-title").includes("Power Unit")`,
		"commands":        `sectionText("commands-title").includes("Set System Boot Options")`,
		"the next boot":   `sectionText("vm-title").includes("pxe") || sectionText("vm-title").includes("PXE")`,
		"the address":     `sectionText("bmc-title").includes("127.77.")`,
		"the account":     `sectionText("accounts-title").includes("operator")`,
		"it being ready":  `sectionText("bmc-title").includes("ready")`,
		"the live remark": `document.getElementById("live").textContent === "live"`,
	} {
		b.until(t, what, `(() => { const sectionText = id => document.getElementById(id).parentNode.innerText; return `+expression+` })()`)
	}
	b.shot(t, "bmc")
}

// withoutScripts: the form and the links do it all.
func (s *site) withoutScripts(t *testing.T, chromium context.Context) {
	name := vm(19, 5)
	b := s.open(t, chromium, "boss", "/bmcs", told(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))
	b.run(t, "the form", chromedp.SendKeys(chromedp.CSS("input[name=q]"), name+kb.Enter))
	b.run(t, "the row", to(name),
		chromedp.WaitVisible(`//h1[normalize-space()="`+name+`"]`))
	b.shot(t, "bmc")
}

// afterRestart: a page that is open while the daemon restarts says so, and goes on.
func (s *site) afterRestart(t *testing.T, chromium context.Context) {
	name := vm(8, 4)
	b := s.open(t, chromium, "boss", "/bmcs?q="+name)
	b.until(t, "the page is live", `document.getElementById("live").textContent === "live"`)
	b.run(t, "a mark that a reload would lose", chromedp.Evaluate[chromedp.Void](`window.mark = "kept"`))
	b.expectErrors(true)
	s.daemon.stop(t)
	b.until(t, "the page says that it is old", `!document.getElementById("stale").hidden`)
	b.shot(t, "lost")
	s.daemon.start(t, allBMCs)
	began := time.Now()
	b.until(t, "the page is live again", `document.getElementById("live").textContent === "live" && document.getElementById("stale").hidden`)
	t.Logf("live again %s after all BMCs are ready", time.Since(began).Round(time.Millisecond))
	b.expectErrors(false)
	if err := s.vcenters[0].SetPower(name, types.VirtualMachinePowerStatePoweredOff); err != nil {
		t.Fatal(err)
	}
	b.until(t, "the change is seen", row(name)+`.querySelector(".c-power .power.off")`)
	if got := value[string](t, b, "window.mark"); got != "kept" {
		t.Error("the page was loaded anew")
	}
}
