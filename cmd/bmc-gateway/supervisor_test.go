package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// A manager is what systemd hears, in order.
type manager struct {
	mu   sync.Mutex
	told []string
}

func (m *manager) send(state string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.told = append(m.told, state)
	return nil
}

// hears returns what was told since it was called last.
func (m *manager) hears() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	told := m.told
	m.told = nil
	return told
}

// A watched is a daemon as far as its supervisor sees it.
type watched struct {
	ready   chan struct{}
	lock    chan struct{} // full: Live hangs
	hangs   error
	tenants []admin.Tenant
}

func (s *watched) Ready() <-chan struct{} { return s.ready }
func (s *watched) Status() admin.Status   { return admin.Status{Tenants: s.tenants} }
func (s *watched) Live() error {
	s.lock <- struct{}{}
	defer func() { <-s.lock }()
	return s.hangs
}

func (s *watched) hang(err error) {
	s.lock <- struct{}{}
	defer func() { <-s.lock }()
	s.hangs = err
}

func TestSupervisorIsToldOfProgressOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gw := &watched{ready: make(chan struct{}), lock: make(chan struct{}, 1), tenants: []admin.Tenant{{BMCs: 998, Ready: 996}, {BMCs: 2, Ready: 1}}}
		var heard manager
		var log bytes.Buffer
		s := &supervisor{gw: gw, log: slog.New(slog.NewTextHandler(&log, nil)), every: 10 * time.Second, feed: true, send: heard.send}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		var running sync.WaitGroup
		running.Go(func() { s.run(ctx, ended) })
		want := func(when string, states ...string) {
			t.Helper()
			synctest.Wait()
			if got := heard.hears(); !slices.Equal(got, states) {
				t.Errorf("%s: told %q, want %q", when, got, states)
			}
		}

		time.Sleep(time.Minute)
		want("not ready yet")
		close(gw.ready)
		want("ready", "READY=1", "WATCHDOG=1", "STATUS=1000 BMCs, 3 not ready")
		time.Sleep(25 * time.Second)
		want("two rounds later", "WATCHDOG=1", "WATCHDOG=1")

		gw.hang(errors.New("tenant \"lab\": no progress for more than 1m0s"))
		time.Sleep(time.Minute)
		want("a loop hangs", "STATUS=tenant \"lab\": no progress for more than 1m0s")
		gw.hang(nil)
		time.Sleep(10 * time.Second)
		want("it goes on", "WATCHDOG=1", "STATUS=1000 BMCs, 3 not ready")

		gw.lock <- struct{}{}
		time.Sleep(time.Minute)
		want("a lock is never given back")
		stop()
		want("stopping all the same", "STOPPING=1")
		<-gw.lock
		time.Sleep(20 * time.Second)
		if got := heard.hears(); len(got) < 2 || got[0] != "WATCHDOG=1" {
			t.Errorf("while it stops: told %q", got)
		}
		close(ended)
		running.Wait()
		want("ended")
		for _, word := range []string{"the daemon hangs", "the daemon goes on"} {
			if n := strings.Count(log.String(), word); n != 1 {
				t.Errorf("%q is %d times in the log:\n%s", word, n, &log)
			}
		}
	})
}

func TestSupervisorHearsOfReloads(t *testing.T) {
	var heard manager
	s := &supervisor{send: heard.send}
	s.reloading()()
	got := heard.hears()
	if len(got) != 2 || !strings.HasPrefix(got[0], "RELOADING=1\nMONOTONIC_USEC=") || got[1] != "READY=1" {
		t.Errorf("told %q", got)
	}
}

// The whole daemon, with a socket in place of systemd's.
func TestServeNotifies(t *testing.T) {
	dir := t.TempDir()
	systemd, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, "notify"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer systemd.Close()
	if err := systemd.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	t.Setenv("NOTIFY_SOCKET", systemd.LocalAddr().String())
	t.Setenv("WATCHDOG_USEC", "300000")
	t.Setenv("WATCHDOG_PID", "")
	socket := filepath.Join(dir, "admin.sock")
	text := strings.NewReplacer("interface: eth0, cidr: 192.0.2.0/24", "assign: existing, ranges: [127.99.1.10-127.99.1.19]",
		"https://vc-lab.example.net", "https://127.0.0.1:1").Replace(goodConfig)
	path := configFile(t, text+"http: {listen: \"\"}\nstate: {path: "+filepath.Join(dir, "state.db")+"}\n")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"serve", "-c", path, "--socket", socket}, operatorEnv, &bytes.Buffer{}, &bytes.Buffer{})
	}()
	for i, want := range []string{"READY=1", "WATCHDOG=1", "STATUS=0 BMCs, 0 not ready", "WATCHDOG=1", "WATCHDOG=1", "STOPPING=1"} {
		buf := make([]byte, 1024)
		n, err := systemd.Read(buf)
		if err != nil {
			t.Fatalf("waiting for %q: %v", want, err)
		}
		got := string(buf[:n])
		if want == "STOPPING=1" && got == "WATCHDOG=1" {
			continue // it came just before
		}
		if got != want {
			t.Fatalf("told %q, want %q", got, want)
		}
		switch i {
		case 0:
			if _, err := admin.NewClient(socket).Status(t.Context()); err != nil {
				t.Errorf("it said that it is ready: %v", err)
			}
		case 4:
			stop()
		}
	}
	if code := <-ended; code != 0 {
		t.Errorf("exit code %d", code)
	}
}
