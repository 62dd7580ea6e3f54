package store

import (
	"bytes"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
)

// small makes a state file with a few leases, and a copy of it that lacks the last.
func small(t *testing.T, path string, leases int) []address.Lease {
	t.Helper()
	s := open(t, path)
	var all []address.Lease
	for i := range leases {
		l := lease("vm"+strconv.Itoa(i), "10.0.0."+strconv.Itoa(i+1))
		must(t, s.ChangeLeases([]address.Lease{l}, nil))
		all = append(all, l)
		if i == leases-2 {
			must(t, s.Copy())
		}
	}
	must(t, s.Close())
	return all
}

// recovered opens a file that may be damaged.
func recovered(t *testing.T, path string) ([]address.Lease, *Recovery) {
	t.Helper()
	s, r, err := OpenOrRecover(path)
	if errors.Is(err, ErrNewer) {
		return nil, &Recovery{Cause: err} // a flipped schema: refused, and nothing is changed
	}
	if err != nil {
		t.Fatalf("the daemon could not start: %v", err)
	}
	defer s.Close()
	leases, err := s.Leases()
	if err != nil {
		t.Errorf("leases: %v", err)
	}
	return leases, r
}

// memory returns a directory that is quick to write, where there is one.
func memory(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "bmc-gateway-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// TestEachFlippedByte inverts a bit of each byte of a small file in turn. What
// comes of it is all leases as they were, or word of the damage; in no case does an
// address mean another VM than before.
func TestEachFlippedByte(t *testing.T) {
	path := filepath.Join(memory(t), "state.db")
	all := small(t, path, 5)
	owner := make(map[netip.Addr]address.Lease)
	for _, l := range all {
		owner[l.Address] = l
	}
	raw, err := os.ReadFile(path)
	must(t, err)
	copied, err := os.ReadFile(CopyPath(path))
	must(t, err)
	detected, used := 0, usedSize(raw, os.Getpagesize())
	for at := 0; at < used; at++ {
		if raw[at] == 0 && at%16 != 0 {
			continue // most of it is empty
		}
		bits := []byte{0x01, 0x80}[at%2]
		must(t, os.WriteFile(CopyPath(path), copied, 0o600))
		damaged := bytes.Clone(raw)
		damaged[at] ^= bits
		must(t, os.WriteFile(path, damaged, 0o600))
		got, r := recovered(t, path)
		for _, l := range got {
			if l.Key.VM != "" && l.Key != owner[l.Address].Key {
				t.Errorf("byte %d ^ %02x: %s is now %s's", at, bits, l.Address, l.Key)
			}
		}
		if r == nil && !cmp.Equal(got, all, compareAddr) {
			t.Errorf("byte %d ^ %02x: nothing was said, and the leases are\n%v", at, bits, got)
		}
		if r != nil {
			detected++
			if len(got) < len(all)-1 && !errors.Is(r.Cause, ErrNewer) {
				t.Errorf("byte %d ^ %02x: %d leases are left: %v", at, bits, len(got), r.Cause)
			}
			_ = os.Remove(r.Aside)
		}
		if t.Failed() {
			break
		}
	}
	if detected == 0 {
		t.Error("no damage was noticed: nothing was proven")
	}
	t.Logf("%d bytes in use, %d flips noticed", used, detected)
}

func TestRecover(t *testing.T) {
	tests := []struct {
		name   string
		damage func(t *testing.T, path string)
		leases int // of 5; the copy has 4
		lost   bool
		copied bool
	}{
		{"text", func(t *testing.T, path string) { must(t, os.WriteFile(path, []byte("leases: none\n"), 0o600)) }, 4, false, true},
		{"truncated", func(t *testing.T, path string) { must(t, os.Truncate(path, int64(3*os.Getpagesize()))) }, 4, false, true},
		{"one lease", func(t *testing.T, path string) { flip(t, path, `"vm":"vm2"`) }, 5, false, false},
		{"one lease that is not in the copy", func(t *testing.T, path string) { flip(t, path, `"vm":"vm4"`) }, 5, false, false},
		{"the copy as well", func(t *testing.T, path string) {
			must(t, os.Truncate(path, 100))
			flip(t, CopyPath(path), `"vm":"vm2"`)
		}, 0, true, false},
		{"no copy", func(t *testing.T, path string) {
			must(t, os.Truncate(path, 100))
			must(t, os.Remove(CopyPath(path)))
		}, 0, true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := statePath(t)
			all := small(t, path, 5)
			tt.damage(t, path)
			before, err := os.ReadFile(path)
			must(t, err)
			got, r := recovered(t, path)
			if r == nil || !errors.Is(r.Cause, ErrDamaged) || r.Lost != tt.lost || !r.CopyOf.IsZero() != tt.copied {
				t.Fatalf("recovery %+v", r)
			}
			for i, l := range got {
				if l.Address != all[i].Address || l.Key != all[i].Key && l.Key.VM != "" {
					t.Errorf("got %+v, had %+v", l, all[i])
				}
			}
			if len(got) != tt.leases {
				t.Errorf("%d leases, want %d", len(got), tt.leases)
			}
			kept, err := os.ReadFile(r.Aside)
			if must(t, err); !bytes.Equal(kept, before) || !strings.HasPrefix(r.Aside, path+".damaged-") {
				t.Errorf("%s is not the damaged file", r.Aside)
			}
			if again, r := recovered(t, path); r != nil || len(again) != len(got) {
				t.Errorf("opened again: %+v, %d leases", r, len(again))
			}
		})
	}
}

