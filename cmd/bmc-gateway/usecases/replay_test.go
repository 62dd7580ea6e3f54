package usecases

import (
	"fmt"
	"strings"
	"testing"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/lab"
)

// A replay is a command line of a program that Debian has not: what it runs is
// known from its source, and is run here as its own row.
type replay struct {
	name  string
	line  string   // for the shell, with the words of the bench
	want  []string // each must be in the answer, runs of spaces made one
	not   []string // none may be
	power types.VirtualMachinePowerState
	boots string // what the boot order must come to begin with
}

// replay runs rows in order, each a step.
func (u *useCase) replay(t *testing.T, l *lab.Lab, vm string, env []string, rows []replay) {
	t.Helper()
	b := l.Bench(t, vm)
	b.Env = append(b.Env, env...)
	for _, r := range rows {
		u.step(t, r.name, func(t *testing.T) {
			out := r.ask(t, b)
			flat := strings.Join(strings.Fields(out), " ")
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
			t.Logf("%s\n%.2000s", r.line, out)
			if r.power != "" {
				isPower(t, l, vm, r.power)
			}
			if r.boots != "" {
				wantBoot(t, l, vm, r.boots)
			}
		})
	}
}

// ask runs the line, again while the BMC is busy: on a slow machine the simulated
// vCenter needs more than the two seconds that an order is held for. ipmipower
// says nothing to that, and who calls it asks again.
func (r replay) ask(t *testing.T, b *lab.Bench) (out string) {
	t.Helper()
	for range 10 {
		out, _ = b.Shell(t.Context(), r.line)
		if !strings.Contains(out, "Node busy") && (len(r.want) == 0 || strings.TrimSpace(out) != "") {
			break
		}
		t.Logf("busy: %s", r.line)
	}
	return out
}

// isPower waits until vCenter and the gateway say so: an order is acknowledged
// before it is carried out.
func isPower(t *testing.T, l *lab.Lab, vm string, want types.VirtualMachinePowerState) {
	t.Helper()
	short := strings.ToLower(strings.TrimPrefix(string(want), "powered"))
	eventually(t, vm+" is "+short, func() error {
		if got := l.VCenter.Power(vm); got != want {
			return fmt.Errorf("vCenter says %s", got)
		}
		if got := l.BMC(vm).Power; string(got) != short {
			return fmt.Errorf("the gateway says %s", got)
		}
		return nil
	})
}
