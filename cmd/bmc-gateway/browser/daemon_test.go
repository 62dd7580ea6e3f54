package browser

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// startLimit is how long a busy machine may take until all BMCs answer.
const startLimit = 3 * time.Minute

// program is the daemon, made once for all tests, in a directory that is TestMain's.
var program = sync.OnceValues(func() (string, error) {
	path := filepath.Join(scratch, "bmc-gateway")
	words := []string{"build", "-o", path}
	if raceDetector {
		words = append(words, "-race")
	}
	out, err := exec.Command("go", append(words, "github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway")...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// A daemon is the gateway of a site: the process comes and goes.
type daemon struct {
	site  *site
	cmd   *exec.Cmd  // nil: it does not run
	ended chan error // what the process ended with
}

// start runs the daemon and returns when all BMCs of the VMs are ready.
func (d *daemon) start(t *testing.T, vms int) {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.OpenFile(d.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	d.cmd = exec.Command(path, "serve", "--config", filepath.Join(d.site.dir, "config.yaml"), "--log-level", "warn")
	d.cmd.Stdout, d.cmd.Stderr = log, log
	began := time.Now()
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	d.ended = make(chan error, 1)
	go func(cmd *exec.Cmd) { d.ended <- cmd.Wait() }(d.cmd) // stop waits for it
	client := admin.NewClient(filepath.Join(d.site.dir, "admin.sock"))
	within(t, startLimit, fmt.Sprintf("all %d BMCs are ready", vms), func(ctx context.Context) error {
		select {
		case err := <-d.ended:
			d.ended <- err
			t.FailNow() // stop says why
		default:
		}
		status, err := client.Status(ctx)
		if err != nil {
			return err
		}
		ready := 0
		for _, tenant := range status.Tenants {
			ready += tenant.Ready + tenant.Maintenance
		}
		if ready != vms {
			return fmt.Errorf("%d", ready)
		}
		return nil
	})
	t.Logf("%d BMCs ready %s after the start", vms, time.Since(began).Round(10*time.Millisecond))
}

// stop ends the daemon as a supervisor does, and waits for it.
func (d *daemon) stop(t *testing.T) {
	t.Helper()
	if d.cmd == nil {
		return
	}
	_ = d.cmd.Process.Signal(syscall.SIGTERM) // an error is of a process that has ended
	if err := <-d.ended; err != nil {
		text, _ := os.ReadFile(d.log())
		t.Errorf("the daemon ended with %v:\n%s", err, text[max(0, len(text)-4000):])
	}
	d.cmd = nil
}

func (d *daemon) log() string { return filepath.Join(d.site.dir, "log") }

// within polls until f returns nil.
func within(t *testing.T, limit time.Duration, what string, f func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	for {
		err := f(ctx)
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s: not within %s: %v", what, limit, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
