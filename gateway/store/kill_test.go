package store

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
)

// writerEnv, when set, makes the test binary a process that writes leases to the
// file it names and says so on its standard output.
const writerEnv = "STORE_TEST_WRITER"

func TestMain(m *testing.M) {
	if path := os.Getenv(writerEnv); path != "" {
		fmt.Fprintln(os.Stderr, writeLeases(path))
		os.Exit(1)
	}
	if path := os.Getenv(fullEnv); path != "" {
		if err := writeUntilFull(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// writeLeases writes numbered leases, over and over the same 500 addresses, and
// acknowledges each by its number, until it is killed. The first number is one
// more than the highest in the file.
func writeLeases(path string) error {
	s, err := Open(path)
	if err != nil {
		return err
	}
	leases, err := s.Leases()
	if err != nil {
		return err
	}
	next := 0
	for _, l := range leases {
		n, err := strconv.Atoi(l.VM)
		if err != nil {
			return err
		}
		next = max(next, n+1)
	}
	for ; ; next++ {
		if err := s.ChangeLeases([]address.Lease{lease(strconv.Itoa(next), numbered(next))}, nil); err != nil {
			return err
		}
		if _, err := fmt.Println(next); err != nil {
			return err
		}
	}
}

// numbered returns the address that the lease with a number is for.
func numbered(n int) string {
	n %= 500
	return netip.AddrFrom4([4]byte{10, 0, byte(n / 250), byte(n % 250)}).String()
}

// TestKill kills a writer 200 times at random moments. Whatever it acknowledged
// must be in the file, and each record must be whole.
func TestKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	acknowledged := -1
	for round := range 200 {
		last := runWriter(t, path, time.Duration(rand.IntN(20))*time.Millisecond)
		acknowledged = max(acknowledged, last)
		s := open(t, path)
		leases, err := s.Leases()
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		newest := make(map[string]int) // by address
		for _, l := range leases {
			n, err := strconv.Atoi(l.VM)
			if err != nil || numbered(n) != l.Address.String() {
				t.Fatalf("round %d: %s has the lease of %q, %v", round, l.Address, l.VM, err)
			}
			newest[l.Address.String()] = n
		}
		for n := max(0, acknowledged-499); n <= acknowledged; n++ {
			if got, ok := newest[numbered(n)]; !ok || got < n {
				t.Errorf("round %d: lease %d was acknowledged, %s has %d (%t)", round, n, numbered(n), got, ok)
			}
		}
		must(t, s.Close())
	}
	if acknowledged < 200 {
		t.Errorf("only %d leases were acknowledged: nothing was proven", acknowledged+1)
	}
	t.Logf("%d leases acknowledged", acknowledged+1)
}

// runWriter starts a writer, kills it some time after its first
// acknowledgement, and returns the last number it acknowledged.
func runWriter(t *testing.T, path string, after time.Duration) int {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), writerEnv+"="+path)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	lines := bufio.NewScanner(stdout)
	last := -1
	for lines.Scan() {
		n, err := strconv.Atoi(lines.Text())
		if err != nil {
			break // the killed process did not finish the line
		}
		if last == -1 {
			timer := time.AfterFunc(after, func() { cmd.Process.Kill() })
			defer timer.Stop()
		}
		last = n
	}
	if err := cmd.Wait(); err == nil || err.Error() != "signal: killed" {
		t.Fatalf("the writer ended by itself: %v: %s", err, stderr.String())
	}
	return last
}