func TestRecoverOfASoundFile(t *testing.T) {
	path := statePath(t)
	if leases, r := recovered(t, path); r != nil || len(leases) != 0 {
		t.Errorf("a new file: %+v, %v", r, leases)
	}
	s := open(t, path)
	defer s.Close()
	if _, _, err := OpenOrRecover(path); !errors.Is(err, ErrInUse) {
		t.Errorf("a file that is open: %v", err)
	}
}

// A copy that cannot be made leaves the earlier one, and is told.
func TestCopyFails(t *testing.T) {
	path := statePath(t)
	all := small(t, path, 5)
	s := open(t, path)
	defer s.Close()
	if !s.Uncopied() {
		t.Error("nothing was copied in this run")
	}
	must(t, os.Mkdir(CopyPath(path)+".new", 0o700))
	if err := s.Copy(); err == nil || s.Health().CopyFail == "" || !s.Health().CopiedAt.IsZero() {
		t.Errorf("error %v, health %+v", err, s.Health())
	}
	if !sound(CopyPath(path)) {
		t.Error("the earlier copy is gone")
	}
	must(t, os.Remove(CopyPath(path)+".new"))
	must(t, s.Copy())
	if h := s.Health(); h.CopyFail != "" || h.CopiedAt.IsZero() || h.Size == 0 || h.Failures != 1 || s.Uncopied() {
		t.Errorf("health %+v", h)
	}
	if got := s.copiedLeases(); len(got) != len(all) {
		t.Errorf("%d leases in the copy, want %d", len(got), len(all))
	}
	must(t, s.ChangeLeases([]address.Lease{lease("new", "10.0.0.9")}, nil))
	if !s.Uncopied() {
		t.Error("a new lease is not in the copy")
	}
}

// A file that somebody removed comes back from its copy; without one, it is a new one.
func TestMissingFileComesFromTheCopy(t *testing.T) {
	path := filepath.Join(memory(t), "state.db")
	all := small(t, path, 3)
	must(t, os.Remove(path))
	leases, r := recovered(t, path)
	if diff := cmp.Diff(all[:2], leases, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Errorf("leases (-want +got):\n%s", diff)
	}
	if r == nil || r.CopyOf.IsZero() || r.Lost || r.Aside != "" || !errors.Is(r.Cause, ErrDamaged) {
		t.Errorf("recovery %+v", r)
	}
	must(t, os.Remove(path))
	must(t, os.Remove(CopyPath(path)))
	if leases, r := recovered(t, path); len(leases) != 0 || r != nil {
		t.Errorf("a new file: leases %v, recovery %+v", leases, r)
	}
}
