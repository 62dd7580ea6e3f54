package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
	"github.com/bmc-gateway/bmc-gateway/inventory"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)

func key(vm string) inventory.Key {
	return inventory.Key{VCenter: "c0ffee00-0000-0000-0000-000000000000", VM: vm}
}

func lease(vm, a string) address.Lease {
	return address.Lease{
		Key: key(vm), Tenant: "acme", VM: vm, Pool: "lab", Address: netip.MustParseAddr(a),
		MAC: address.MAC(address.MACFor(key(vm))), Since: noon,
	}
}

func open(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() }) // again after an explicit Close is fine
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func statePath(t *testing.T) string { return filepath.Join(t.TempDir(), "state.db") }

var compareAddr = cmp.Comparer(func(a, b netip.Addr) bool { return a == b })

func wantLeases(t *testing.T, s *Store, want ...address.Lease) {
	t.Helper()
	got, err := s.Leases()
	if diff := cmp.Diff(want, got, compareAddr); diff != "" || err != nil {
		t.Errorf("error %v, leases (-want +got):\n%s", err, diff)
	}
}

func TestLeasesSurvive(t *testing.T) {
	path := statePath(t)
	s := open(t, path)
	wantLeases(t, s)

	released := lease("db", "10.0.0.2")
	released.ReleasedAt = noon.Add(time.Hour)
	must(t, s.ChangeLeases([]address.Lease{lease("web", "10.0.0.1")}, nil))
	must(t, s.ChangeLeases([]address.Lease{lease("db", "10.0.0.2")}, nil))
	must(t, s.ChangeLeases([]address.Lease{released}, nil))
	must(t, s.ChangeLeases([]address.Lease{lease("old", "10.0.0.3")}, nil))
	must(t, s.ChangeLeases([]address.Lease{lease("new", "10.0.0.3")}, nil)) // the address has changed hands
	must(t, s.ChangeLeases([]address.Lease{lease("gone", "10.0.0.4")}, nil))
	must(t, s.ChangeLeases(nil, []netip.Addr{netip.MustParseAddr("10.0.0.4")}))
	must(t, s.ChangeLeases(nil, []netip.Addr{netip.MustParseAddr("10.0.0.99")}))
	want := []address.Lease{lease("web", "10.0.0.1"), released, lease("new", "10.0.0.3")}
	wantLeases(t, s, want...)

	must(t, s.Close())
	wantLeases(t, open(t, path), want...)
}

func TestLeaseWithoutAddress(t *testing.T) {
	s := open(t, statePath(t))
	if err := s.ChangeLeases([]address.Lease{{Key: key("web")}}, nil); err == nil || !strings.Contains(err.Error(), "has no address") {
		t.Errorf("got %v", err)
	}
	wantLeases(t, s)
}

// flip inverts a bit of every byte sequence in the file that equals old; an
// earlier copy of a page may have it as well.
func flip(t *testing.T, path, old string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	must(t, err)
	damaged := []byte(old)
	damaged[len(damaged)-1] ^= 0x01
	if !bytes.Contains(raw, []byte(old)) {
		t.Fatalf("%q is not in the file", old)
	}
	must(t, os.WriteFile(path, bytes.ReplaceAll(raw, []byte(old), damaged), 0o600))
}

