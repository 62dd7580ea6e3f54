package store

import (
	"fmt"
	"os"
	"strings"

	"go.etcd.io/bbolt"
)

// scrubKey, in the meta bucket, is there from the deletion of a secret until no page
// of the file has it any more.
const scrubKey = "scrub"

// removeSecrets deletes records of which nothing may be left in the file.
//
// bbolt writes changed pages elsewhere and leaves the old ones as they are until they
// are needed. So a second transaction overwrites all that is free: what is free
// then no header points to but the older one, which that transaction replaces.
func removeSecrets(s *Store, bucket string, keys []string) error {
	err := s.update(func(tx *bbolt.Tx) error {
		for _, key := range keys {
			if err := tx.Bucket([]byte(bucket)).Delete([]byte(key)); err != nil {
				return err
			}
		}
		return tx.Bucket([]byte(metaBucket)).Put([]byte(scrubKey), []byte{1})
	})
	if err == nil {
		err = s.scrub()
	}
	if err != nil {
		return s.recordError(bucket, strings.Join(keys, ", "), "delete", err)
	}
	return nil
}

// scrub overwrites the free pages if a secret was deleted since it was done last.
// Nobody reads meanwhile: a reader may still be in pages that are free for all others.
func (s *Store) scrub() error {
	s.reading.Lock()
	defer s.reading.Unlock()
	wanted := false
	err := s.db.View(func(tx *bbolt.Tx) error {
		wanted = tx.Bucket([]byte(metaBucket)).Get([]byte(scrubKey)) != nil
		return nil
	})
	if err != nil || !wanted {
		return err
	}
	return s.update(func(tx *bbolt.Tx) error {
		if err := s.overwriteFree(tx); err != nil {
			return err
		}
		return tx.Bucket([]byte(metaBucket)).Delete([]byte(scrubKey))
	})
}

// overwriteFree fills the free pages with zeros; the commit of tx syncs them.
func (s *Store) overwriteFree(tx *bbolt.Tx) error {
	zeros := make([]byte, s.db.Info().PageSize)
	for id := 0; ; {
		page, err := tx.Page(id)
		if err != nil || page == nil { // after the last one that was ever used
			return err
		}
		if page.Type != "free" {
			id += 1 + page.OverflowCount
			continue
		}
		if _, err := s.file.WriteAt(zeros, int64(id)*int64(len(zeros))); err != nil {
			return fmt.Errorf("overwrite page %d: %w", id, err)
		}
		id++
	}
}

// view reads the file.
func (s *Store) view(do func(*bbolt.Tx) error) error {
	s.reading.RLock()
	defer s.reading.RUnlock()
	return s.db.View(do)
}

// narrow takes from a file what others may do with it: there are passwords in it. An
// administrator may have put it back from a backup, with other rights.
func narrow(f *os.File) error {
	info, err := f.Stat()
	if err != nil || info.Mode().Perm()&0o077 == 0 {
		return err
	}
	if err := f.Chmod(0o600); err != nil {
		return fmt.Errorf("others may read it, and that cannot be changed; its mode has to be 0600: %w", err)
	}
	return nil
}
