package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"syscall"
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
	selBucket      = "event-logs" // a bucket for each VM
	markBucket     = "event-marks"
	bmcBucket      = "bmcs"
	tenantBucket   = "tenants"
	cycleBucket    = "power-cycles"
	clockBucket    = "clock"

	maintenanceBucket = "maintenance"
	grantBucket       = "access-grants"
	powerOffBucket    = "power-offs"
)

// schemaKey, in the meta bucket, has the schema as four bytes, big endian.
const schemaKey = "schema"

// A Store is an open state file. It is safe for concurrent use.
type Store struct {
	path   string
	db     *bbolt.DB
	file   *os.File // that db has open
	health health

	reading sync.RWMutex // held by readers; see scrub
}

// Open opens the state file, or makes it when it is missing; the directory must
// exist. Its mode is 0600 then, whatever it was. It checks the structure of the whole file. It returns
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
				if err == nil {
					err = narrow(file)
				}
				return file, err
			},
		})
		return err
	})
	if err != nil {
		abandon(file)
		return describe(err)
	}
	s.file = file
	err = catchDamage(func() error {
		return errors.Join(s.verify(file), syncDirectory(dir))
	})
	if err == nil {
		err = catchDamage(s.prepare)
	}
	if errors.Is(err, bolterrors.ErrIncompatibleValue) { // a record where a bucket was
		err = fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if err != nil {
		return errors.Join(err, s.db.Close())
	}
	_ = s.scrub() // left over from a crash; with a full disk the next deletion does it
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

// abandon closes the file of an Open that failed. When bbolt panicked the file is
// still mapped, and the mapping, which goes with the process, keeps the lock: so
// that is given up first. Otherwise bbolt has closed the file already.
func abandon(file *os.File) {
	if file == nil {
		return
	}
	if conn, err := file.SyscallConn(); err == nil {
		_ = conn.Control(func(fd uintptr) { _ = syscall.Flock(int(fd), syscall.LOCK_UN) })
	}
	_ = file.Close()
}

// describe turns bbolt's errors into ours. What is not from the operating system
// says that bbolt does not recognise its own file.
func describe(err error) error {
	var path *fs.PathError
	var errno syscall.Errno
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return fmt.Errorf("%w (waited %s)", ErrInUse, lockTimeout)
	case errors.As(err, &path), errors.As(err, &errno), errors.Is(err, ErrDamaged):
		return err
	}
	return fmt.Errorf("%w or not a state file: %w", ErrDamaged, err)
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
