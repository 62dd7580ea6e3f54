package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
)

// CopyPath returns where the copy of a state file is.
func CopyPath(path string) string { return path + ".copy" }

// Copy writes the whole file as it is now to [CopyPath], in place of an earlier
// copy, while others read and write. A crash leaves the earlier copy.
func (s *Store) Copy() error {
	s.health.mu.Lock()
	urgent := s.health.urgent
	s.health.mu.Unlock()
	err := s.copyTo(CopyPath(s.path))

	h := &s.health
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now.CopyFail = ""
	if err != nil {
		err = fmt.Errorf("state file %s: copy: %w", s.path, err)
		h.now.CopyFail = err.Error()
		h.now.Failures++
		return err
	}
	h.now.CopiedAt, h.covered = time.Now(), urgent
	return nil
}

// Uncopied reports whether leases, grants or maintenance were changed since the last
// copy of this run: in place of a damaged file it would bring back what was revoked.
func (s *Store) Uncopied() bool {
	s.health.mu.Lock()
	defer s.health.mu.Unlock()
	return s.health.urgent != s.health.covered || s.health.now.CopiedAt.IsZero()
}

func (s *Store) copyTo(path string) (err error) {
	return replace(path, func(f *os.File) error {
		return s.view(func(tx *bbolt.Tx) error {
			_, err := tx.WriteTo(f)
			return err
		})
	})
}

// replace writes a file and puts it in the place of path when all of it is on the disk.
func replace(path string, write func(*os.File) error) (err error) {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if err := errors.Join(narrow(f), write(f), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDirectory(filepath.Dir(path))
}
