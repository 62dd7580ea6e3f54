package interop

import (
	"flag"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/lab"
)

var update = flag.Bool("update", false, "write the results and the recordings instead of checking them")

func TestMain(m *testing.M) {
	flag.Parse()
	// Clients wait most of the time: for time-outs, for VMs, for each other.
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// clients are all clients of the suite, in the order of the documentation.
func clients() []*client {
	var all []*client
	for _, some := range [][]*client{
		ipmitoolClients(), freeipmiClients(), freeipmiConfigClients(), powermanClients(), ipmiutilClients(),
		pyghmiClients(), openipmiClients(), exporterClients(), nmapClients(), goipmiClients(), fenceClients(),
	} {
		all = append(all, some...)
	}
	return all
}

// TestInterop runs every client's cases, the clients side by side.
func TestInterop(t *testing.T) {
	all := clients()
	l, vms := newLab(t, all)
	t.Run("clients", func(t *testing.T) {
		for _, c := range all {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				b := newBench(t, l, vms[c])
				if !available(t, l, c) {
					return
				}
				if c.prepare != nil {
					c.prepare(t, b)
				}
				journal.saw(c.name, versionOf(t, b, c))
				for _, r := range c.cases {
					t.Run(r.name, func(t *testing.T) { b.run(t, c, r) })
				}
			})
		}
	})
	if *update {
		writeCompatibility(t, all)
	}
}

// available skips a client that cannot be run here, but not in CI.
func available(t *testing.T, l *lab.Lab, c *client) bool {
	t.Helper()
	reason := ""
	if _, err := exec.LookPath(c.program); err != nil {
		reason = c.program + " is not installed (package " + c.debian + ")"
	} else if c.standard && l.Port != lab.StandardPort {
		reason = "it speaks to port 623 only, which needs root"
	}
	if reason == "" {
		return true
	}
	for _, r := range c.cases {
		journal.note(c.name, r.name, "not run: "+reason)
	}
	if os.Getenv("CI") == "true" {
		t.Fatal(reason)
	}
	t.Skip(reason)
	return false
}

// versionOf is the Debian package's, or what the client says of itself.
func versionOf(t *testing.T, b *bench, c *client) string {
	if c.version != "" {
		return strings.TrimSpace(b.shell(t, c.version))
	}
	return strings.TrimSpace(b.shell(t, "dpkg-query -W -f '${Version} (Debian)' "+c.debian))
}

// journal is how the cases went.
var journal = &results{outcome: make(map[[2]string]string), versions: make(map[string]string)}

// results are written by clients that run side by side.
type results struct {
	mu       sync.Mutex
	outcome  map[[2]string]string // client and case -> how it went
	versions map[string]string
}

func (r *results) note(client, name, outcome string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.outcome[[2]string{client, name}] = outcome
}

func (r *results) saw(client, version string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.versions[client] = version
}
