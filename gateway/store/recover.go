package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"time"

	"go.etcd.io/bbolt"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
)

// A Recovery is what was done about a damaged state file.
type Recovery struct {
	Cause    error     // what was found
	Aside    string    // where the damaged file, or a copy of it, is kept; empty: there was none
	CopyOf   time.Time // of when the copy is that the file was replaced by; zero: it was not
	Lost     bool      // there was no good copy: the file is a new one
	Restored int       // leases that were taken over from the copy, one by one
	Unknown  int       // addresses whose VM is not known any more; they are in quarantine

	now time.Time // when their quarantine begins: the gateway's clock may be ahead of the wall
}

// OpenOrRecover is [Open] for a daemon, which must start. A file that is damaged
// is renamed to path.damaged-TIME and its copy takes its place, also that of one
// that is missing; without a good copy a new file does. When only leases are damaged or missing, they are mended one
// by one. The Recovery is nil when nothing was wrong.
func OpenOrRecover(path string) (*Store, *Recovery, error) {
	raw, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("state file %s: %w", path, err)
	}
	if err != nil && sound(CopyPath(path)) {
		return replaceDamaged(path, fmt.Errorf("state file %s: %w: it is missing, and its copy is not", path, ErrDamaged))
	}
	behind, _ := checkPages(raw) // Open heals it
	s, err := Open(path)
	if errors.Is(err, ErrDamaged) {
		return replaceDamaged(path, err)
	}
	if err != nil {
		return nil, nil, err
	}
	r, err := s.mend(behind, raw)
	if err != nil {
		return nil, nil, errors.Join(err, s.Close())
	}
	return s, r, nil
}

// aside is where a damaged file is kept.
func aside(path string) string {
	return path + ".damaged-" + time.Now().UTC().Format("20060102T150405.000Z")
}

// replaceDamaged puts the copy, or nothing, in the place of a damaged file.
func replaceDamaged(path string, cause error) (*Store, *Recovery, error) {
	r := &Recovery{Cause: cause, Aside: aside(path), Lost: true}
	switch err := os.Rename(path, r.Aside); {
	case errors.Is(err, fs.ErrNotExist):
		r.Aside = ""
	case err != nil:
		return nil, nil, errors.Join(cause, err)
	}
	if info, err := os.Stat(CopyPath(path)); err == nil && sound(CopyPath(path)) {
		err := replace(path, func(f *os.File) error { return pour(f, CopyPath(path)) })
		if err != nil {
			return nil, nil, errors.Join(cause, fmt.Errorf("state file %s: putting the copy back: %w", path, err))
		}
		r.CopyOf, r.Lost = info.ModTime(), false
	}
	s, err := Open(path)
	if err != nil {
		return nil, nil, errors.Join(cause, err)
	}
	return s, r, nil
}

func pour(f *os.File, from string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	_, err = io.Copy(f, src)
	return err
}

// sound reports whether a copy is whole: its pages, and each lease in it.
func sound(path string) bool {
	raw, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	if behind, _ := checkPages(raw); behind {
		return false
	}
	s, err := Open(path)
	if err != nil {
		return false
	}
	defer s.Close()
	_, err = s.Leases()
	return err == nil
}

// mend puts right what the checksums of the leases and their digest show.
func (s *Store) mend(behind bool, raw []byte) (*Recovery, error) {
	wrong := s.checkLeases()
	if behind {
		wrong = errors.Join(fmt.Errorf("state file %s: %w: one of its two headers; the last change may be missing", s.path, ErrDamaged), wrong)
	}
	if wrong == nil {
		return nil, nil
	}
	r := &Recovery{Cause: wrong, Aside: aside(s.path), now: time.Now()}
	if stood, _ := s.Clock(); stood.After(r.now) {
		r.now = stood
	}
	err := replace(r.Aside, func(f *os.File) error {
		_, err := f.Write(raw)
		return err
	})
	if err != nil {
		return nil, errors.Join(wrong, err)
	}
	copied := s.copiedLeases()
	return r, s.update(func(tx *bbolt.Tx) error { return r.mendLeases(tx, copied) })
}

// checkLeases returns what is wrong with the leases.
func (s *Store) checkLeases() error {
	_, err := s.Leases()
	viewed := s.view(func(tx *bbolt.Tx) error {
		if d, ok := storedDigest(tx); !ok || d != digestOf(tx) {
			return fmt.Errorf("state file %s: %w: leases are missing", s.path, ErrDamaged)
		}
		return nil
	})
	return errors.Join(err, viewed)
}

// copiedLeases returns the leases of the copy; none when it is not good.
func (s *Store) copiedLeases() []address.Lease {
	if !sound(CopyPath(s.path)) {
		return nil
	}
	c, err := Open(CopyPath(s.path))
	if err != nil {
		return nil
	}
	defer c.Close()
	leases, _ := c.Leases()
	return leases
}

// mendLeases replaces the leases that are damaged and adds those that are missing.
func (r *Recovery) mendLeases(tx *bbolt.Tx, copied []address.Lease) error {
	b := tx.Bucket([]byte(leaseBucket))
	good := make(map[string]address.Lease)
	var bad [][]byte
	_ = b.ForEach(func(key, value []byte) error {
		var l address.Lease
		if decodeRecord(key, value, &l) == nil {
			good[string(key)] = l
			return nil
		}
		bad = append(bad, append([]byte(nil), key...))
		if l, ok := misplaced(value); ok {
			good[l.Address.String()] = l
		}
		return nil
	})
	for _, key := range bad {
		if err := b.Delete(key); err != nil {
			return err
		}
	}
	r.take(good, copied)
	for _, key := range bad {
		if a, err := netip.ParseAddr(string(key)); err == nil {
			if _, known := good[string(key)]; !known {
				good[string(key)] = address.Lease{Address: a}.Orphaned(r.now)
				r.Unknown++
			}
		}
	}
	for key, l := range good {
		value, err := encodeRecord([]byte(key), l)
		if err != nil {
			return err
		}
		if err := b.Put([]byte(key), value); err != nil {
			return err
		}
	}
	return storeDigest(tx, digestOf(tx))
}

// take adds the leases of the copy whose address and whose VM have none.
func (r *Recovery) take(good map[string]address.Lease, copied []address.Lease) {
	vms := make(map[string]bool)
	for _, l := range good {
		vms[l.Key.String()] = true
	}
	for _, l := range copied {
		at := l.Address.String()
		if _, known := good[at]; known {
			continue
		}
		if vms[l.Key.String()] && l.Key.VM != "" {
			l = l.Orphaned(r.now) // it moved since: but nobody else was there yet
		}
		good[at] = l
		r.Restored++
	}
}

// misplaced returns a lease that is whole and under a wrong key.
func misplaced(value []byte) (l address.Lease, ok bool) {
	if len(value) < checksumSize || json.Unmarshal(value[checksumSize:], &l) != nil || !l.Address.IsValid() {
		return address.Lease{}, false
	}
	return l, decodeRecord([]byte(l.Address.String()), value, &l) == nil
}
