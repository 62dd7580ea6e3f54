package interop

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/lab"
)

// A client is one program and what it is asked to do with a BMC of its own.
type client struct {
	name     string
	program  string        // what must be in PATH
	debian   string        // the package it comes in
	version  string        // command that prints it, when the package's is not what we run
	standard bool          // speaks to port 623 only
	v15      bool          // its BMC also takes sessions of IPMI 1.5
	with     string        // what every line begins with
	patience time.Duration // with a client that waits when it need not; otherwise the constant
	prepare  func(*testing.T, *bench)
	cases    []row
}

// A row is one case: a command line for the shell, in which $H, $P, $U and $W
// are host, port, user and password, and what the answer must say. A client's
// rows run in order. Exit codes prove nothing: some clients never fail, and
// some always do.
type row struct {
	name   string
	line   string
	want   []string // each must be in the answer, runs of spaces made one
	not    []string // none may be
	power  string   // "on", "off": what vCenter must say in the end
	boot   string   // what the gateway must have as the next boot device
	within time.Duration
}

// patience is how long a command may take that waits for nobody. The first
// repeat of ipmitool comes after a second, and an unanswered probe costs ten.
const patience = 8 * time.Second

// A bench is one client's place, and the VM its BMC is of.
type bench struct {
	*lab.Bench
	lab *lab.Lab
	vm  string
}

// shell runs a line with the words of the bench. Its exit code proves nothing.
func (b *bench) shell(t *testing.T, line string) string {
	t.Helper()
	out, _ := b.Shell(t.Context(), line)
	return out
}

// spaced makes every run of spaces one, so that rows need not count them.
func spaced(s string) string { return strings.Join(strings.Fields(s), " ") }

// run runs one case and says in the journal how it went.
func (b *bench) run(t *testing.T, c *client, r row) {
	defer func() {
		if t.Failed() {
			journal.note(c.name, r.name, "FAIL")
			return
		}
		journal.note(c.name, r.name, "pass")
	}()
	begin := time.Now()
	out := b.shell(t, strings.TrimSpace(c.with+" "+r.line))
	took := time.Since(begin)
	flat := spaced(out)
	for _, w := range r.want {
		if !strings.Contains(flat, w) {
			t.Errorf("no %q in the answer", w)
		}
	}
	for _, n := range r.not {
		if strings.Contains(flat, n) {
			t.Errorf("%q in the answer", n)
		}
	}
	limit := r.within
	if limit == 0 {
		limit = max(patience, c.patience)
	}
	if took > limit {
		t.Errorf("took %s, more than %s", took.Round(time.Millisecond), limit)
	}
	t.Logf("%s %s\n%.3000s", c.with, r.line, out)
	b.wantPower(t, r.power)
	b.wantBoot(t, r.boot)
}

// wantPower polls vCenter: what the BMC has acknowledged may take a moment.
func (b *bench) wantPower(t *testing.T, state string) {
	t.Helper()
	if state == "" {
		return
	}
	want := map[string]types.VirtualMachinePowerState{
		"on": types.VirtualMachinePowerStatePoweredOn, "off": types.VirtualMachinePowerStatePoweredOff,
	}[state]
	lab.Until(t, b.vm+" is "+state, func() error {
		if got := b.lab.VCenter.Power(b.vm); got != want {
			return fmt.Errorf("it is %s", got)
		}
		if got := b.lab.BMC(b.vm); string(got.Power) != state {
			return fmt.Errorf("the gateway says %s", got.Power)
		}
		return nil
	})
}

func (b *bench) wantBoot(t *testing.T, device string) {
	t.Helper()
	if device == "" {
		return
	}
	if got := b.lab.BMC(b.vm); !strings.Contains(got.Boot, device) {
		t.Errorf("next boot is %q, want %q", got.Boot, device)
	}
}