func TestDamagedRecord(t *testing.T) {
	tests := []struct {
		name, old string
		where     string
	}{
		{"value", `"vm":"victim"`, `leases "10.0.0.2"`},
		{"key and value", "10.0.0.2", `leases "10.0.0.3"`}, // the flipped bit makes it another address
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := statePath(t)
			s := open(t, path)
			for _, l := range []address.Lease{lease("first", "10.0.0.1"), lease("victim", "10.0.0.2"), lease("last", "10.0.0.8")} {
				must(t, s.ChangeLeases([]address.Lease{l}, nil))
			}
			must(t, s.Close())
			flip(t, path, tt.old)

			s = open(t, path)
			got, err := s.Leases()
			if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), tt.where) || !strings.Contains(err.Error(), path) {
				t.Errorf("got error %v, want ErrDamaged that names %s and %s", err, path, tt.where)
			}
			want := []address.Lease{lease("first", "10.0.0.1"), lease("last", "10.0.0.8")}
			if diff := cmp.Diff(want, got, compareAddr); diff != "" {
				t.Errorf("the others (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecodeRecord(t *testing.T) {
	k := []byte("10.0.0.1")
	good, err := encodeRecord(k, lease("web", "10.0.0.1"))
	must(t, err)
	noJSON := append(binary.BigEndian.AppendUint32(nil, checksum(k, []byte("{"))), '{')
	for name, value := range map[string][]byte{"empty": {}, "half a checksum": good[:3], "cut short": good[:len(good)-1], "no JSON": noJSON} {
		var l address.Lease
		if err := decodeRecord(k, value, &l); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: got %v, want ErrDamaged", name, err)
		}
	}
	var l address.Lease
	if err := decodeRecord([]byte("10.0.0.2"), good, &l); !errors.Is(err, ErrDamaged) {
		t.Errorf("under another key: got %v, want ErrDamaged", err)
	}
	// Every single bit counts.
	for i := range len(good) * 8 {
		bad := bytes.Clone(good)
		bad[i/8] ^= 1 << (i % 8)
		var l address.Lease
		if err := decodeRecord(k, bad, &l); !errors.Is(err, ErrDamaged) {
			t.Fatalf("bit %d flipped: got %v, want ErrDamaged", i, err)
		}
	}
}

func TestOpenNewFile(t *testing.T) {
	path := statePath(t)
	open(t, path)
	info, err := os.Stat(path)
	must(t, err)
	if got, want := info.Mode(), fs.FileMode(0o600); got != want {
		t.Errorf("mode: got %v, want %v", got, want)
	}
}

func TestOpenWithoutDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "missing")
	path := filepath.Join(dir, "state.db")
	_, err := Open(path)
	if want := "state file " + path + ": directory " + dir + " does not exist"; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the directory was made: %v", err)
	}
}

func TestOpenTwice(t *testing.T) {
	path := statePath(t)
	s := open(t, path)
	_, err := Open(path)
	if want := "state file " + path + ": another process has it open (waited 1s)"; !errors.Is(err, ErrInUse) || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	must(t, s.Close())
	open(t, path)
}

func TestSchema(t *testing.T) {
	tests := []struct {
		name  string
		value []byte
		want  error
		text  string
	}{
		{"newer", []byte{0, 0, 0, 2}, ErrNewer, "written by a newer version: its schema is 2, the newest known here is 1"},
		{"none", []byte{0, 0, 0, 0}, ErrDamaged, "damaged: 00000000 is no schema"},
		{"of another size", []byte{1}, ErrDamaged, "damaged: 01 is no schema"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := statePath(t)
			s := open(t, path)
			must(t, s.db.Update(func(tx *bbolt.Tx) error {
				return tx.Bucket([]byte(metaBucket)).Put([]byte(schemaKey), tt.value)
			}))
			must(t, s.Close())
			before, err := os.ReadFile(path)
			must(t, err)

			_, err = Open(path)
			if want := "state file " + path + ": " + tt.text; !errors.Is(err, tt.want) || err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
			after, err := os.ReadFile(path)
			must(t, err)
			if !bytes.Equal(before, after) {
				t.Error("the refused file was changed")
			}
		})
	}
}

