package main

import (
	"bytes"
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// The daemon runs with a vCenter that is gone, tells so, and ends when asked.
func TestServe(t *testing.T) {
	dir := t.TempDir()
	socket := filepath.Join(dir, "admin.sock")
	text := strings.NewReplacer("interface: eth0, cidr: 192.0.2.0/24", "assign: existing, ranges: [127.99.1.1-127.99.1.9]",
		"https://vc-lab.example.net", "https://127.0.0.1:1").Replace(goodConfig)
	path := configFile(t, text+"http: {listen: \"\"}\nstate: {path: "+filepath.Join(dir, "state.db")+"}\n")

	ctx, stop := context.WithCancel(t.Context())
	var stdout, stderr bytes.Buffer
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"serve", "-c", path, "--socket", socket}, operatorEnv, &stdout, &stderr)
	}()
	status := reached(t, socket, ended)
	if len(status.VCenters) != 1 || status.VCenters[0].State != admin.Down || status.Version != version {
		t.Errorf("status %+v", status)
	}
	if code, _, says := command(t, none, "--socket", socket, "list"); code != 0 {
		t.Errorf("list: exit code %d: %s", code, says)
	}
	stop()
	if code := <-ended; code != 0 {
		t.Errorf("exit code %d\n%s", code, &stderr)
	}
	for line := range strings.Lines(stderr.String()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("a line of the log is no JSON: %s", line)
		}
	}
	if strings.Contains(stderr.String(), "S3cret") {
		t.Errorf("a password is in the log:\n%s", &stderr)
	}
	for _, want := range []string{"bmc-gateway starts", "bmc-gateway ends", "password stands in the configuration file"} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("%q is not in the log:\n%s", want, &stderr)
		}
	}
}

// reached waits until the daemon answers.
func reached(t *testing.T, socket string, ended <-chan int) admin.Status {
	t.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		status, err := admin.NewClient(socket).Status(t.Context())
		if err == nil {
			return status
		}
		select {
		case code := <-ended:
			t.Fatalf("the daemon has ended with exit code %d", code)
		case <-deadline:
			t.Fatalf("after a minute: %v", err)
		case <-tick.C:
		}
	}
}
