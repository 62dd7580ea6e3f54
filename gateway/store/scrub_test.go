package store

import (
	"bytes"
	"fmt"
	"os"
	"sync"
	"syscall"
	"testing"

	"go.etcd.io/bbolt"
)

// secretIn counts a password in a file.
func secretIn(t *testing.T, path string) int {
	t.Helper()
	raw, err := os.ReadFile(path)
	must(t, err)
	return bytes.Count(raw, []byte("S3cretPassw0rd"))
}

// Nothing of a password that is revoked is left, neither in the state file nor, once
// it is made again, in the copy, however often pages were written meanwhile.
func TestRevokedPasswordIsGone(t *testing.T) {
	for _, leases := range []int{0, 3000} { // grants in a page with others, and in one of their own
		t.Run(fmt.Sprint(leases), func(t *testing.T) {
			path := statePath(t)
			s := open(t, path)
			for i := range leases / 100 {
				must(t, s.PutGrant(Grant{ID: fmt.Sprintf("other%d", i), Password: "stays", VM: string(bytes.Repeat([]byte("x"), 500))}))
			}
			for i := range 20 {
				must(t, s.PutGrant(Grant{ID: "one", Password: "S3cretPassw0rd", VM: fmt.Sprint(i)}))
				must(t, s.PutMaintenance(Maintenance{Tenant: fmt.Sprint(i)}))
			}
			must(t, s.Copy())
			if secretIn(t, path) == 0 || secretIn(t, CopyPath(path)) == 0 {
				t.Fatal("the password is not where it is looked for")
			}
			must(t, s.DeleteGrants("one"))
			if n := secretIn(t, path); n != 0 {
				t.Errorf("it is in the state file %d times", n)
			}
			must(t, s.Copy())
			if n := secretIn(t, CopyPath(path)); n != 0 {
				t.Errorf("it is in the copy %d times", n)
			}
			must(t, s.Close())
			s = open(t, path)
			got, err := s.Grants()
			if len(got) != leases/100 || err != nil {
				t.Errorf("%d grants are left, error %v", len(got), err)
			}
		})
	}
}

// A daemon that is killed between the deletion and the overwriting makes up for it.
func TestScrubIsMadeUpFor(t *testing.T) {
	path := statePath(t)
	s := open(t, path)
	must(t, s.PutGrant(Grant{ID: "one", Password: "S3cretPassw0rd"}))
	must(t, s.update(func(tx *bbolt.Tx) error {
		must(t, tx.Bucket([]byte(grantBucket)).Delete([]byte("one")))
		return tx.Bucket([]byte(metaBucket)).Put([]byte(scrubKey), []byte{1})
	}))
	must(t, s.Close())
	if secretIn(t, path) == 0 {
		t.Fatal("the password is not where it is looked for")
	}
	s = open(t, path)
	if n := secretIn(t, path); n != 0 {
		t.Errorf("it is in the state file %d times", n)
	}
	must(t, s.scrub()) // there is nothing to do
}

// Whoever reads while secrets are overwritten reads what is right.
func TestScrubAndReaders(t *testing.T) {
	path := statePath(t)
	s := open(t, path)
	for i := range 200 {
		must(t, s.PutMaintenance(Maintenance{Tenant: fmt.Sprintf("t%03d", i)}))
	}
	var readers sync.WaitGroup
	over := make(chan struct{})
	for i := range 3 {
		readers.Go(func() {
			for {
				if all, err := s.Maintenances(); len(all) != 200 || err != nil {
					t.Errorf("%d of 200, error %v", len(all), err)
				}
				if i == 0 {
					if err := s.Copy(); err != nil {
						t.Error(err)
					}
				}
				select {
				case <-over:
					return
				default:
				}
			}
		})
	}
	for i := range 20 {
		must(t, s.PutGrant(Grant{ID: "one", Password: "S3cretPassw0rd", VM: fmt.Sprint(i)}))
		must(t, s.DeleteGrants("one"))
	}
	close(over)
	readers.Wait()
	must(t, s.Close())
	if !sound(path) {
		t.Error("the file is damaged")
	}
}

// No file with passwords is for others to read, whatever the umask, and whatever the
// mode was that it was put back with.
func TestFilesAreNarrow(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	path := statePath(t)
	s := open(t, path)
	wantNarrow := func(when string, files ...string) {
		t.Helper()
		for _, file := range files {
			if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %s: %v, %v", when, file, info.Mode(), err)
			}
		}
	}
	must(t, s.PutGrant(Grant{ID: "one", Password: "S3cretPassw0rd"}))
	must(t, os.WriteFile(CopyPath(path)+".new", nil, 0o666)) // of a copy that a crash cut off
	must(t, s.Copy())
	must(t, s.Close())
	wantNarrow("made", path, CopyPath(path))

	must(t, os.Chmod(path, 0o644))
	s = open(t, path)
	wantNarrow("opened", path)
	must(t, s.Close())

	must(t, os.Truncate(path, 5000))
	must(t, os.Chmod(path, 0o666))
	must(t, os.Chmod(CopyPath(path), 0o666))
	s, r, err := OpenOrRecover(path)
	must(t, err)
	defer s.Close()
	if r == nil || r.CopyOf.IsZero() {
		t.Fatalf("not recovered from the copy: %+v", r)
	}
	wantNarrow("recovered", path, CopyPath(path), r.Aside)
}