func TestOpenDamagedFile(t *testing.T) {
	page := os.Getpagesize()
	tests := []struct {
		name   string
		damage func([]byte) []byte
	}{
		{"text", func([]byte) []byte { return []byte("leases: none\n") }},
		{"no meta page", func(b []byte) []byte { clear(b[:2*page]); return b }},
		{"cut after the meta pages", func(b []byte) []byte { return b[:2*page] }},
		{"last page missing", func(b []byte) []byte { return b[:usedSize(b, page)-page] }},
		{"all pages zeroed but meta", func(b []byte) []byte { clear(b[2*page:]); return b }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := statePath(t)
			fill(t, path)
			raw, err := os.ReadFile(path)
			must(t, err)
			raw = tt.damage(raw)
			must(t, os.WriteFile(path, raw, 0o600))
			_, err = Open(path)
			if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v, want ErrDamaged that names %s", err, path)
			}
			after, err := os.ReadFile(path)
			if must(t, err); !bytes.Equal(raw, after) {
				t.Error("the damaged file was changed")
			}
			// A second try says the same: the first let go of the file.
			if _, err := Open(path); !errors.Is(err, ErrDamaged) {
				t.Errorf("second try: got %v, want ErrDamaged", err)
			}
		})
	}
}

// Each page in turn, zeroed or missing with all behind it: an error or good
// data, and never a crash.
func TestOpenEachPageDamaged(t *testing.T) {
	path := statePath(t)
	want := fill(t, path)
	raw, err := os.ReadFile(path)
	must(t, err)
	page := os.Getpagesize()
	for at := 0; at < usedSize(raw, page); at += page {
		zeroed := bytes.Clone(raw)
		clear(zeroed[at : at+page])
		for name, content := range map[string][]byte{"zeroed": zeroed, "cut": raw[:at]} {
			if len(content) == 0 {
				continue // an empty file is a new one
			}
			must(t, os.WriteFile(path, content, 0o600))
			s, err := Open(path)
			if err != nil {
				if !errors.Is(err, ErrDamaged) {
					t.Errorf("page %d %s: got %v, want ErrDamaged", at/page, name, err)
				}
				continue
			}
			got, err := s.Leases()
			if diff := cmp.Diff(want, got, compareAddr); diff != "" || err != nil {
				t.Errorf("page %d %s was not noticed: error %v, leases (-want +got):\n%s", at/page, name, err, diff)
			}
			must(t, s.Close())
		}
	}
}

// fill makes a state file with enough leases for several levels of pages.
func fill(t *testing.T, path string) []address.Lease {
	t.Helper()
	s := open(t, path)
	must(t, s.db.Update(func(tx *bbolt.Tx) error {
		for i := range 250 {
			l := lease("web", netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}).String())
			value, err := encodeRecord([]byte(l.Address.String()), l)
			if err != nil {
				return err
			}
			if err := tx.Bucket([]byte(leaseBucket)).Put([]byte(l.Address.String()), value); err != nil {
				return err
			}
		}
		return nil
	}))
	leases, err := s.Leases()
	must(t, err)
	must(t, s.Close())
	moveFreeList(t, path)
	return leases
}

// moveFreeList opens the file, which is one transaction, and writes until the list of free pages is at the
// front and pages with data are the last ones: bbolt reads the list in Open, but
// those in a goroutine of its own.
func moveFreeList(t *testing.T, path string) {
	t.Helper()
	for try := range 20 {
		s := open(t, path)
		for range try % 2 { // bbolt moves the list back and forth
			must(t, s.ChangeLeases([]address.Lease{lease("web", "10.0.0.7")}, nil))
		}
		must(t, s.Close())
		raw, err := os.ReadFile(path)
		must(t, err)
		if _, free, used := newestMeta(raw, os.Getpagesize()); free < used/2 {
			return
		}
	}
	t.Fatal("the list of free pages stays at the end of the file")
}

// usedSize returns the length of the file up to the last page that is in use.
func usedSize(raw []byte, page int) int {
	_, _, used := newestMeta(raw, page)
	return used * page
}

// newestMeta returns what the newer of the two meta pages says: the number of
// the transaction, the page with the list of free pages, the number of pages.
func newestMeta(raw []byte, page int) (tx, free, used int) {
	for _, meta := range [][]byte{raw[:page], raw[page : 2*page]} {
		if n := int(binary.LittleEndian.Uint64(meta[64:])); n >= tx {
			tx = n
			free = int(binary.LittleEndian.Uint64(meta[48:]))
			used = int(binary.LittleEndian.Uint64(meta[56:]))
		}
	}
	return tx, free, used
}
