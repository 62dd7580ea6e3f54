package lab

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// lineLimit is what a command line may take before it is killed with all that
// it started.
const lineLimit = 4 * time.Minute

// A Bench is a client's place: a directory of its own, and words for the BMC
// it is to speak to.
type Bench struct {
	Address string // of the BMC
	Home    string
	Env     []string // of what is run here
}

// Environment is what every client gets.
func Environment(home string) []string {
	return []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "TERM=dumb", "HOME=" + home}
}

// Bench returns a place with the words of a VM's BMC: $H, $P and $HP, host, port
// and both; $U and $W, the administrator and the password; $VM.
func (l *Lab) Bench(t testing.TB, vm string) *Bench {
	t.Helper()
	host, port := l.BMC(vm).Address.String(), strconv.Itoa(int(l.Port))
	b := &Bench{Address: host, Home: t.TempDir()}
	b.Env = append(Environment(b.Home), "H="+host, "P="+port, "HP="+net.JoinHostPort(host, port), "U=admin", "W="+Password, "VM="+vm)
	return b
}

// Shell runs a line and returns what it printed and its exit code, which is -1
// for one that had to be killed.
func (b *Bench) Shell(ctx context.Context, line string) (out string, code int) {
	ctx, cancel := context.WithTimeout(ctx, lineLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", line)
	cmd.Dir = b.Home
	cmd.Env = b.Env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	text, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return string(text) + fmt.Sprintf("\n(killed: %v)", err), -1
	}
	return string(text), cmd.ProcessState.ExitCode()
}
