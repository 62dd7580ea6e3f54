package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// A lan is a bridge in a namespace of its own and hosts around it, each in
// theirs, with one interface eth0.
type lan struct {
	prefix string
}

// newLAN builds one, or skips the test where that is impossible.
func newLAN(t *testing.T) *lan {
	t.Helper()
	require(t, os.Geteuid() == 0, "network namespaces need root")
	for _, tool := range []string{"ip", "ipmitool"} {
		_, err := exec.LookPath(tool)
		require(t, err == nil, tool+" is not installed")
	}
	l := &lan{prefix: fmt.Sprintf("bmcgw%d", os.Getpid())}
	l.addNamespace(t, "lan")
	l.in(t, "lan", "ip", "link", "add", "br0", "type", "bridge", "forward_delay", "0")
	l.in(t, "lan", "ip", "link", "set", "br0", "up")
	return l
}

// addHost adds a host with the given address, "10.99.0.2/24".
func (l *lan) addHost(t *testing.T, name, cidr string) {
	t.Helper()
	l.addNamespace(t, name)
	port := "p-" + name
	run(t, "ip", "link", "add", "eth0", "netns", l.ns(name), "type", "veth", "peer", "name", port, "netns", l.ns("lan"))
	l.in(t, "lan", "ip", "link", "set", port, "master", "br0", "up")
	l.in(t, name, "ip", "addr", "add", cidr, "dev", "eth0")
	l.in(t, name, "ip", "link", "set", "eth0", "up")
}

func (l *lan) addNamespace(t *testing.T, name string) {
	t.Helper()
	run(t, "ip", "netns", "add", l.ns(name))
	t.Cleanup(func() { run(t, "ip", "netns", "del", l.ns(name)) })
	l.in(t, name, "ip", "link", "set", "lo", "up")
}

func (l *lan) ns(name string) string { return l.prefix + "-" + name }

// command prepares a program that runs on a host of the lan.
func (l *lan) command(host string, args ...string) *exec.Cmd {
	return exec.Command("ip", append([]string{"netns", "exec", l.ns(host)}, args...)...)
}

// in runs a program on a host and returns what it printed.
func (l *lan) in(t *testing.T, host string, args ...string) string {
	t.Helper()
	return run(t, "ip", append([]string{"netns", "exec", l.ns(host)}, args...)...)
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// require skips the test when something it needs is missing; in CI that is a failure.
func require(t *testing.T, ok bool, what string) {
	t.Helper()
	switch {
	case ok:
	case os.Getenv("CI") == "true":
		t.Fatal(what)
	default:
		t.Skip(what)
	}
}

// patience is how long something may take that takes a second or two on a machine that
// does nothing else.
const patience = time.Minute

// within polls until f returns nil and fails the test when it never does.
func within(t *testing.T, limit time.Duration, what string, f func() error) time.Duration {
	t.Helper()
	start := time.Now()
	var err error
	for time.Since(start) < limit {
		if err = f(); err == nil {
			return time.Since(start)
		}
		select {
		case <-t.Context().Done():
			t.Fatal("test ended")
		case <-time.After(50 * time.Millisecond):
		}
	}
	t.Fatalf("%s: not within %s: %v", what, limit, err)
	return 0
}
