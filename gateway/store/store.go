package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// Errors of [Open] that a caller can tell apart; see also [ErrDamaged].
var (
	// ErrInUse says that another process has the state file open.
	ErrInUse = errors.New("another process has it open")
	// ErrNewer says that a newer bmc-gateway wrote the file.
	ErrNewer = errors.New("written by a newer version")
)

// schema is the version of what is in the file. It changes when an older
// bmc-gateway would misread it.
const schema = 1

// lockTimeout is how long Open waits for another process to let go of the file;
// it covers a predecessor that is about to end.
const lockTimeout = time.Second

// The buckets of the file.
const (
	metaBucket     = "meta"
	leaseBucket    = "leases"
	overrideBucket = "boot-overrides"
)

// schemaKey, in the meta bucket, has the schema as four bytes, big endian.
const schemaKey = "schema"

// A Store is an open state file. It is safe for concurrent use.
type Store struct {
	path string
	db   *bbolt.DB
}

// Open opens the state file, or makes it with mode 0600 when it is missing; the
// directory must exist. It checks the structure of the whole file. It returns
// [ErrInUse], [ErrNewer] or [ErrDamaged], or the error of the file system; all
// name the file. A damaged file is left as it is.
func Open(path string) (*Store, error) {
	s := &Store{path: path}
	if err := s.open(); err != nil {
		return nil, fmt.Errorf("state file %s: %w", path, err)
	}
	return s, nil
}

// Close closes the file.
func (s *Store) Close() error {
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("state file %s: close: %w", s.path, err)
	}
	return nil
}

func (s *Store) open() error {
	dir := filepath.Dir(s.path)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("directory %s does not exist", dir)
	}
	var file *os.File
	err := catchDamage(func() (err error) {
		s.db, err = bbolt.Open(s.path, 0o600, &bbolt.Options{
			Timeout: lockTimeout,
			OpenFile: func(name string, flag int, mode fs.FileMode) (_ *os.File, err error) {
				file, err = os.OpenFile(name, flag, mode)
				return file, err
			},
		})
		return err
	})
	if err != nil {
		if file != nil {
			file.Close() // bbolt has closed it unless it panicked; closed twice is fine
		}
		return describe(err)
	}
	err = catchDamage(func() error {
		return errors.Join(s.verify(file), syncDirectory(dir))
	})
	if err == nil {
		err = catchDamage(s.prepare)
	}
	if err != nil {
		return errors.Join(err, s.db.Close())
	}
	return nil
}

// syncDirectory makes the name of a new file survive a power loss.
func syncDirectory(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// describe turns bbolt's errors into ours.
func describe(err error) error {
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return fmt.Errorf("%w (waited %s)", ErrInUse, lockTimeout)
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrChecksum),
		errors.Is(err, bolterrors.ErrVersionMismatch):
		return fmt.Errorf("%w or not a state file: %w", ErrDamaged, err)
	}
	return err
}

// catchDamage runs f and turns what bbolt does on a damaged file, a panic or a
// fault on the mapped memory, into [ErrDamaged].
func catchDamage(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", ErrDamaged, r)
		}
	}()
	return f()
}
