package store

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
)

// fullEnv, when set, makes the test binary a process that has no room for the file
// it names to grow.
const fullEnv = "STORE_TEST_FULL"

// writeUntilFull writes leases until there is no room, says how many it has
// acknowledged, and then what still works.
func writeUntilFull(path string) error {
	signal.Ignore(syscall.SIGXFSZ)
	s, err := Open(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	room := uint64(info.Size()) + 64<<10
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: room, Max: room}); err != nil {
		return err
	}
	n := 0
	for ; err == nil && n < 10000; n++ {
		err = s.ChangeLeases([]address.Lease{lease("vm"+strconv.Itoa(n), fmt.Sprintf("10.1.%d.%d", n/250, n%250))}, nil)
	}
	if err == nil || !strings.Contains(err.Error(), "too large") || s.Health().Failure == "" || s.Health().Failures != 1 {
		return fmt.Errorf("after %d leases: %v, %+v", n, err, s.Health())
	}
	leases, err := s.Leases()
	if err != nil || len(leases) != n-1 {
		return fmt.Errorf("%d leases can be read of %d: %v", len(leases), n-1, err)
	}
	fmt.Println(n - 1)
	return nil
}

// TestDiskFull: without room for the file nothing new is acknowledged, what was is
// whole, and with room again everything goes on.
func TestDiskFull(t *testing.T) {
	path := statePath(t)
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), fullEnv+"="+path)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	lines := bufio.NewScanner(stdout)
	lines.Scan()
	acknowledged, err := strconv.Atoi(lines.Text())
	if waited := cmd.Wait(); waited != nil || err != nil || acknowledged == 0 {
		t.Fatalf("%v, %v: %s", waited, err, stderr.String())
	}
	leases, r := recovered(t, path)
	if r != nil || len(leases) != acknowledged {
		t.Errorf("%d leases, %d were acknowledged; recovery %+v", len(leases), acknowledged, r)
	}
	s := open(t, path)
	defer s.Close()
	must(t, s.ChangeLeases([]address.Lease{lease("late", "10.9.0.1")}, nil))
	if h := s.Health(); h.Failure != "" {
		t.Errorf("health %+v", h)
	}
	t.Logf("%d leases acknowledged", acknowledged)
}
