package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// tryLine is what the demo prints for each tenant, to be pasted.
var tryLine = regexp.MustCompile(`(?m)^try:  (ipmitool .+) power status$`)

// demoSteps are commands in the order a newcomer may type them, with what must be
// in the answer. They hold for both cipher suites, one after the other.
var demoSteps = []struct {
	words string
	want  []string
}{
	{"power status", []string{"Chassis Power is on"}},
	{"mc info", []string{"IPMI Version              : 2.0", "Manufacturer ID           : 6876", "Chassis Device"}},
	{"mc guid", []string{"GUID Encoding : IPMI", "System GUID"}},
	{"mc selftest", []string{"Selftest: passed"}},
	{"lan print 1", []string{"IP Address              : 127.6.", "Subnet Mask             : 255.0.0.0", "MAC Address             : 02:", "RMCP+ Cipher Suites     : 17,3"}},
	{"channel info 1", []string{"802.3 LAN", "multi-session", "always available"}},
	{"session info active", []string{"privilege level               : ADMINISTRATOR", "console ip                    : 127.0.0.1"}},
	{"chassis bootdev pxe", []string{"Set Boot Device to pxe"}},
	{"chassis bootparam get 5", []string{"Boot Flag Valid", "only next boot", "Force PXE"}},
	{"power diag", []string{"Chassis Power Control: Diag"}},
	{"power reset", []string{"Chassis Power Control: Reset"}},
	{"until on", nil},
	{"power cycle", []string{"Chassis Power Control: Cycle"}},
	{"until off", nil},
	{"until on", nil},
	{"power soft", []string{"Chassis Power Control: Soft"}},
	{"until off", nil},
	{"power on", []string{"Chassis Power Control: Up/On"}},
	{"until on", nil},
	{"power off", []string{"Chassis Power Control: Down/Off"}},
	{"until off", nil},
	{"power on", nil},
	{"until on", nil},
}

// The README's first command, and everything that can be pasted after it.
func TestDemo(t *testing.T) {
	if _, err := exec.LookPath("ipmitool"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("ipmitool is not installed")
	}
	out := startDemo(t, "--port", strconv.Itoa(10000+os.Getpid()%20000))
	lines := tryLine.FindAllStringSubmatch(out, -1)
	if len(lines) != len(demoTenants) {
		t.Fatalf("%d lines to try, want one a tenant:\n%s", len(lines), out)
	}
	t.Run("status page", func(t *testing.T) {
		t.Parallel()
		demoPage(t, out)
	})
	for i, line := range lines {
		t.Run(demoTenants[i].name, func(t *testing.T) {
			t.Parallel()
			for _, suite := range []string{"17", "3"} {
				for _, step := range demoSteps {
					demoStep(t, line[1]+" -C "+suite, step.words, step.want)
				}
			}
			refusals(t, line[1])
		})
	}
}

// pageLine is where the demo says that its status page is.
var pageLine = regexp.MustCompile(`status page:  (http://\S+/)\n`)

// demoPage looks at the status page for the tenants and one of the BMCs.
func demoPage(t *testing.T, out string) {
	t.Helper()
	at := pageLine.FindStringSubmatch(out)
	if at == nil {
		t.Fatalf("no address of the status page:\n%s", out)
	}
	for path, want := range map[string][]string{"": {"lab-a", "lab-b", "vc-a"}, "bmcs?q=esxi-03": {"1–1 of 1", "127.6.2."}, "bmcs/lab-b/ocp-01": {"folder /DMZ/vm/OpenShift", "Recent commands"}} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at[1]+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		for _, w := range want {
			if err != nil || !strings.Contains(string(body), w) {
				t.Errorf("/%s: %s, %v, no %q in\n%s", path, resp.Status, err, w, body)
			}
		}
	}
}

// startDemo runs the demo until the test ends and returns what it printed
// before it was ready.
func startDemo(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out := &lockedBuffer{}
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, append([]string{"demo"}, args...), func(string) string { return "" }, out, out)
	}()
	t.Cleanup(func() {
		cancel()
		if code := <-ended; code != 0 {
			t.Errorf("the demo ended with %d:\n%s", code, out.String())
		}
	})
	deadline := time.After(3 * time.Minute)
	for !strings.Contains(out.String(), "Ctrl-C ends everything.") {
		select {
		case code := <-ended:
			ended <- code
			t.Fatalf("the demo ended with %d:\n%s", code, out.String())
		case <-deadline:
			t.Fatalf("the demo is not ready:\n%s", out.String())
		case <-time.After(20 * time.Millisecond):
		}
	}
	return out.String()
}

func demoStep(t *testing.T, line, words string, want []string) {
	t.Helper()
	if state, ok := strings.CutPrefix(words, "until "); ok {
		untilPower(t, line, state)
		return
	}
	got, err := shell(line + " " + words)
	if err != nil {
		t.Fatalf("%s: %v\n%s", words, err, got)
	}
	for _, w := range want {
		if !strings.Contains(got, w) {
			t.Errorf("%s: no %q in:\n%s", words, w, got)
		}
	}
}

func untilPower(t *testing.T, line, state string) {
	t.Helper()
	var got string
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		if got, _ = shell(line + " power status"); strings.TrimSpace(got) == "Chassis Power is "+state {
			return
		}
	}
	t.Fatalf("not %s but %q", state, got)
}

// refusals come at once: no client may have to wait for a time-out.
func refusals(t *testing.T, line string) {
	for name, bad := range map[string]struct{ line, want string }{
		"wrong password": {regexp.MustCompile(`-P \S+`).ReplaceAllString(line, "-P wrong"), "Unable to establish"},
		"unknown user":   {strings.Replace(line, "-U admin", "-U nobody", 1), "Unable to establish"},
		"suite 0":        {line + " -C 0", "no matching cipher suite"},
		"IPMI 1.5":       {strings.Replace(line, "lanplus", "lan", 1), "not supported"},
	} {
		began := time.Now()
		got, err := shell(bad.line + " power status")
		if err == nil || !strings.Contains(got, bad.want) {
			t.Errorf("%s: %v, no %q in:\n%s", name, err, bad.want, got)
		}
		// ipmitool's first repeat comes after a second, and it gives up after ten.
		if took := time.Since(began); took > 8*time.Second {
			t.Errorf("%s: refused after %s", name, took)
		}
	}
}

// shell runs a line as if it had been pasted.
func shell(line string) (string, error) {
	out, err := exec.Command("sh", "-c", line).CombinedOutput()
	return string(out), err
}

// A lockedBuffer is written by the demo while the test reads it.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
